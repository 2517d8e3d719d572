/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The media engine's front: what signalling calls on the main loop. Keeps
 * the names (legs, bridges, plays, recordings) and turns calls into commands
 * to voice threads; events come back here and close what has ended. Nothing
 * of a voice thread is touched but figures.
 */
#include "server/switch/media.h"

#include <errno.h>
#include <netinet/ip.h>
#include <stdlib.h>
#include <string.h>

#include "common/cal.h"
#include "common/log.h"
#include "common/scope.h"
#include "server/switch/bridge.h"
#include "server/switch/play.h"
#include "server/switch/prompt.h"
#include "server/switch/reader.h"
#include "server/switch/recorder.h"
#include "server/switch/recording.h"
#include "server/switch/rtp.h"
#include "server/switch/voice.h"

#define BUCKETS	       256
#define THREADS_MAX    64
#define KEY	       30 /* bytes: AES-128 key and salt */
#define ANY_PORT_TRIES 64
#define DIR_MAX	       90

enum name_kind { NAME_BRIDGE, NAME_PLAY, NAME_RECORDING };

/* A bridge, play or recording by its id. */
struct name {
	struct le le; /* in media->names */
	enum name_kind kind;
	char id[MEDIA_ID];
	struct media_leg *leg; /* play, recording; NULL: has ended */
	struct voice *voice;   /* bridge */
	struct bridge *bridge;
	size_t n_legs;
};

struct media {
	char address[64], prompts_dir[192], recordings_dir[192];
	char spill_dir[192];
	uint16_t port_min, port_max, port_next;
	int64_t silent_ms;
	media_event_h *eventh;
	void *arg;

	struct voice *voices[THREADS_MAX];
	unsigned n_voices;
	struct mqueue *bell;
	struct recorder *recorder;
	struct reader *reader;
	struct prompt_cache *prompts;
	struct hash *names;
	struct list legs;
	uint32_t n_names[3];
	struct media_stats ended; /* packets of legs that are gone */
};

struct media_leg {
	struct le le;
	struct media *m; /* NULL: the engine was closed */
	struct voice *voice;
	struct stream *stream;
	struct name *bridge;
	char id[MEDIA_ID], contact[MEDIA_ID];
	enum media_transport transport;
	uint16_t port;
	uint8_t dtmf_pt;
	bool keyed;
	uint8_t keys[2][KEY];
};

/* ---- names ---- */

struct name_key {
	enum name_kind kind;
	const char *id;
};

static bool on_find_name(struct le *le, void *arg)
{
	const struct name *n = le->data;
	const struct name_key *key = arg;

	return n->kind == key->kind && !strcmp(n->id, key->id);
}

static struct name *name_find(const struct media *m, enum name_kind kind,
			      const char *id)
{
	struct name_key key = {kind, id};
	struct le *le =
		hash_lookup(m->names, hash_joaat_str(id), on_find_name, &key);

	return le ? le->data : NULL;
}

static void on_name_end(void *arg)
{
	struct name *n = arg;

	hash_unlink(&n->le);
}

static int name_add(struct name **np, struct media *m, enum name_kind kind,
		    const char *id)
{
	if (!id || !*id || strlen(id) >= MEDIA_ID)
		return EINVAL;
	struct name *n = mem_zalloc(sizeof(*n), on_name_end);
	if (!n)
		return ENOMEM;
	n->kind = kind;
	str_ncpy(n->id, id, sizeof(n->id));
	hash_append(m->names, hash_joaat_str(id), &n->le, n);
	m->n_names[kind]++;
	*np = n;
	return 0;
}

static void name_remove(struct media *m, struct name *n)
{
	if (!n)
		return;
	m->n_names[n->kind]--;
	mem_deref(n);
}

/* ---- commands ---- */

static struct command *command(enum command_kind kind,
			       const struct media_leg *leg)
{
	struct command *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->kind = kind;
	c->stream = leg ? leg->stream : NULL;
	c->in = c->out = -1;
	return c;
}

static int send_command(struct voice *v, struct command *c)
{
	int err = voice_push(v, c);

	if (err)
		free(c);
	return err;
}

/* ---- events ---- */

static void on_event(const struct media_event *ev, void *arg)
{
	struct media *m = arg;

	if (ev->kind == MEDIA_PLAYED)
		name_remove(m, name_find(m, NAME_PLAY, ev->id));
	else if (ev->kind == MEDIA_REC_CLOSED)
		name_remove(m, name_find(m, NAME_RECORDING, ev->id));
	if (m->eventh)
		m->eventh(ev, m->arg);
}

static void on_bell(int id, void *data, void *arg)
{
	outbox_drain(data, on_event, arg);
}

/* ---- the engine ---- */

static void on_media_end(void *arg)
{
	struct media *m = arg;

	for (unsigned i = 0; i < m->n_voices; i++)
		mem_deref(m->voices[i]);
	recorder_free(m->recorder);
	reader_free(m->reader);
	prompt_cache_free(m->prompts);
	if (m->names)
		hash_flush(m->names);
	mem_deref(m->names);
	mem_deref(m->bell);
}

static int set_up(struct media *m, unsigned threads)
{
	const struct recorder_prm rec = {
		.dir = m->recordings_dir,
		.spill_dir = m->spill_dir,
	};
	struct recorder_prm with_bell = rec;

	int err = hash_alloc(&m->names, BUCKETS);
	if (!err)
		err = mqueue_alloc(&m->bell, on_bell, m);
	with_bell.bell = m->bell;
	if (!err)
		err = prompt_cache_alloc(&m->prompts);
	if (!err)
		err = reader_alloc(&m->reader);
	if (!err)
		err = recorder_alloc(&m->recorder, &with_bell);
	for (unsigned i = 0; !err && i < threads; i++) {
		err = voice_alloc(&m->voices[i], m->bell);
		if (!err)
			m->n_voices++;
	}
	return err;
}

/* A spilled recording's event holds the whole path. */
static bool fits(const char *dir)
{
	return !dir || strlen(dir) <= DIR_MAX;
}

int media_alloc(struct media **mp, const struct media_prm *prm)
{
	unsigned threads = prm->threads ? prm->threads : 1;
	struct sa sa;

	if (sa_set_str(&sa, prm->address, 0) || threads > THREADS_MAX ||
	    prm->port_max < prm->port_min)
		return EINVAL;
	if (!fits(prm->prompts_dir) || !fits(prm->recordings_dir) ||
	    !fits(prm->spill_dir))
		return ENAMETOOLONG;
	struct media *m = mem_zalloc(sizeof(*m), on_media_end);
	if (!m)
		return ENOMEM;
	str_ncpy(m->address, prm->address, sizeof(m->address));
	str_ncpy(m->prompts_dir, prm->prompts_dir ? prm->prompts_dir : "",
		 sizeof(m->prompts_dir));
	str_ncpy(m->recordings_dir,
		 prm->recordings_dir ? prm->recordings_dir : "",
		 sizeof(m->recordings_dir));
	str_ncpy(m->spill_dir, prm->spill_dir ? prm->spill_dir : "",
		 sizeof(m->spill_dir));
	m->port_min = (uint16_t)((prm->port_min + 1) & ~1);
	m->port_max = prm->port_max;
	/* not where a life before began: who spoke to it may still do so */
	m->port_next =
		(uint16_t)(m->port_min +
			   (rand_u32() % (m->port_max - m->port_min + 1U) &
			    ~1U));
	m->silent_ms = prm->silent_ms;
	m->eventh = prm->eventh;
	m->arg = prm->arg;
	play_init();
	int err = set_up(m, threads);
	if (err) {
		recorder_stop(m->recorder);
		mem_deref(m);
		return err;
	}
	prompt_cache_warm(m->prompts, m->prompts_dir);
	*mp = m;
	return 0;
}

static void end_bridge(struct media *m, struct name *n)
{
	struct command *c = command(COMMAND_BRIDGE, NULL);

	if (c) {
		c->bridge = n->bridge;
		send_command(n->voice, c);
	}
	name_remove(m, n);
}

static bool on_close_name(struct le *le, void *arg)
{
	struct name *n = le->data;

	if (n->kind == NAME_BRIDGE)
		end_bridge(arg, n);
	return false;
}

void media_close(struct media *m)
{
	struct le *le;

	if (!m)
		return;
	hash_apply(m->names, on_close_name, m);
	while ((le = m->legs.head)) {
		struct media_leg *leg = le->data;
		list_unlink(le);
		leg->m = NULL;
		leg->stream = NULL;
		leg->bridge = NULL;
	}
	for (unsigned i = 0; i < m->n_voices; i++) {
		voice_stop(m->voices[i]);
		outbox_drain(&m->voices[i]->outbox, on_event, m);
	}
	recorder_stop(m->recorder);
	outbox_drain(recorder_outbox(m->recorder), on_event, m);
	mem_deref(m);
}

static void add_figures(struct media_stats *out, const struct stream *s)
{
	const struct figures *f = &s->figures;

	out->rx += atomic_load(&f->rx);
	out->tx += atomic_load(&f->tx);
	out->lost += atomic_load(&f->lost);
	out->late += atomic_load(&f->late);
	out->bad += atomic_load(&f->bad);
	out->srtp_bad += atomic_load(&f->srtp_bad);
}

void media_stats(const struct media *m, struct media_stats *out)
{
	struct recorder_figures rec;
	struct le *le;

	*out = m->ended;
	LIST_FOREACH (&m->legs, le) {
		const struct media_leg *leg = le->data;
		add_figures(out, leg->stream);
		out->legs++;
	}
	recorder_figures(m->recorder, &rec);
	out->bridges = m->n_names[NAME_BRIDGE];
	out->plays = m->n_names[NAME_PLAY];
	out->recordings = rec.open;
	out->rec_bytes = rec.bytes;
	out->rec_dropped = rec.dropped;
}

/* ---- sockets ---- */

static int bind_socket(int *fdp, const struct media *m, uint16_t *port)
{
	struct sa sa;
	int tos = IPTOS_DSCP_EF;

	int err = sa_set_str(&sa, m->address, *port);
	if (err)
		return err;
	scoped_fd int fd = socket(
		sa_af(&sa), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, &sa.u.sa, sa.len))
		return errno;
	/* a wish: some hosts refuse */
	setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	*fdp = take_fd(fd);
	return 0;
}

/* A port that the kernel finds free. It is bound by its number after: one
 * that the kernel gave is lost when a connected socket is disconnected. */
static int any_port(uint16_t *port, const struct media *m)
{
	struct sa sa = {.len = sizeof(sa.u)};
	scoped_fd int fd = -1;

	int err = bind_socket(&fd, m, port);
	if (err)
		return err;
	if (getsockname(fd, &sa.u.sa, &sa.len))
		return errno;
	*port = sa_port(&sa);
	return 0;
}

/* RTP on an even port where we choose, RTCP on the next. */
static int bind_pair(struct stream *s, struct media *m, uint16_t *port)
{
	scoped_fd int rtp = -1;
	int rtcp = -1;

	int err = bind_socket(&rtp, m, port);
	if (err)
		return err;
	uint16_t next = (uint16_t)(*port + 1);
	err = next ? bind_socket(&rtcp, m, &next) : EADDRINUSE;
	if (err)
		return err;
	s->rtp.fd = take_fd(rtp);
	s->rtcp.fd = rtcp;
	return 0;
}

static int bind_leg(struct media_leg *leg, struct media *m)
{
	int err = EADDRINUSE;

	if (!m->port_min) {
		for (int i = 0; err == EADDRINUSE && i < ANY_PORT_TRIES; i++) {
			leg->port = 0;
			err = any_port(&leg->port, m);
			if (!err)
				err = bind_pair(leg->stream, m, &leg->port);
		}
		return err;
	}
	int tries = (m->port_max - m->port_min + 1) / 2;
	for (int i = 0; err == EADDRINUSE && i < tries; i++) {
		if (m->port_next < m->port_min || m->port_next >= m->port_max)
			m->port_next = m->port_min;
		leg->port = m->port_next;
		m->port_next = (uint16_t)(m->port_next + 2);
		err = bind_pair(leg->stream, m, &leg->port);
	}
	return err;
}

/* ---- legs ---- */

static void leave_bridge(struct media_leg *leg)
{
	struct name *b = leg->bridge;

	leg->bridge = NULL;
	if (b && --b->n_legs == 0)
		end_bridge(leg->m, b);
}

static bool on_leg_gone(struct le *le, void *arg)
{
	struct name *n = le->data;

	if (n->leg == arg)
		n->leg = NULL;
	return false;
}

static void on_leg_end(void *arg)
{
	struct media_leg *leg = arg;
	struct media *m = leg->m;

	explicit_bzero(leg->keys, sizeof(leg->keys));
	if (!m || !leg->stream)
		return;
	list_unlink(&leg->le);
	hash_apply(m->names, on_leg_gone, leg);
	add_figures(&m->ended, leg->stream);
	leave_bridge(leg);
	struct command *c = command(COMMAND_END, leg);
	if (c)
		voice_push(leg->voice, c);
}

static int stream_alloc(struct stream **sp, const struct media_leg *leg,
			int64_t silent_ms)
{
	struct stream *s = calloc(1, sizeof(*s));
	if (!s)
		return ENOMEM;
	str_ncpy(s->id, leg->id, sizeof(s->id));
	str_ncpy(s->contact, leg->contact, sizeof(s->contact));
	s->transport = leg->transport;
	s->silent_ms = silent_ms;
	s->rtp = (struct voice_fd){VOICE_RTP, -1, s};
	s->rtcp = (struct voice_fd){VOICE_RTCP, -1, s};
	s->channel = (struct voice_fd){VOICE_CHANNEL, -1, s};
	s->channel_out = -1;
	s->mixed = true;
	sa_init(&s->remote, AF_INET);
	rtp_stream_init(s, cal_mono_us());
	*sp = s;
	return 0;
}

static struct voice *voice_of(struct media *m, const char *contact)
{
	return m->voices[hash_joaat_str(contact) % m->n_voices];
}

int media_leg_alloc(struct media_leg **lp, struct media *m,
		    const struct media_leg_prm *prm)
{
	if (!prm->leg || !*prm->leg || strlen(prm->leg) >= MEDIA_ID ||
	    !prm->contact || strlen(prm->contact) >= MEDIA_ID)
		return EINVAL;
	scoped_mem struct media_leg *leg =
		mem_zalloc(sizeof(*leg), on_leg_end);
	if (!leg)
		return ENOMEM;
	str_ncpy(leg->id, prm->leg, sizeof(leg->id));
	str_ncpy(leg->contact, prm->contact, sizeof(leg->contact));
	leg->transport = prm->transport;
	leg->voice = voice_of(m, prm->contact);
	int err = stream_alloc(&leg->stream, leg, m->silent_ms);
	if (err)
		return err;
	if (leg->transport != MEDIA_CHANNEL)
		err = bind_leg(leg, m);
	struct command *c = err ? NULL : command(COMMAND_ADD, leg);
	if (!err)
		err = c ? send_command(leg->voice, c) : ENOMEM;
	if (err) {
		voice_stream_free(take(leg->stream));
		return err;
	}
	leg->m = m;
	list_append(&m->legs, &leg->le, leg);
	*lp = take(leg);
	return 0;
}

uint16_t media_leg_port(const struct media_leg *leg)
{
	return leg->port;
}

/* Contexts only for new keys: those in use know the roll-over count. */
static int take_keys(struct media_leg *leg, struct command *c)
{
	const struct media_format *f = &c->format;

	if (!f->srtp_rx || !f->srtp_tx) {
		leg->keyed = false;
		return f->srtp_rx || f->srtp_tx ? EINVAL : 0;
	}
	c->same_keys = leg->keyed &&
		       !mem_seccmp(leg->keys[0], f->srtp_rx, KEY) &&
		       !mem_seccmp(leg->keys[1], f->srtp_tx, KEY);
	if (c->same_keys)
		return 0;
	int err = srtp_alloc(&c->srtp_rx, SRTP_AES_CM_128_HMAC_SHA1_80,
			     f->srtp_rx, KEY, 0);
	if (!err)
		err = srtp_alloc(&c->srtp_tx, SRTP_AES_CM_128_HMAC_SHA1_80,
				 f->srtp_tx, KEY, 0);
	if (err)
		return err;
	leg->keyed = true;
	memcpy(leg->keys[0], f->srtp_rx, KEY);
	memcpy(leg->keys[1], f->srtp_tx, KEY);
	return 0;
}

int media_leg_start(struct media_leg *leg, const struct media_format *fmt)
{
	if (!leg->m)
		return EALREADY;
	if ((fmt->pt != MIX_PCMU && fmt->pt != MIX_PCMA) || fmt->dtmf_pt > 127)
		return ENOTSUP;
	struct command *c = command(COMMAND_START, leg);
	if (!c)
		return ENOMEM;
	c->format = *fmt;
	int err = take_keys(leg, c);
	c->format.srtp_rx = c->format.srtp_tx = NULL;
	struct srtp *rx = c->srtp_rx, *tx = c->srtp_tx;
	if (!err)
		err = voice_push(leg->voice, c);
	if (err) {
		mem_deref(rx);
		mem_deref(tx);
		leg->keyed = false;
		free(c);
		return err;
	}
	leg->dtmf_pt = fmt->dtmf_pt;
	return 0;
}

int media_leg_channel(struct media_leg *leg, int in, int out, bool resync)
{
	if (leg->transport == MEDIA_UDP)
		return EINVAL;
	if (!leg->m) /* closed: no thread holds anything */
		return in < 0 ? 0 : EALREADY;
	struct command *c = command(COMMAND_CHANNEL, leg);
	if (!c)
		return ENOMEM;
	c->in = in;
	c->out = out;
	c->resync = resync;
	if (in >= 0)
		return send_command(leg->voice, c);
	int err = voice_call(leg->voice, c);
	if (err)
		free(c);
	return err;
}

int media_leg_dtmf(struct media_leg *leg, const char *digits)
{
	struct dtmf_out check = {.n = 0};

	if (!leg->m)
		return EALREADY;
	if (!leg->dtmf_pt)
		return ENOTSUP;
	int err = dtmf_add(&check, digits);
	if (!err && strlen(digits) >= MEDIA_ID)
		err = ENOBUFS;
	if (err)
		return err;
	struct command *c = command(COMMAND_DIGITS, leg);
	if (!c)
		return ENOMEM;
	str_ncpy(c->text, digits, sizeof(c->text));
	return send_command(leg->voice, c);
}

void media_leg_quality(const struct media_leg *leg, struct media_quality *q)
{
	memset(q, 0, sizeof(*q));
	if (!leg->m)
		return;
	const struct figures *f = &leg->stream->figures;
	q->rx = atomic_load(&f->rx);
	q->tx = atomic_load(&f->tx);
	q->lost = atomic_load(&f->lost);
	q->jitter_ms = atomic_load(&f->jitter) / 16.0 / 8.0;
	if (q->rx + q->lost)
		q->loss_percent =
			100.0 * (double)q->lost / (double)(q->rx + q->lost);
	q->rtt_ms = atomic_load(&f->rtt_us) / 1000.0;
	q->rx_level_db = atomic_load(&f->rx_db);
	q->tx_level_db = atomic_load(&f->tx_db);
	/* one way, a packet, and a far jitter buffer of twice the jitter */
	q->mos = rtp_stream_mos(q->loss_percent,
				q->rtt_ms / 2 + 20 + 2 * q->jitter_ms);
}

/* ---- bridges ---- */

/* A leg that was made under another contact comes to the bridge's thread. */
static int move_leg(struct media_leg *leg, struct voice *to)
{
	if (leg->voice == to)
		return 0;
	struct command *away = command(COMMAND_LEAVE, leg);
	struct command *add = command(COMMAND_ADD, leg);
	int err = away && add ? voice_call(leg->voice, away) : ENOMEM;
	if (err) {
		free(away);
		free(add);
		return err;
	}
	leg->voice = to;
	return send_command(to, add);
}

static int bridge_find(struct name **np, struct media *m, const char *bridge,
		       const char *contact)
{
	*np = name_find(m, NAME_BRIDGE, bridge);
	if (*np)
		return 0;
	struct bridge *b = calloc(1, sizeof(*b));
	if (!b)
		return ENOMEM;
	int err = name_add(np, m, NAME_BRIDGE, bridge);
	if (err) {
		free(b);
		return err;
	}
	(*np)->bridge = b;
	(*np)->voice = voice_of(m, contact);
	return 0;
}

static int check_members(const struct media_member *members, size_t n)
{
	if (n > VOICE_BRIDGE)
		return E2BIG;
	for (size_t i = 0; i < n; i++) {
		bool to_is_here = false;
		if (!members[i].leg || !members[i].leg->m)
			return EALREADY;
		for (size_t k = 0; k < n; k++) {
			if (k != i && members[k].leg == members[i].leg)
				return EINVAL;
			to_is_here |= members[k].leg == members[i].to;
		}
		if (members[i].role == ROLE_WHISPER && !to_is_here)
			return EINVAL;
	}
	return 0;
}

static void count_members(struct media *m, struct name *b,
			  const struct media_member *members, size_t n)
{
	struct le *le;

	b->n_legs++; /* it does not end in between */
	LIST_FOREACH (&m->legs, le) {
		struct media_leg *leg = le->data;
		if (leg->bridge == b) {
			leg->bridge = NULL;
			b->n_legs--;
		}
	}
	for (size_t i = 0; i < n; i++) {
		leave_bridge(members[i].leg);
		members[i].leg->bridge = b;
		b->n_legs++;
	}
	b->n_legs--;
}

int media_bridge_set(struct media *m, const char *bridge, const char *contact,
		     const struct media_member *members, size_t n)
{
	struct name *b;

	int err = check_members(members, n);
	if (err)
		return err;
	if (!n && !name_find(m, NAME_BRIDGE, bridge))
		return 0;
	err = bridge_find(&b, m, bridge, contact);
	if (err)
		return err;
	for (size_t i = 0; !err && i < n; i++)
		err = move_leg(members[i].leg, b->voice);
	struct command *c = err ? NULL : command(COMMAND_BRIDGE, NULL);
	if (!c) {
		if (!b->n_legs)
			end_bridge(m, b);
		return err ? err : ENOMEM;
	}
	c->bridge = b->bridge;
	c->n_members = n;
	for (size_t i = 0; i < n; i++)
		c->members[i] = (struct command_member){
			.stream = members[i].leg->stream,
			.role = members[i].role,
			.to = members[i].to ? members[i].to->stream : NULL,
		};
	err = send_command(b->voice, c);
	if (err)
		return err;
	count_members(m, b, members, n);
	if (!n)
		name_remove(m, b);
	return 0;
}

/* ---- plays ---- */

int media_play(struct media *m, const struct media_play_prm *prm)
{
	const struct play_prm pp = {
		.media = prm,
		.prompts_dir = m->prompts_dir,
		.recordings_dir = m->recordings_dir,
		.spill_dir = m->spill_dir,
		.cache = m->prompts,
		.reader = m->reader,
	};
	struct play *play = NULL;
	struct name *n;

	if (!prm->leg || prm->leg->m != m)
		return EALREADY;
	if (prm->play && name_find(m, NAME_PLAY, prm->play))
		return EALREADY;
	int err = play_alloc(&play, &pp);
	if (err)
		return err;
	err = name_add(&n, m, NAME_PLAY, prm->play);
	struct command *c = err ? NULL : command(COMMAND_PLAY, prm->leg);
	if (!err && !c)
		err = ENOMEM;
	if (c) {
		c->play = play;
		n->leg = prm->leg;
		err = send_command(prm->leg->voice, c);
	}
	if (err) {
		play_free(play);
		name_remove(m, name_find(m, NAME_PLAY, prm->play));
	}
	return err;
}

/* To the thread of the leg that has it. ENOENT: it has ended. */
static int command_named(struct media *m, enum name_kind kind,
			 enum command_kind what, const struct command *from)
{
	const struct name *n = name_find(m, kind, from->text);

	if (!n || !n->leg)
		return ENOENT;
	struct command *c = command(what, n->leg);
	if (!c)
		return ENOMEM;
	str_ncpy(c->text, from->text, sizeof(c->text));
	c->position_ms = from->position_ms;
	c->paused = from->paused;
	return send_command(n->leg->voice, c);
}

int media_play_seek(struct media *m, const char *play, int64_t position_ms,
		    bool paused)
{
	struct command c = {.position_ms = position_ms, .paused = paused};

	str_ncpy(c.text, play, sizeof(c.text));
	return command_named(m, NAME_PLAY, COMMAND_SEEK, &c);
}

int media_play_stop(struct media *m, const char *play)
{
	struct command c = {.paused = false};

	str_ncpy(c.text, play, sizeof(c.text));
	return command_named(m, NAME_PLAY, COMMAND_STOP, &c);
}

/* ---- recordings ---- */

/* It becomes a file's name. */
static bool is_file_name(const char *id)
{
	return *id && *id != '.' &&
	       strspn(id,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		      "0123456789._-") == strlen(id);
}

int media_record(struct media *m, const char *recording, struct media_leg *leg)
{
	struct recording *r = NULL;
	struct name *n = NULL;

	if (!leg || leg->m != m)
		return EALREADY;
	if (!is_file_name(recording) || strlen(recording) >= MEDIA_ID)
		return EINVAL;
	if (name_find(m, NAME_RECORDING, recording))
		return EALREADY;
	int err = recording_alloc(&r, recording, leg->id, leg->contact);
	if (err)
		return err;
	err = name_add(&n, m, NAME_RECORDING, recording);
	struct command *c = err ? NULL : command(COMMAND_RECORD, leg);
	if (!err && !c)
		err = ENOMEM;
	if (c) {
		c->recording = r;
		err = send_command(leg->voice, c);
	}
	if (err) {
		recording_free(r);
		name_remove(m, n);
		return err;
	}
	n->leg = leg;
	recorder_add(m->recorder, r);
	return 0;
}

int media_record_stop(struct media *m, const char *recording)
{
	struct command c = {.paused = false};

	str_ncpy(c.text, recording, sizeof(c.text));
	return command_named(m, NAME_RECORDING, COMMAND_RECORD_STOP, &c);
}

int media_mend(const char *dir, media_mend_h *h, void *arg)
{
	return recorder_mend(dir, h, arg);
}
