/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Laws, sums and the jitter buffer; then three who talk at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "server/switch/mix.h"
#include "tests/unit/media_rig.h"

static void test_extremes_encode(void **state)
{
	const int16_t pcm[] = {-32768, -32767, 32767, 0, -1};
	uint8_t out[5];
	int16_t back[5];

	for (uint8_t pt = 0; pt <= 8; pt += 8) {
		mix_encode(out, pcm, 5, pt);
		mix_decode(back, out, 5, pt);
		assert_in_range(-back[0], 32000, 32768);
		assert_int_equal(back[0], back[1]);
		assert_in_range(back[2], 32000, 32767);
		assert_in_range(back[3] + 16, 0, 32);
		assert_in_range(back[4] + 16, 0, 32);
	}
}

static void test_transcoding_is_close(void **state)
{
	uint8_t all[256], to[256];
	int16_t was[256], is[256];

	for (int i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	mix_transcode(to, MIX_PCMU, all, MIX_PCMA, 256);
	mix_decode(was, all, 256, MIX_PCMA);
	mix_decode(is, to, 256, MIX_PCMU);
	for (int i = 0; i < 256; i++) {
		int off = was[i] - is[i];
		assert_in_range(off < 0 ? -off : off, 0,
				20 + (was[i] < 0 ? -was[i] : was[i]) / 16);
	}
}

static void test_sums_saturate(void **state)
{
	int32_t sum[MIX_FRAME] = {0};
	int16_t loud[MIX_FRAME], low[MIX_FRAME], out[MIX_FRAME];

	for (int i = 0; i < MIX_FRAME; i++) {
		loud[i] = i % 2 ? 30000 : -30000;
		low[i] = 100;
	}
	mix_add(sum, loud);
	mix_add(sum, loud);
	mix_clip(out, sum);
	assert_int_equal(out[1], 32767);
	assert_int_equal(out[0], -32767);
	memset(sum, 0, sizeof(sum));
	mix_add(sum, loud);
	mix_add(sum, low);
	mix_clip(out, sum);
	assert_int_equal(out[0], -29900);
}

static void test_level(void **state)
{
	uint8_t buf[160];
	int16_t pcm[160];

	memset(buf, mix_silence(8), sizeof(buf));
	assert_true(mix_level_db(buf, 160, 8) < -60);
	for (int i = 0; i < 160; i++)
		pcm[i] = i % 8 < 4 ? 16384 : -16384;
	mix_encode(buf, pcm, 160, 0);
	assert_in_range(-mix_level_db(buf, 160, 0), 5, 7);
	memset(buf, mix_silence(0), sizeof(buf));
	assert_true(mix_level_db(buf, 160, 0) < -60);
}

/* ---- jitter buffer ---- */

static struct mix_in in;
static uint32_t base;

/* Frame i holds the value i + 1 throughout. */
static bool put(uint32_t i)
{
	int16_t pcm[MIX_FRAME];

	for (int k = 0; k < MIX_FRAME; k++)
		pcm[k] = (int16_t)(i + 1);
	return mix_in_put(&in, 7, base + i * MIX_FRAME, pcm, MIX_FRAME);
}

static int take_frame(void)
{
	mix_in_take(&in);
	return in.frame[0];
}

static int set_up_in(void **state)
{
	memset(&in, 0, sizeof(in));
	mix_in_reset(&in);
	base = 0xffffff00; /* timestamps wrap */
	return 0;
}

static void test_frames_come_in_order(void **state)
{
	assert_int_equal(take_frame(), 0);
	put(0);
	assert_int_equal(take_frame(), 0); /* 40 ms of patience */
	put(2);
	assert_int_equal(take_frame(), 0);
	put(1);
	assert_int_equal(take_frame(), 1);
	assert_int_equal(take_frame(), 2);
	assert_int_equal(take_frame(), 3);
}

static void test_a_hole_is_concealed(void **state)
{
	for (uint32_t i = 0; i < 3; i++)
		put(i * 100);
	set_up_in(NULL);
	put(99);
	take_frame();
	take_frame();
	assert_int_equal(take_frame(), 100);
	assert_int_equal(take_frame(), 50); /* half of it */
	for (int i = 0; i < 4; i++)
		take_frame();
	assert_int_equal(take_frame(), 0);
}

static void test_late_packets_make_it_wait_longer(void **state)
{
	uint32_t i;

	for (i = 0; i < 3; i++) {
		put(i);
		take_frame();
	}
	/* 60 ms of nothing, then all at once */
	for (int k = 0; k < 3; k++)
		take_frame();
	for (; i < 7; i++)
		assert_true(put(i));
	assert_true(in.depth > MIX_MIN_DEPTH);
	assert_true(in.depth <= MIX_MAX_DEPTH);
	/* far too late: refused, and no more patience than 100 ms */
	for (int k = 0; k < 10; k++)
		take_frame();
	assert_false(put(i));
	assert_true(in.depth <= MIX_MAX_DEPTH);
}

static void test_patience_shrinks_again(void **state)
{
	uint32_t i = 0;

	in.depth = MIX_MAX_DEPTH;
	for (; i < 4000; i++) {
		put(i);
		take_frame();
	}
	assert_int_equal(in.depth, MIX_MIN_DEPTH);
	assert_true((int32_t)(in.high - in.read) <= MIX_MIN_DEPTH + MIX_FRAME);
}

static void test_a_new_clock_starts_anew(void **state)
{
	put(0);
	base += 5000000;
	put(1);
	take_frame();
	take_frame();
	assert_int_equal(take_frame(), 2);
	base += 3000; /* a hole of 375 ms in timestamps */
	put(30);
	int heard = 0;
	for (int i = 0; i < 60 && heard != 31; i++)
		heard = take_frame();
	assert_int_equal(heard, 31);
}

/* ---- three ---- */

static struct rig rig;
static struct phone a, b, c;

static bool all_hear(void *arg)
{
	return phone_hears(&a, 700, 800) > 0.7 &&
	       phone_hears(&a, 1100, 800) > 0.7 &&
	       phone_hears(&b, 440, 800) > 0.7 &&
	       phone_hears(&b, 1100, 800) > 0.7 &&
	       phone_hears(&c, 440, 800) > 0.7 &&
	       phone_hears(&c, 700, 800) > 0.7;
}

static void test_three_talk(void **state)
{
	rig_open(&rig, 1);
	phone_open(&a, &rig, "l.a", 440, 8);
	phone_open(&b, &rig, "l.b", 700, 0);
	phone_open_channel(&c, &rig, "l.c", 1100);
	const struct media_member three[] = {
		{.leg = a.leg}, {.leg = b.leg}, {.leg = c.leg}};
	rig_bridge(&rig, "br", &a, &b);
	rig_run(200);
	assert_int_equal(media_bridge_set(rig.m, "br", "c1", three, 3), 0);
	rig_until(all_hear, NULL, 5000);
	/* nobody hears himself */
	assert_true(phone_hears(&a, 440, 800) < 0.05);
	assert_true(phone_hears(&b, 700, 800) < 0.05);
	assert_true(phone_hears(&c, 1100, 800) < 0.05);
	for (size_t i = 1; i < a.n_packets; i++) {
		assert_int_equal(a.packets[i].seq,
				 (uint16_t)(a.packets[i - 1].seq + 1));
		assert_true((int32_t)(a.packets[i].ts - a.packets[i - 1].ts) >
			    0);
	}
	phone_close(&a);
	phone_close(&b);
	phone_close(&c);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_extremes_encode),
		cmocka_unit_test(test_transcoding_is_close),
		cmocka_unit_test(test_sums_saturate),
		cmocka_unit_test(test_level),
		cmocka_unit_test_setup(test_frames_come_in_order, set_up_in),
		cmocka_unit_test_setup(test_a_hole_is_concealed, set_up_in),
		cmocka_unit_test_setup(test_late_packets_make_it_wait_longer,
				       set_up_in),
		cmocka_unit_test_setup(test_patience_shrinks_again, set_up_in),
		cmocka_unit_test_setup(test_a_new_clock_starts_anew,
				       set_up_in),
		cmocka_unit_test(test_three_talk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
