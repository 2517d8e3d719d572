/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent-tui/relay.h"
#include "agent-tui/tunnel.h"
#include "agent-tui/wavfile.h"
#include "common/cal.h"
#include "common/libre.h"
#include <rem.h>

static struct {
	unsigned packets, plays, sends;
	uint16_t seqs[64];
	uint32_t play_seq;
	int db;
	bool refuse;
} got;

static size_t make_frame(uint8_t *out, uint16_t seq, uint8_t fill)
{
	memset(out, 0, 174);
	out[1] = 172;
	out[2] = 0x80;
	out[3] = 8;
	out[4] = (uint8_t)(seq >> 8);
	out[5] = (uint8_t)seq;
	uint32_t ts = seq * 160U;
	out[6] = (uint8_t)(ts >> 24);
	out[7] = (uint8_t)(ts >> 16);
	out[8] = (uint8_t)(ts >> 8);
	out[9] = (uint8_t)ts;
	memset(out + 14, fill, 160);
	return 174;
}

static void on_packet(const uint8_t *rtp, size_t len, void *arg)
{
	(void)arg;
	assert_int_equal(172, len);
	if (got.packets < 64)
		got.seqs[got.packets] = (uint16_t)(rtp[2] << 8 | rtp[3]);
	got.packets++;
}

/* ---- frames ---- */

static void test_split_any_cut(void **state)
{
	uint8_t stream[174 * 8];

	(void)state;
	for (uint16_t i = 0; i < 8; i++)
		make_frame(stream + 174 * i, i, RELAY_SILENCE);
	for (size_t step = 1; step < sizeof(stream); step += 7) {
		struct relay_split sp = {.used = 0};
		memset(&got, 0, sizeof(got));
		for (size_t at = 0; at < sizeof(stream); at += step) {
			size_t n = sizeof(stream) - at < step
					   ? sizeof(stream) - at
					   : step;
			relay_split_feed(&sp, stream + at, n, on_packet, NULL);
		}
		assert_int_equal(8, got.packets);
		assert_int_equal(0, sp.skipped);
		assert_int_equal(7, got.seqs[7]);
	}
}

/* The stream breaks off in mid-frame and goes on with a new one. */
static void test_split_broken(void **state)
{
	uint8_t stream[174 * 10];

	(void)state;
	for (size_t whole = 1; whole < 174; whole += 3) {
		struct relay_split sp = {.used = 0};
		size_t n = 0;
		memset(&got, 0, sizeof(got));
		make_frame(stream, 100, RELAY_SILENCE);
		n = whole;
		for (uint16_t i = 0; i < 8; i++)
			n += make_frame(stream + n, i, RELAY_SILENCE);
		relay_split_feed(&sp, stream, n, on_packet, NULL);
		/* one that is half old and half new, then six or seven */
		assert_in_range(got.packets, 7, 8);
		assert_int_equal(6, got.seqs[6] == 7 ? 6 : got.seqs[6]);
	}
}

/* A pipe taken over in mid-frame: the rest of that frame is lost, no more. */
static void test_split_resync(void **state)
{
	uint8_t stream[174 * 10];

	(void)state;
	for (size_t cut = 1; cut < 174; cut += 3) {
		struct relay_split sp = {.lost = true};
		size_t n = 0;
		memset(&got, 0, sizeof(got));
		make_frame(stream, 100, RELAY_SILENCE);
		memmove(stream, stream + cut, 174 - cut);
		n = 174 - cut;
		for (uint16_t i = 0; i < 8; i++)
			n += make_frame(stream + n, i, RELAY_SILENCE);
		relay_split_feed(&sp, stream, n, on_packet, NULL);
		/* the last one may wait for a successor to vouch for it */
		assert_in_range(got.packets, 7, 8);
		assert_int_equal(0, got.seqs[0]);
		assert_true(sp.skipped >= 174 - cut);
	}
}

static void test_split_noise(void **state)
{
	struct relay_split sp = {.used = 0};
	uint8_t noise[4096], frame[174];

	(void)state;
	memset(&got, 0, sizeof(got));
	memset(noise, 0xff, sizeof(noise));
	relay_split_feed(&sp, noise, sizeof(noise), on_packet, NULL);
	assert_int_equal(0, got.packets);
	for (uint16_t i = 0; i < 4; i++) {
		make_frame(frame, i, RELAY_SILENCE);
		relay_split_feed(&sp, frame, sizeof(frame), on_packet, NULL);
	}
	assert_in_range(got.packets, 3, 4);
	assert_int_equal(0, got.seqs[0]);
}

/* ---- figures ---- */

static void test_level(void **state)
{
	uint8_t tone[160];

	(void)state;
	memset(tone, RELAY_SILENCE, sizeof(tone));
	assert_int_equal(-96, relay_level_db(tone, sizeof(tone)));
	for (size_t i = 0; i < sizeof(tone); i++)
		tone[i] =
			g711_pcm2alaw((int16_t)(8192 * sin(2 * M_PI * 400 *
							   (double)i / 8000)));
	/* a quarter of full scale, and a sine's rms is 3 dB below its top */
	assert_in_range(-relay_level_db(tone, sizeof(tone)), 14, 16);
	assert_int_equal(-96, relay_level_db(tone, 0));
}

static void test_mos(void **state)
{
	(void)state;
	assert_true(relay_mos(0, 50) > 4.3);
	assert_true(relay_mos(5, 50) < relay_mos(1, 50));
	assert_true(relay_mos(1, 400) < relay_mos(1, 50));
	assert_true(relay_mos(100, 2000) >= 1);
}

/* ---- the relay ---- */

static int on_send(const uint8_t *frame, size_t len, void *arg)
{
	(void)arg;
	assert_int_equal(174, len);
	assert_int_equal(172, frame[0] << 8 | frame[1]);
	got.db = relay_level_db(frame + 14, 160);
	if (got.sends < 64)
		got.seqs[got.sends] = (uint16_t)(frame[4] << 8 | frame[5]);
	got.sends++;
	return got.refuse ? EAGAIN : 0;
}

static void on_play(uint32_t seq, bool marker, const uint8_t *alaw, size_t len,
		    void *arg)
{
	(void)marker, (void)alaw, (void)len, (void)arg;
	got.plays++;
	got.play_seq = seq;
}

static struct relay *make_relay(void)
{
	const struct relay_prm prm = {.sendh = on_send, .playh = on_play};
	struct relay *r = NULL;

	memset(&got, 0, sizeof(got));
	cal_set(1000000000, 1000000000);
	assert_int_equal(0, relay_alloc(&r, &prm));
	return r;
}

static void test_mute(void **state)
{
	struct relay *r = make_relay();
	uint8_t loud[160];

	(void)state;
	memset(loud, 0x2a, sizeof(loud));
	relay_mic(r, loud, sizeof(loud));
	assert_int_equal(0, got.sends); /* no leg: nothing leaves */
	relay_run(r, true);
	relay_mic(r, loud, sizeof(loud));
	assert_true(got.db > -20);
	relay_mute(r, true);
	relay_mic(r, loud, sizeof(loud));
	assert_int_equal(-96, got.db);
	assert_int_equal((uint16_t)(got.seqs[0] + 1), got.seqs[1]);
	/* the meter still shows that somebody speaks */
	struct relay_figures f;
	relay_take_figures(r, 20, &f);
	assert_true(f.mic_db > -20);
	got.refuse = true;
	relay_mic(r, loud, sizeof(loud));
	relay_take_figures(r, 20, &f);
	assert_int_equal(1, f.tx_dropped);
	assert_int_equal(2, f.tx);
	mem_deref(r);
	cal_set(0, 0);
}

static void test_loss_and_jitter(void **state)
{
	struct relay *r = make_relay();
	struct relay_figures f;
	uint8_t frame[174];
	int64_t now = 1000000000;

	(void)state;
	relay_run(r, true);
	/* 0..99 without 10 and 11; 50 comes 80 ms late; 60 twice */
	for (uint16_t i = 0; i < 100; i++) {
		if (i == 10 || i == 11)
			continue;
		int64_t at = now + i * 20000 + (i == 50 ? 80000 : 0);
		cal_set(at, at);
		make_frame(frame, (uint16_t)(65500 + i), RELAY_SILENCE);
		relay_feed(r, frame, sizeof(frame));
		if (i == 60)
			relay_feed(r, frame, sizeof(frame));
	}
	relay_take_figures(r, 20, &f);
	assert_int_equal(99, f.rx);
	assert_int_equal(2, f.lost);
	assert_int_equal(1, f.late);
	assert_int_equal(98, got.plays); /* the second 60 is not heard */
	assert_int_equal(100, got.play_seq);
	assert_true(f.loss_percent > 1.5 && f.loss_percent < 2.5);
	assert_true(f.jitter_ms > 0.1 && f.jitter_ms < 20);

	/* hostile packets change nothing */
	make_frame(frame, 1, 0);
	frame[2] = 0xbf; /* padding and fifteen sources */
	frame[173] = 255;
	relay_packet(r, frame + 2, 172);
	frame[2] = 0x90; /* an extension longer than the packet */
	frame[16] = frame[17] = 0xff;
	relay_packet(r, frame + 2, 172);
	relay_packet(r, frame + 2, 3);
	relay_take_figures(r, 20, &f);
	assert_int_equal(99, f.rx);
	mem_deref(r);
	cal_set(0, 0);
}

/* ---- neighbours ---- */

static void test_backoff(void **state)
{
	(void)state;
	assert_int_equal(200, tunnel_backoff_ms(0, 0));
	for (unsigned tries = 0; tries < 40; tries++) {
		for (uint32_t roll = 0; roll < 100000; roll += 997) {
			int64_t ms = tunnel_backoff_ms(tries, roll);
			assert_in_range(ms, 200, tries ? 10000 : 2000);
		}
	}
}

static void test_mark(void **state)
{
	uint8_t a[160];

	(void)state;
	for (size_t i = 0; i < sizeof(a); i++)
		a[i] = (uint8_t)(i * 37 + 11);
	assert_false(wavmark_seen(a, sizeof(a)));
	wavmark_put(a, sizeof(a));
	assert_true(wavmark_seen(a, sizeof(a)));
	memset(a, RELAY_SILENCE, sizeof(a));
	assert_false(wavmark_seen(a, sizeof(a)));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split_any_cut),
		cmocka_unit_test(test_split_broken),
		cmocka_unit_test(test_split_resync),
		cmocka_unit_test(test_split_noise),
		cmocka_unit_test(test_level),
		cmocka_unit_test(test_mos),
		cmocka_unit_test(test_mute),
		cmocka_unit_test(test_loss_and_jitter),
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_mark),
	};

	if (libre_init())
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed;
}
