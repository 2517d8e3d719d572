/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets: numbers that stay continuous, sources that may send, keys,
 * silence, SRTP, voice channels.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/cal.h"
#include "server/switch/frame.h"
#include "server/switch/rtp.h"
#include "tests/unit/media_rig.h"

static struct rig rig;
static struct phone a, b, c;

static int set_up(void **state)
{
	rig_open(&rig, 2);
	return 0;
}

static int tear_down(void **state)
{
	rig_close(&rig);
	return 0;
}

static bool hears_b(void *arg)
{
	const struct phone *p = arg;

	return phone_hears(p, 700, 1600) > 0.9;
}

static bool hears_a(void *arg)
{
	const struct phone *p = arg;

	return phone_hears(p, 440, 1600) > 0.9;
}

static bool hears_c(void *arg)
{
	const struct phone *p = arg;

	return phone_hears(p, 1100, 1600) > 0.9;
}

/* One SSRC, each sequence number the next, time never backwards. */
static void assert_continuous(const struct phone *p)
{
	assert_true(p->n_packets > 1);
	for (size_t i = 1; i < p->n_packets; i++) {
		const struct phone_packet *was = &p->packets[i - 1];
		const struct phone_packet *is = &p->packets[i];
		assert_int_equal(is->ssrc, was->ssrc);
		assert_int_equal((uint16_t)(was->seq + 1), is->seq);
		assert_true((int32_t)(is->ts - was->ts) >= 0);
	}
}

static void test_two_talkers_hear_each_other(void **state)
{
	phone_open(&a, &rig, "l.a", 440, 8);
	phone_open(&b, &rig, "l.b", 700, 8);
	rig_bridge(&rig, "br", &a, &b);
	rig_until(hears_b, &a, 3000);
	rig_until(hears_a, &b, 3000);
	assert_true(phone_hears(&a, 440, 1600) < 0.05);
	assert_continuous(&a);
	assert_continuous(&b);
	assert_true(a.packets[0].marker);
	assert_non_null(rig_event(&rig, MEDIA_UP, 1));

	struct media_quality q;
	media_leg_quality(a.leg, &q);
	assert_true(q.rx > 5 && q.tx > 5 && q.mos > 4.0);
	assert_true(q.rx_level_db < -5 && q.rx_level_db > -30);
	phone_close(&a);
	phone_close(&b);
}

static void test_laws_are_transcoded(void **state)
{
	phone_open(&a, &rig, "l.a", 440, 0);
	phone_open(&b, &rig, "l.b", 700, 8);
	rig_bridge(&rig, "br", &a, &b);
	rig_until(hears_b, &a, 3000);
	rig_until(hears_a, &b, 3000);
	for (size_t i = 0; i < a.n_packets; i++)
		assert_int_equal(a.packets[i].pt, 0);
	phone_close(&a);
	phone_close(&b);
}

static void test_transfer_keeps_numbers(void **state)
{
	phone_open(&a, &rig, "l.a", 440, 8);
	phone_open(&b, &rig, "l.b", 700, 8);
	phone_open(&c, &rig, "l.c", 1100, 0);
	rig_bridge(&rig, "one", &a, &b);
	rig_until(hears_b, &a, 3000);
	rig_bridge(&rig, "two", &a, &c);
	rig_until(hears_c, &a, 3000);
	/* b heard a no more */
	rig_run(300);
	assert_true(phone_hears(&b, 440, 800) < 0.05);
	rig_prompt(&rig, "p.wav", 2000, 300);
	assert_int_equal(media_bridge_set(rig.m, "two", "c1", NULL, 0), 0);
	const struct media_source s = {.kind = SOURCE_FILE, .file = "p.wav"};
	const struct media_play_prm play = {
		.play = "p1", .leg = a.leg, .sources = &s, .n = 1};
	assert_int_equal(media_play(rig.m, &play), 0);
	rig_wait(&rig, MEDIA_PLAYED, 0);
	rig_bridge(&rig, "one", &a, &b);
	rig_until(hears_b, &a, 3000);
	assert_continuous(&a);
	assert_continuous(&b);
	assert_continuous(&c);
	phone_close(&a);
	phone_close(&b);
	phone_close(&c);
}

static bool five_are_bad(void *arg)
{
	struct media_stats st;

	media_stats(rig.m, &st);
	return st.bad >= 5;
}

static void test_strangers_are_refused(void **state)
{
	phone_open(&a, &rig, "l.a", 440, 8);
	phone_open(&b, &rig, "l.b", 700, 8);
	rig_bridge(&rig, "br", &a, &b);
	rig_until(hears_b, &a, 3000);
	/* c talks to a's port, where a is latched */
	phone_open(&c, &rig, "l.c", 1100, 8);
	c.to = a.to;
	c.leg = mem_deref(c.leg);
	rig_run(300);
	assert_true(phone_hears(&b, 1100, 800) < 0.05);
	assert_true(phone_hears(&b, 440, 800) > 0.9);
	/* a is quiet for long: its far side may have a new address */
	a.sends = false;
	rig_until(hears_c, &b, 3000);
	rig_until(hears_b, &c, 3000);
	phone_close(&a);
	phone_close(&b);
	phone_close(&c);
}

static void test_garbage_is_counted(void **state)
{
	static const uint8_t junk[][20] = {
		{0x80},
		{0x00, 0x08, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
		{0xbf, 0x08, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0xff, 0xff},
		{0x80, 0x60, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9, 9},
		{0xa0, 0x08, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, [19] = 0xff},
	};
	struct media_stats st;

	phone_open(&a, &rig, "l.a", 440, 8);
	rig_wait(&rig, MEDIA_UP, 0);
	a.sends = false;
	rig_run(50);
	media_stats(rig.m, &st);
	uint64_t was = st.bad, heard = st.rx;
	for (size_t i = 0; i < ARRAY_SIZE(junk); i++)
		sendto(a.fd, junk[i], i ? sizeof(junk[i]) : 1, 0, &a.to.u.sa,
		       a.to.len);
	rig_until(five_are_bad, NULL, 3000);
	rig_run(50);
	media_stats(rig.m, &st);
	assert_int_equal(st.bad - was, ARRAY_SIZE(junk));
	assert_int_equal(st.rx, heard);
	phone_close(&a);
}

static void test_keys_come_once(void **state)
{
	phone_open(&a, &rig, "l.a", 440, 8);
	rig_wait(&rig, MEDIA_UP, 0);
	a.sends = false;
	uint32_t ts = a.ts;
	for (uint16_t i = 1; i <= 5; i++)
		phone_event(&a, 5, false, (uint16_t)(160 * i), i == 1, ts);
	for (int i = 0; i < 3; i++)
		phone_event(&a, 5, true, 800, false, ts);
	/* the next key's beginning is lost, only its end arrives */
	phone_event(&a, 11, true, 800, false, ts + 1600);
	phone_event(&a, 5, true, 800, false, ts);	  /* an old repeat */
	phone_event(&a, 77, false, 160, true, ts + 3200); /* no key */
	rig_wait(&rig, MEDIA_DTMF, 1);
	rig_run(100);
	assert_int_equal(rig_event(&rig, MEDIA_DTMF, 0)->digit, '5');
	assert_int_equal(rig_event(&rig, MEDIA_DTMF, 1)->digit, '#');
	assert_null(rig_event(&rig, MEDIA_DTMF, 2));
	phone_close(&a);
}

static bool sent_two_keys(void *arg)
{
	size_t n = 0;

	for (size_t i = 0; i < a.n_packets; i++)
		n += a.packets[i].pt == 101;
	return n >= 16;
}

static void test_keys_are_sent(void **state)
{
	phone_open(&a, &rig, "l.a", 440, 8);
	assert_int_equal(media_leg_dtmf(a.leg, "1x"), EINVAL);
	rig_wait(&rig, MEDIA_UP, 0);
	assert_int_equal(media_leg_dtmf(a.leg, "1#"), 0);
	rig_until(sent_two_keys, NULL, 3000);
	rig_run(100);
	size_t keys = 0, packets = 0;
	for (size_t i = 0; i < a.n_packets; i++) {
		if (a.packets[i].pt != 101)
			continue;
		packets++;
		keys += a.packets[i].marker;
	}
	assert_int_equal(keys, 2);
	assert_int_equal(packets, 16);
	assert_continuous(&a);
	phone_close(&a);
}

static void test_silence_is_told(void **state)
{
	phone_open(&a, &rig, "l.a", 440, 8);
	rig_wait(&rig, MEDIA_UP, 0);
	assert_null(rig_event(&rig, MEDIA_SILENT, 0));
	a.sends = false;
	const struct media_event *ev = rig_wait(&rig, MEDIA_SILENT, 0);
	assert_true(ev->ms >= 400 && ev->ms < 600);
	a.sends = true;
	rig_wait(&rig, MEDIA_BACK, 0);
	phone_close(&a);
}

static void test_srtp_both_ways(void **state)
{
	uint8_t rx[30], tx[30], other[30];
	struct media_stats st;

	rand_bytes(rx, sizeof(rx));
	rand_bytes(tx, sizeof(tx));
	rand_bytes(other, sizeof(other));
	phone_open_keyed(&a, &rig, "l.a", 440, rx, tx);
	phone_open(&b, &rig, "l.b", 700, 8);
	rig_bridge(&rig, "br", &a, &b);
	rig_until(hears_b, &a, 3000);
	rig_until(hears_a, &b, 3000);
	assert_int_equal(a.srtp_bad, 0);
	/* plain voice and another key are no way in */
	phone_open(&c, &rig, "l.c", 1100, 8);
	c.to = a.to;
	rig_run(200);
	media_stats(rig.m, &st);
	assert_true(st.srtp_bad > 3);
	assert_true(phone_hears(&b, 1100, 800) < 0.05);
	phone_close(&a);
	phone_close(&b);
	phone_close(&c);
}

static void test_channels(void **state)
{
	phone_open_channel(&a, &rig, "l.a", 440);
	phone_open(&b, &rig, "l.b", 700, 8);
	rig_bridge(&rig, "br", &a, &b);
	rig_until(hears_b, &a, 3000);
	rig_until(hears_a, &b, 3000);
	/* taken away: nothing arrives any more, then it goes on */
	assert_int_equal(media_leg_channel(a.leg, -1, -1, false), 0);
	rig_run(200);
	phone_forget(&b);
	phone_forget(&a);
	rig_run(100);
	assert_true(b.n == 0 && a.n == 0);
	/* half a frame and garbage lie in the pipe */
	static const uint8_t junk[75] = {1, 2, 3, 0, 20, 0x11};
	assert_true(write(a.out, junk, sizeof(junk)) == sizeof(junk));
	assert_int_equal(media_leg_channel(a.leg, a.leg_in, a.leg_out, true),
			 0);
	rig_until(hears_a, &b, 3000);
	rig_until(hears_b, &a, 3000);
	phone_close(&a);
	phone_close(&b);
}

static bool udp_alone(void *arg)
{
	struct phone *p = arg;
	bool so = p->n_udp > 10 && p->n_pipe == 0;

	if (p->n_pipe)
		p->n_udp = p->n_pipe = 0;
	return so;
}

static bool pipe_alone(void *arg)
{
	struct phone *p = arg;
	bool so = p->n_pipe > 10 && p->n_udp == 0;

	if (p->n_udp)
		p->n_udp = p->n_pipe = 0;
	return so;
}

static bool both_ways(void *arg)
{
	const struct phone *p = arg;

	return p->n_udp > 10 && p->n_pipe > 10;
}

/* What one of two ways loses the other brings, and nothing comes twice. */
static void test_both_ways(void **state)
{
	struct media_quality q;

	phone_open_both(&a, &rig, "l.a", 440);
	phone_open(&b, &rig, "l.b", 700, 8);
	rig_bridge(&rig, "br", &a, &b);
	rig_until(hears_a, &b, 3000);
	rig_until(both_ways, &a, 3000);

	a.by_pipe = false;
	rig_until(udp_alone, &a, 5000);
	a.by_pipe = true;
	a.by_udp = false;
	rig_until(pipe_alone, &a, 5000);
	/* on both again, then on neither: it is told on both what there is */
	a.by_udp = true;
	a.n_udp = a.n_pipe = 0;
	rig_until(both_ways, &a, 5000);
	a.by_udp = a.by_pipe = false;
	rig_run(600);
	a.n_udp = a.n_pipe = 0;
	rig_until(both_ways, &a, 5000);
	media_leg_quality(a.leg, &q);
	/* each packet counts once, though many came twice */
	assert_true(q.rx <= a.sent);
	assert_continuous(&b);
	phone_close(&a);
	phone_close(&b);
}

static void test_garbage_in_mid_stream(void **state)
{
	static const uint8_t junk[100] = {9, 9, 9, 9};

	phone_open_channel(&a, &rig, "l.a", 440);
	phone_open(&b, &rig, "l.b", 700, 8);
	rig_bridge(&rig, "br", &a, &b);
	rig_until(hears_a, &b, 3000);
	assert_true(write(a.out, junk, sizeof(junk)) == sizeof(junk));
	phone_forget(&b);
	rig_until(hears_a, &b, 3000);
	phone_close(&a);
	phone_close(&b);
}

static void test_full_pipe_drops(void **state)
{
	phone_open_channel(&a, &rig, "l.a", 440);
	phone_open(&b, &rig, "l.b", 700, 8);
	/* nobody reads a's pipe; fill it */
	fd_close(a.in);
	static uint8_t fill[4096];
	while (write(a.leg_out, fill, sizeof(fill)) > 0)
		;
	rig_bridge(&rig, "br", &a, &b);
	rig_until(hears_a, &b, 3000);
	phone_close(&a);
	phone_close(&b);
}

static void test_frames_are_found(void **state)
{
	uint8_t buf[64] = {7, 7, 0xff, 0, 13, 0x80};
	bool sure;

	buf[3 + 2 + 13] = 0;
	buf[3 + 2 + 14] = 20;
	buf[3 + 2 + 15] = 0x80;
	assert_int_equal(frame_find(buf, 30, &sure), 3);
	assert_true(sure);
	assert_int_equal(frame_find(buf, 10, &sure), 3);
	assert_false(sure);
	assert_int_equal(frame_find(buf, 2, &sure), 0);
	assert_false(sure);
}

static void test_legs_on_two_threads_meet(void **state)
{
	static const char *const contacts[] = {"k1", "k2", "k3", "k4", "k5"};

	/* a provisional contact for each until the office names one */
	for (size_t i = 0; i < ARRAY_SIZE(contacts); i++) {
		struct media_leg *leg;
		const struct media_leg_prm lp = {
			.leg = "x",
			.contact = contacts[i],
			.transport = MEDIA_UDP,
		};
		const struct media_format f = {
			.pt = 8, .send = true, .receive = true};
		phone_open(&a, &rig, "l.a", 440, 8);
		assert_int_equal(media_leg_alloc(&leg, rig.m, &lp), 0);
		assert_int_equal(media_leg_start(leg, &f), 0);
		phone_open(&b, &rig, "l.b", 700, 8);
		b.to.u.in.sin_port = htons(media_leg_port(leg));
		mem_deref(b.leg);
		b.leg = leg;
		const struct media_member two[] = {{.leg = a.leg},
						   {.leg = leg}};
		assert_int_equal(
			media_bridge_set(rig.m, "br", contacts[i], two, 2), 0);
		rig_until(hears_b, &a, 3000);
		rig_until(hears_a, &b, 3000);
		phone_close(&a);
		phone_close(&b);
	}
}

static void test_ports_run_out(void **state)
{
	struct media *m;
	struct media_leg *legs[2] = {NULL};
	const struct media_leg_prm lp = {
		.leg = "l", .contact = "c", .transport = MEDIA_UDP};
	struct media_leg *probe;
	assert_int_equal(media_leg_alloc(&probe, rig.m, &lp), 0);
	uint16_t port = (uint16_t)(media_leg_port(probe) & ~1);
	const struct media_prm prm = {
		.threads = 1,
		.address = "127.0.0.99",
		.port_min = port,
		.port_max = (uint16_t)(port + 1),
	};
	assert_int_equal(media_alloc(&m, &prm), 0);
	assert_int_equal(media_leg_alloc(&legs[0], m, &lp), 0);
	assert_int_equal(media_leg_port(legs[0]), port);
	assert_int_equal(media_leg_alloc(&legs[1], m, &lp), EADDRINUSE);
	mem_deref(legs[0]);
	mem_deref(probe);
	media_close(m);
}

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static int rtcp_fd;

static bool report_came(void *arg)
{
	uint8_t *buf = arg;

	return recv(rtcp_fd, buf, 256, MSG_DONTWAIT) > 0;
}

static bool rtt_is_known(void *arg)
{
	struct media_quality q;

	media_leg_quality(a.leg, &q);
	return q.rtt_ms > 90 && q.rtt_ms < 1000;
}

static void test_reports(void **state)
{
	uint8_t rr[32] = {0x81, 201, 0, 7}, sr[256] = {0};
	struct sa to;

	phone_open(&a, &rig, "l.a", 440, 8);
	phone_open(&b, &rig, "l.b", 700, 8);
	rig_bridge(&rig, "br", &a, &b);
	rig_until(hears_b, &a, 3000);
	rtcp_fd = socket(AF_INET, SOCK_DGRAM, 0);
	sa_set_str(&to, "127.0.0.1", (uint16_t)(media_leg_port(a.leg) + 1));
	/* the far side got our report 100 ms ago */
	int64_t was = cal_now_us() - 100000;
	put32(rr + 4, a.ssrc);
	put32(rr + 8, a.packets[0].ssrc);
	put32(rr + 24, (uint32_t)((was / 1000000 + 2208988800) << 16 |
				  (was % 1000000) * 65536 / 1000000));
	/* nonsense before it changes nothing */
	assert_true(sendto(rtcp_fd, rr, 13, 0, &to.u.sa, to.len) == 13);
	assert_true(sendto(rtcp_fd, rr, 32, 0, &to.u.sa, to.len) == 32);
	rig_until(rtt_is_known, NULL, 3000);
	/* ours comes to where theirs came from */
	rig_until(report_came, sr, 9000);
	assert_int_equal(sr[0], 0x81);
	assert_int_equal(sr[1], 200);
	assert_memory_equal(sr + 4, rr + 8, 4);
	assert_memory_equal(sr + 28, rr + 4, 4); /* about a's stream */
	assert_int_equal(sr[32], 0);		 /* nothing lost */
	close(rtcp_fd);
	phone_close(&a);
	phone_close(&b);
}

static void test_mos(void **state)
{
	assert_true(rtp_stream_mos(0, 20) > 4.3);
	assert_true(rtp_stream_mos(5, 100) < 4.0);
	assert_true(rtp_stream_mos(5, 100) > 3.0);
	assert_true(rtp_stream_mos(100, 2000) >= 1.0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_two_talkers_hear_each_other),
		CASE(test_laws_are_transcoded),
		CASE(test_transfer_keeps_numbers),
		CASE(test_strangers_are_refused),
		CASE(test_garbage_is_counted),
		CASE(test_keys_come_once),
		CASE(test_keys_are_sent),
		CASE(test_silence_is_told),
		CASE(test_srtp_both_ways),
		CASE(test_both_ways),
		CASE(test_channels),
		CASE(test_garbage_in_mid_stream),
		CASE(test_full_pipe_drops),
		CASE(test_legs_on_two_threads_meet),
		CASE(test_ports_run_out),
		CASE(test_reports),
		cmocka_unit_test(test_frames_are_found),
		cmocka_unit_test(test_mos),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
