/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Citizens who call: each a SIP dialog and an RTP stream of its own, one call
 * or many at a rate. A citizen speaks a WAV file, keeps what it hears, may
 * press keys, and hangs up after --talk ms with an agent (whom it knows by the
 * mark in a robot's voice) or when its patience ends. With no mark heard it
 * stays for patience and talk together, since a person may be speaking. One
 * JSON line a call tells how it went. On SIGUSR1 each call tells whether it
 * has heard an agent yet and how many milliseconds it has heard so far, which
 * is the place in its --record file.
 *
 * With --answer it is the far side instead: citizens who are called. It takes
 * calls to any number and OPTIONS, picks up after --ring ms, and hangs up
 * after --talk ms (0: never) or when the line is silent for its patience.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent-tui/wavfile.h"
#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include <rem.h>
#include "common/log.h"
#include "common/scope.h"

#define RATE	  8000
#define FRAME	  160
#define RTP_HEAD  12
#define GAP_US	  60000
#define MARKS	  5 /* marked packets in a row that make an agent */
#define CALLS_MAX 2000
#define STRAYS	  200
#define STRAY_US  250

static struct {
	const char *to, *from, *speak, *record, *numbers, *dtmf;
	int64_t talk_ms, patience_ms, dtmf_ms, ring_ms;
	bool answer;
	uint16_t port;
	long count;  /* -1: not said */
	double rate; /* a minute */
} opt = {.from = "13800000000",
	 .patience_ms = 60000,
	 .count = -1,
	 .ring_ms = 2000,
	 .dtmf_ms = 1000};

struct call {
	struct le le;
	long index;
	char from[48]; /* the citizen's number, also of one who is called */
	struct sipsess *sess;
	struct sdp_session *sdp;
	struct sdp_media *audio;
	struct udp_sock *rtp;
	struct wavsink *sink;
	struct tmr tick;
	int64_t tick_us;
	/* out */
	size_t at;
	uint16_t seq;
	uint32_t ts, ssrc;
	const char *keys; /* what is left to press */
	int key_step;
	uint32_t key_ts;
	/* in */
	int64_t begun_us, up_us, agent_us, last_rx_us;
	int64_t first_mark_us; /* the first packet of those that made it */
	uint32_t heard, gaps, seq_gaps, marks, sources;
	int64_t heard_samples;
	int marked;
	int64_t max_gap_us;
	uint32_t strays[STRAYS]; /* packets by how far from their time */
	uint16_t far_seq;
	uint32_t far_ssrc, far_ts;
	/* how it ended */
	int code;
	const char *ended_by;
	char cause[64];
	bool ended;
};

static struct list calls;
static struct sip *sip;
static struct sipsess_sock *sock;
static struct sip_lsnr *lsnr;
static struct sa local;
static struct wavfile *voice;
static char **from_numbers;
static long n_numbers;
static struct tmr next_call;
static long started, running;
static bool stopping;
static volatile sig_atomic_t mark_wanted;

/* ---- what a call was like ---- */

static json_int_t since_ms(const struct call *c, int64_t at_us)
{
	return at_us ? (at_us - c->begun_us) / 1000 : -1;
}

/* How far the best 99 of 100 packets came from the time that their sender's
 * clock gave them, after the one before. */
static json_int_t jitter_us(const struct call *c)
{
	uint64_t all = 0, sum = 0;
	int i = 0;

	for (int k = 0; k < STRAYS; k++)
		all += c->strays[k];
	while (i < STRAYS && (sum += c->strays[i]) * 100 < all * 99)
		i++;
	return all ? (json_int_t)(i + 1) * STRAY_US : 0;
}

static void report(const struct call *c)
{
	int64_t now = cal_mono_us();
	scoped_json json_t *o = json_pack(
		"{s:s, s:i, s:b, s:b, s:I, s:I, s:I, s:i, s:i, s:I, s:i, s:I,"
		" s:s, s:s, s:I}",
		"from", c->from, "code", c->code, "up", c->up_us != 0,
		"answered", c->agent_us != 0, "up_ms", since_ms(c, c->up_us),
		"answered_ms", since_ms(c, c->agent_us), "ms",
		since_ms(c, now), "heard", (int)c->heard, "gaps", (int)c->gaps,
		"max_gap_ms", (json_int_t)c->max_gap_us / 1000, "seq_gaps",
		(int)c->seq_gaps, "jitter_p99_us", jitter_us(c), "ended_by",
		c->ended_by ? c->ended_by : "far", "cause", c->cause,
		"agent_at_us",
		(json_int_t)(c->agent_us ? c->first_mark_us : 0));

	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
}

static void tell_mark(struct call *c)
{
	scoped_json json_t *o = NULL;

	if (c->marked == mark_wanted)
		return;
	c->marked = mark_wanted;
	o = json_pack("{s:i, s:s, s:b, s:I}", "mark", c->marked, "from",
		      c->from, "agent", c->agent_us != 0, "heard_ms",
		      (json_int_t)(c->heard_samples * 1000 / RATE));
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
}

static void call_destructor(void *arg)
{
	struct call *c = arg;

	list_unlink(&c->le);
	tmr_cancel(&c->tick);
	mem_deref(c->sess);
	mem_deref(c->sdp);
	mem_deref(c->rtp);
	mem_deref(c->sink);
}

static void finish(struct call *c)
{
	if (c->ended)
		return;
	c->ended = true;
	report(c);
	running--;
	/* the dialog's own last words are still going out */
	mem_deref(c);
	if (!running && (stopping || started >= opt.count))
		re_cancel();
}

/* ---- voice out ---- */

static void send_rtp(struct call *c, uint8_t pt, bool marker, uint32_t ts,
		     const uint8_t *data, size_t len)
{
	const struct sa *to = sdp_media_raddr(c->audio);
	struct mbuf *mb = mbuf_alloc(RTP_HEAD + len);

	if (!mb || !sa_isset(to, SA_ALL)) {
		mem_deref(mb);
		return;
	}
	mbuf_write_u8(mb, 0x80);
	mbuf_write_u8(mb, (uint8_t)(pt | (marker ? 0x80 : 0)));
	mbuf_write_u16(mb, htons(c->seq++));
	mbuf_write_u32(mb, htonl(ts));
	mbuf_write_u32(mb, htonl(c->ssrc));
	mbuf_write_mem(mb, data, len);
	mb->pos = 0;
	udp_send(c->rtp, to, mb);
	mem_deref(mb);
}

/* RFC 4733: each key eight packets of 20 ms, the last three say "end". */
static bool press(struct call *c)
{
	if (!c->keys || !*c->keys ||
	    cal_mono_us() - c->up_us < opt.dtmf_ms * 1000)
		return false;
	if (c->key_step >= 8) { /* a pause between two keys */
		if (++c->key_step < 12)
			return false;
		c->key_step = 0;
		c->keys++;
		return false;
	}
	if (!c->key_step)
		c->key_ts = c->ts;
	bool end = c->key_step >= 5;
	unsigned dur = (unsigned)(end ? 6 : c->key_step + 1) * FRAME;
	const uint8_t ev[4] = {(uint8_t)telev_digit2code(*c->keys),
			       (uint8_t)(end ? 0x8a : 0x0a),
			       (uint8_t)(dur >> 8), (uint8_t)dur};
	send_rtp(c, 101, !c->key_step, c->key_ts, ev, sizeof(ev));
	c->key_step++;
	return true;
}

static void speak(struct call *c)
{
	uint8_t frame[FRAME];

	c->at = wavfile_read(voice, c->at, frame, sizeof(frame));
	if (!press(c))
		send_rtp(c, 8, c->seq == 0, c->ts, frame, sizeof(frame));
	c->ts += FRAME;
}

static void hang_up(struct call *c)
{
	c->ended_by = "us";
	c->sess = mem_deref(c->sess); /* BYE, or CANCEL */
	finish(c);
}

/* When does this citizen go? */
static bool had_enough(const struct call *c, int64_t now)
{
	if (stopping)
		return true;
	if (opt.answer)
		return (opt.talk_ms && now - c->up_us > opt.talk_ms * 1000) ||
		       now - c->last_rx_us > opt.patience_ms * 1000;
	if (c->agent_us)
		return opt.talk_ms && now - c->agent_us > opt.talk_ms * 1000;
	return now - c->begun_us > (opt.patience_ms + opt.talk_ms) * 1000;
}

static void on_tick(void *arg)
{
	struct call *c = arg;
	int64_t now = cal_mono_us();

	if (had_enough(c, now)) {
		hang_up(c);
		return;
	}
	c->tick_us += 20000;
	if (c->tick_us < now - 200000)
		c->tick_us = now;
	int64_t wait_us = c->tick_us - now;
	tmr_start(&c->tick, wait_us > 0 ? (uint64_t)(wait_us + 999) / 1000 : 0,
		  on_tick, c);
	tell_mark(c);
	if (c->up_us)
		speak(c);
}

/* ---- voice in ---- */

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void measure(struct call *c, uint16_t seq, uint32_t ts, uint32_t ssrc)
{
	int64_t now = cal_mono_us();

	if (c->heard && ssrc == c->far_ssrc) {
		int64_t gap = now - c->last_rx_us;
		int step = (int16_t)(seq - c->far_seq);
		if (gap > GAP_US)
			c->gaps++;
		if (gap > c->max_gap_us)
			c->max_gap_us = gap;
		if (step > 1)
			c->seq_gaps += (uint32_t)(step - 1);
		int64_t stray = gap - (int32_t)(ts - c->far_ts) * 125LL;
		int64_t slot = (stray < 0 ? -stray : stray) / STRAY_US;
		c->strays[slot < STRAYS ? slot : STRAYS - 1]++;
	}
	c->far_ts = ts;
	c->far_ssrc = ssrc;
	c->far_seq = seq;
	c->last_rx_us = now;
	c->heard++;
}

static void on_rtp(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct call *c = arg;
	uint8_t *p = mbuf_buf(mb);
	size_t len = mbuf_get_left(mb);
	uint8_t pt = len > RTP_HEAD ? p[1] & 0x7f : 0xff;
	(void)src;

	if ((pt != 8 && pt != 0) || (p[0] & 0xc0) != 0x80)
		return;
	measure(c, (uint16_t)(p[2] << 8 | p[3]), get32(p + 4), get32(p + 8));
	p += RTP_HEAD;
	len -= RTP_HEAD;
	for (size_t i = 0; pt == 0 && i < len; i++)
		p[i] = g711_pcm2alaw(g711_ulaw2pcm(p[i]));
	c->marks = wavmark_seen(p, len) ? c->marks + 1 : 0;
	if (c->marks == 1 && !c->agent_us)
		c->first_mark_us = cal_mono_us();
	if (c->marks == MARKS && !c->agent_us)
		c->agent_us = cal_mono_us();
	c->heard_samples += (int64_t)len;
	if (c->sink)
		wavsink_write(c->sink, p, len);
}

/* ---- the dialog ---- */

static int on_answer(const struct sip_msg *msg, void *arg)
{
	struct call *c = arg;

	return sdp_decode(c->sdp, msg->mb, false);
}

static int on_offer(struct mbuf **descp, const struct sip_msg *msg, void *arg)
{
	struct call *c = arg;
	int err =
		mbuf_get_left(msg->mb) ? sdp_decode(c->sdp, msg->mb, true) : 0;

	return err ? err : sdp_encode(descp, c->sdp, !mbuf_get_left(msg->mb));
}

static void on_progress(const struct sip_msg *msg, void *arg)
{
	(void)msg, (void)arg;
}

static void on_established(const struct sip_msg *msg, void *arg)
{
	struct call *c = arg;
	(void)msg;

	c->code = 200;
	c->up_us = c->last_rx_us = cal_mono_us();
}

static void on_close(int err, const struct sip_msg *msg, void *arg)
{
	struct call *c = arg;

	if (msg && msg->scode)
		c->code = msg->scode;
	if (msg && !msg->req)
		snprintf(c->cause, sizeof(c->cause), "%.*s",
			 (int)msg->reason.l, msg->reason.p);
	else if (err == ECONNRESET) /* so libre calls a BYE or a CANCEL */
		snprintf(c->cause, sizeof(c->cause), "%s",
			 c->up_us ? "bye" : "cancel");
	else if (err)
		snprintf(c->cause, sizeof(c->cause), "%s", strerror(err));
	finish(c);
}

static int describe(struct call *c)
{
	struct sa addr;
	int err = udp_local_get(c->rtp, &addr);

	sa_set_port(&addr, sa_port(&addr));
	if (!err)
		err = sdp_session_alloc(&c->sdp, &local);
	if (!err)
		err = sdp_media_add(&c->audio, c->sdp, sdp_media_audio,
				    sa_port(&addr), sdp_proto_rtpavp);
	if (!err)
		err = sdp_format_add(NULL, c->audio, false, "8", "PCMA", 8000,
				     1, NULL, NULL, NULL, false, NULL);
	if (!err)
		err = sdp_format_add(NULL, c->audio, false, "101",
				     "telephone-event", 8000, 1, NULL, NULL,
				     NULL, false, "0-15");
	return err;
}

/* "138%03d" with the call's number in it; nothing else is a format. */
static void number_of(char *out, size_t size, long index)
{
	const char *from =
		n_numbers ? from_numbers[index % n_numbers] : opt.from;
	const char *mark = strchr(from, '%');
	char *end = NULL;

	if (!mark) {
		snprintf(out, size, "%s", from);
		return;
	}
	long width = strtol(mark + 1, &end, 10);
	long span = 1;
	for (long i = 0; i < width && i < 9; i++)
		span *= 10;
	snprintf(out, size, "%.*s%0*ld%s", (int)(mark - from), from,
		 (int)width, span > 1 ? index % span : index,
		 *end == 'd' ? end + 1 : end);
}

static int call_alloc(struct call **cp, long index, const char *number)
{
	scoped_mem struct call *c = mem_zalloc(sizeof(*c), call_destructor);
	char path[256];
	struct sa any;

	if (!c)
		return ENOMEM;
	tmr_init(&c->tick);
	c->index = index;
	c->marked = mark_wanted;
	c->begun_us = c->tick_us = cal_mono_us();
	c->ssrc = rand_u32();
	c->at = wavfile_samples(voice) ? rand_u32() % wavfile_samples(voice)
				       : 0;
	c->keys = opt.dtmf;
	snprintf(c->from, sizeof(c->from), "%s", number);
	sa_cpy(&any, &local);
	sa_set_port(&any, 0);
	int err = udp_listen(&c->rtp, &any, on_rtp, c);
	if (!err && opt.record && opt.count > 1) {
		snprintf(path, sizeof(path), "%s/%s-%ld.wav", opt.record,
			 c->from, index);
		err = wavsink_alloc(&c->sink, path);
	} else if (!err && opt.record) {
		err = wavsink_alloc(&c->sink, opt.record);
	}
	if (!err)
		err = describe(c);
	if (!err)
		*cp = take(c);
	return err;
}

/* The list's from now on; finish() derefs it. */
static void call_runs(struct call *c, uint64_t wait_ms, tmr_h *tmrh)
{
	tmr_start(&c->tick, wait_ms, tmrh, c);
	running++;
	list_append(&calls, &c->le, c);
}

static int call_open(long index)
{
	scoped_mem struct call *c = NULL;
	scoped_mem struct mbuf *desc = NULL;
	char uri[128], number[48];

	number_of(number, sizeof(number), index);
	int err = call_alloc(&c, index, number);
	if (!err)
		err = sdp_encode(&desc, c->sdp, true);
	snprintf(uri, sizeof(uri), "sip:%s@127.0.0.1", number);
	if (!err)
		err = sipsess_connect(&c->sess, sock, opt.to, NULL, uri,
				      c->from, NULL, 0, "application/sdp",
				      desc, NULL, NULL, false, on_offer,
				      on_answer, on_progress, on_established,
				      NULL, NULL, on_close, c, NULL);
	if (err)
		return err;
	call_runs(take(c), 20, on_tick);
	return 0;
}

/* ---- the far side: citizens who are called ---- */

static void on_pick_up(void *arg)
{
	struct call *c = arg;
	scoped_mem struct mbuf *desc = NULL;
	int err = stopping ? ECANCELED : sdp_encode(&desc, c->sdp, false);

	if (!err)
		err = sipsess_answer(c->sess, 200, "OK", desc, NULL);
	if (err) {
		hang_up(c);
		return;
	}
	c->up_us = c->tick_us = c->last_rx_us = cal_mono_us();
	tmr_start(&c->tick, 20, on_tick, c);
}

static int take_call(const struct sip_msg *msg)
{
	scoped_mem struct call *c = NULL;
	char number[48];

	/* part of a file's name: figures only */
	size_t n = strspn(msg->uri.user.p, "0123456789+*");
	if (n > msg->uri.user.l)
		n = msg->uri.user.l;
	snprintf(number, sizeof(number), "%.*s", (int)n, msg->uri.user.p);
	int err = call_alloc(&c, started, number);
	if (!err)
		err = sdp_decode(c->sdp, msg->mb, true);
	if (!err)
		err = sipsess_accept(&c->sess, sock, msg, 180, "Ringing",
				     "citizen", "application/sdp", NULL, NULL,
				     NULL, false, on_offer, on_answer,
				     on_established, NULL, NULL, on_close, c,
				     NULL);
	if (err)
		return err;
	started++;
	call_runs(take(c), (uint64_t)opt.ring_ms, on_pick_up);
	return 0;
}

static void on_invite(const struct sip_msg *msg, void *arg)
{
	(void)arg;
	bool room = !stopping && running < CALLS_MAX && started < opt.count;
	int err = room && msg->uri.user.l ? take_call(msg) : EBUSY;

	if (err)
		(void)sip_treply(NULL, sip, msg, err == EBUSY ? 486 : 488,
				 err == EBUSY ? "Busy Here"
					      : "Not Acceptable Here");
}

static bool on_request(const struct sip_msg *msg, void *arg)
{
	(void)arg;
	if (pl_strcmp(&msg->met, "OPTIONS"))
		return false;
	(void)sip_treply(NULL, sip, msg, 200, "OK");
	return true;
}

static void on_next(void *arg)
{
	(void)arg;
	if (stopping || started >= opt.count)
		return;
	int err = running < CALLS_MAX ? call_open(started) : EAGAIN;
	if (err)
		fprintf(stderr, "zuoxi-citizen: %s\n", strerror(err));
	started++;
	if (!running && started >= opt.count) {
		re_cancel();
		return;
	}
	double wait_ms = opt.rate > 0 ? 60000 / opt.rate : 0;
	tmr_start(&next_call, (uint64_t)wait_ms, on_next, NULL);
}

/* ---- start ---- */

static int read_numbers(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[64];

	if (!f)
		return errno;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, " \t\r\n")] = '\0';
		char **more = *line ? realloc(from_numbers,
					      sizeof(char *) *
						      (size_t)(n_numbers + 1))
				    : NULL;
		if (!more)
			continue;
		from_numbers = more;
		from_numbers[n_numbers++] = strdup(line);
	}
	fclose(f);
	return n_numbers ? 0 : EBADMSG;
}

static void usage(void)
{
	fputs("usage: zuoxi-citizen --to sip:NUMBER@127.0.0.1:PORT\n"
	      "    [--from NUMBER|PREFIX%03d | --numbers FILE] [--speak WAV]\n"
	      "    [--record WAV|DIR] [--talk MS] [--patience MS]\n"
	      "    [--dtmf DIGITS] [--dtmf-at MS] [--count N] [--rate "
	      "PER_MINUTE]\n"
	      "   or: zuoxi-citizen --answer --port PORT [--ring MS] "
	      "[--talk MS]\n"
	      "    [--speak WAV] [--record DIR] [--patience MS] [--count "
	      "N]\n",
	      stderr);
}

static int parse(int argc, char **argv)
{
	static const struct option longs[] = {
		{"to", 1, NULL, 't'},	   {"from", 1, NULL, 'f'},
		{"speak", 1, NULL, 's'},   {"record", 1, NULL, 'r'},
		{"talk", 1, NULL, 'T'},	   {"patience", 1, NULL, 'p'},
		{"numbers", 1, NULL, 'n'}, {"count", 1, NULL, 'c'},
		{"rate", 1, NULL, 'R'},	   {"dtmf", 1, NULL, 'd'},
		{"dtmf-at", 1, NULL, 'D'}, {"answer", 0, NULL, 'a'},
		{"port", 1, NULL, 'P'},	   {"ring", 1, NULL, 'g'},
		{NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 't':
			opt.to = optarg;
			break;
		case 'f':
			opt.from = optarg;
			break;
		case 's':
			opt.speak = optarg;
			break;
		case 'r':
			opt.record = optarg;
			break;
		case 'T':
			opt.talk_ms = strtoll(optarg, NULL, 10);
			break;
		case 'p':
			opt.patience_ms = strtoll(optarg, NULL, 10);
			break;
		case 'n':
			opt.numbers = optarg;
			break;
		case 'c':
			opt.count = strtol(optarg, NULL, 10);
			break;
		case 'R':
			opt.rate = strtod(optarg, NULL);
			break;
		case 'd':
			opt.dtmf = optarg;
			break;
		case 'D':
			opt.dtmf_ms = strtoll(optarg, NULL, 10);
			break;
		case 'a':
			opt.answer = true;
			break;
		case 'P':
			opt.port = (uint16_t)strtoul(optarg, NULL, 10);
			break;
		case 'g':
			opt.ring_ms = strtoll(optarg, NULL, 10);
			break;
		default:
			return EINVAL;
		}
	}
	if (opt.count < 0)
		opt.count = opt.answer ? LONG_MAX : 1;
	if (opt.answer ? !opt.port || opt.to || opt.ring_ms < 0 : !opt.to)
		return EINVAL;
	return opt.count > 0 ? 0 : EINVAL;
}

static void on_signal(int sig)
{
	(void)sig;
	/* each hangs up in order at its next tick; a second signal ends all */
	if (stopping || !running)
		re_cancel();
	stopping = true;
}

static void on_mark(int sig)
{
	(void)sig;
	mark_wanted++;
}

static int open_sip(void)
{
	int err = sa_set_str(&local, "127.0.0.1", opt.port);

	if (!err)
		err = sip_alloc(&sip, NULL, 256, 256, 256, "zuoxi-citizen",
				NULL, NULL);
	if (!err)
		err = sip_transp_add(sip, SIP_TRANSP_UDP, &local);
	if (!err)
		err = sip_transp_add(sip, SIP_TRANSP_TCP, &local);
	if (!err)
		err = sipsess_listen(&sock, sip, 256,
				     opt.answer ? on_invite : NULL, NULL);
	if (!err && opt.answer)
		err = sip_listen(&lsnr, sip, true, on_request, NULL);
	if (!err && opt.speak)
		err = wavfile_alloc(&voice, opt.speak);
	if (!err && opt.numbers)
		err = read_numbers(opt.numbers);
	return err;
}

static void on_flushed(void *arg)
{
	(void)arg;
	re_cancel();
}

int main(int argc, char **argv)
{
	signal(SIGUSR1, on_mark);
	log_name("zuoxi-citizen");
	if (parse(argc, argv)) {
		usage();
		return 2;
	}
	if (libre_init() || fd_setsize(8192))
		return 1;
	int err = open_sip();
	if (!err) {
		if (!opt.answer)
			tmr_start(&next_call, 0, on_next, NULL);
		err = re_main(on_signal);
	}
	if (err)
		fprintf(stderr, "zuoxi-citizen: %s\n", strerror(err));
	tmr_cancel(&next_call);
	list_flush(&calls);
	if (sip && !err) { /* the last BYE wants its answer */
		sip_close(sip, false);
		tmr_start(&next_call, 300, on_flushed, NULL);
		re_main(NULL);
		tmr_cancel(&next_call);
	}
	mem_deref(lsnr);
	mem_deref(sock);
	mem_deref(sip);
	mem_deref(voice);
	for (long i = 0; i < n_numbers; i++)
		free(from_numbers[i]);
	free(from_numbers);
	libre_close();
	return err ? 1 : 0;
}
