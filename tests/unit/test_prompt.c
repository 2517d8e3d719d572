/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays: files, tones, places, ends, and what may not be played.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/cal.h"
#include "server/switch/play.h"
#include "tests/unit/media_rig.h"

static struct rig rig;
static struct phone a, b;

static int set_up(void **state)
{
	rig_open(&rig, 1);
	rig_prompt(&rig, "one.wav", 1000, 600);
	rig_prompt(&rig, "two.wav", 2000, 600);
	phone_open(&a, &rig, "l.a", 440, 8);
	rig_wait(&rig, MEDIA_UP, 0);
	return 0;
}

static int tear_down(void **state)
{
	phone_close(&a);
	rig_close(&rig);
	return 0;
}

static bool hears_1000(void *arg)
{
	return phone_hears(&a, 1000, 800) > 0.9;
}

static bool hears_2000(void *arg)
{
	return phone_hears(&a, 2000, 800) > 0.9;
}

static bool hears_nothing(void *arg)
{
	return phone_hears(&a, 1000, 800) < 0.02 &&
	       phone_hears(&a, 2000, 800) < 0.02;
}

static const struct media_source both[] = {
	{.kind = SOURCE_FILE, .file = "one.wav"},
	{.kind = SOURCE_FILE, .file = "two.wav"},
};

static int play(const char *id, const struct media_source *s, size_t n,
		bool loop)
{
	const struct media_play_prm prm = {
		.play = id, .leg = a.leg, .sources = s, .n = n, .loop = loop};

	return media_play(rig.m, &prm);
}

static void test_one_after_the_other(void **state)
{
	assert_int_equal(play("p", both, 2, false), 0);
	assert_int_equal(play("p", both, 2, false), EALREADY);
	rig_until(hears_1000, NULL, 3000);
	rig_until(hears_2000, NULL, 3000);
	const struct media_event *ev = rig_wait(&rig, MEDIA_PLAYED, 0);
	assert_string_equal(ev->id, "p");
	assert_int_equal(ev->reason, PLAY_DONE);
	assert_int_equal(ev->ms, 1200);
	rig_until(hears_nothing, NULL, 3000);
	assert_int_equal(media_play_stop(rig.m, "p"), ENOENT);
}

static void test_loops_until_stopped(void **state)
{
	assert_int_equal(play("p", both, 2, true), 0);
	for (int i = 0; i < 2; i++) {
		rig_until(hears_1000, NULL, 3000);
		rig_until(hears_2000, NULL, 3000);
	}
	int64_t was = cal_mono_us();
	assert_int_equal(media_play_stop(rig.m, "p"), 0);
	const struct media_event *ev = rig_wait(&rig, MEDIA_PLAYED, 0);
	assert_true(cal_mono_us() - was < 100000);
	assert_int_equal(ev->reason, PLAY_STOPPED);
	assert_in_range(ev->ms, 600, 1200);
	rig_until(hears_nothing, NULL, 3000);
}

static void test_seek_and_pause(void **state)
{
	assert_int_equal(play("p", both, 2, false), 0);
	rig_until(hears_1000, NULL, 3000);
	assert_int_equal(media_play_seek(rig.m, "p", 700, true), 0);
	rig_until(hears_nothing, NULL, 3000);
	rig_run(800); /* it stands still */
	assert_null(rig_event(&rig, MEDIA_PLAYED, 0));
	assert_int_equal(media_play_seek(rig.m, "p", 700, false), 0);
	rig_until(hears_2000, NULL, 3000);
	assert_int_equal(rig_wait(&rig, MEDIA_PLAYED, 0)->ms, 1200);
	/* behind the end */
	assert_int_equal(play("q", both, 2, false), 0);
	assert_int_equal(media_play_seek(rig.m, "q", 99999, false), 0);
	assert_int_equal(rig_wait(&rig, MEDIA_PLAYED, 1)->reason, PLAY_DONE);
}

static void test_a_newer_play_ends_the_older(void **state)
{
	assert_int_equal(play("p", &both[0], 1, true), 0);
	rig_until(hears_1000, NULL, 3000);
	assert_int_equal(play("q", &both[1], 1, true), 0);
	rig_until(hears_2000, NULL, 3000);
	assert_string_equal(rig_wait(&rig, MEDIA_PLAYED, 0)->id, "p");
	phone_close(&a);
	const struct media_event *ev = rig_wait(&rig, MEDIA_PLAYED, 1);
	assert_string_equal(ev->id, "q");
	assert_int_equal(ev->reason, PLAY_LEG_ENDED);
	phone_open(&a, &rig, "l.a", 440, 8);
}

static void test_a_key_ends_it(void **state)
{
	const struct media_play_prm prm = {
		.play = "p",
		.leg = a.leg,
		.sources = both,
		.n = 1,
		.loop = true,
		.dtmf_ends = true,
	};

	assert_int_equal(media_play(rig.m, &prm), 0);
	rig_until(hears_1000, NULL, 3000);
	phone_event(&a, 1, false, 160, true, a.ts);
	assert_int_equal(rig_wait(&rig, MEDIA_PLAYED, 0)->reason, PLAY_DTMF);
	assert_int_equal(rig_wait(&rig, MEDIA_DTMF, 0)->digit, '1');
	rig_until(hears_nothing, NULL, 500);
}

static void test_tones(void **state)
{
	const struct media_source busy = {.kind = SOURCE_TONE,
					  .hz1 = 1000,
					  .on_ms = 200,
					  .off_ms = 300,
					  .ms = 1000};
	const struct media_source quiet = {.kind = SOURCE_SILENCE, .ms = 200};
	const struct media_source row[] = {quiet, busy};

	assert_int_equal(play("p", row, 2, false), 0);
	phone_forget(&a);
	assert_int_equal(rig_wait(&rig, MEDIA_PLAYED, 0)->ms, 1200);
	size_t on = 0, frames = a.n / 160;
	for (size_t i = 0; i < frames; i++)
		on += tone_in(a.pcm + i * 160, 160, 1000) > 0.3;
	assert_in_range(on, 18, 22); /* twice 200 ms */
}

static void test_what_may_not_be_played(void **state)
{
	const struct media_source bad[] = {
		{.kind = SOURCE_FILE, .file = "none.wav"},
		{.kind = SOURCE_FILE, .file = "../../etc/passwd"},
		{.kind = SOURCE_FILE, .file = "/etc/passwd"},
		{.kind = SOURCE_FILE, .file = ""},
		{.kind = SOURCE_FILE},
		{.kind = SOURCE_FILE, .file = "junk.wav"},
		{.kind = SOURCE_FILE, .file = "."},
		{.kind = SOURCE_TONE, .hz1 = 5000},
		{.kind = SOURCE_SILENCE, .ms = -1},
	};
	static const int errs[] = {ENOENT,  ENOENT,  ENOENT, ENOENT, ENOENT,
				   EBADMSG, EBADMSG, EINVAL, EINVAL};
	char path[160];

	snprintf(path, sizeof(path), "%s/junk.wav", rig.prompts);
	FILE *f = fopen(path, "w");
	fputs("RIFF of something else", f);
	fclose(f);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(play("p", &bad[i], 1, false), errs[i]);
	assert_int_equal(play("p", both, 0, false), EINVAL);
	assert_int_equal(media_play_stop(rig.m, "p"), ENOENT);
	rig_run(50);
	assert_null(rig_event(&rig, MEDIA_PLAYED, 0));
}

static void test_a_changed_prompt_is_read_again(void **state)
{
	assert_int_equal(play("p", &both[0], 1, false), 0);
	rig_until(hears_1000, NULL, 3000);
	rig_wait(&rig, MEDIA_PLAYED, 0);
	rig_prompt(&rig, "one.wav", 2000, 500);
	assert_int_equal(play("q", &both[0], 1, false), 0);
	rig_until(hears_2000, NULL, 3000);
	assert_int_equal(rig_wait(&rig, MEDIA_PLAYED, 1)->ms, 500);
}

static void test_recordings_are_streamed(void **state)
{
	char path[300];

	phone_open(&b, &rig, "l.b", 1000, 8);
	assert_int_equal(media_record(rig.m, "r", b.leg), 0);
	rig_run(1000);
	b.hz = 2000;
	rig_run(1500);
	assert_int_equal(media_record_stop(rig.m, "r"), 0);
	const struct media_event *ev = rig_wait(&rig, MEDIA_REC_CLOSED, 0);
	snprintf(path, sizeof(path), "%s/%s", rig.rec, ev->path);
	int64_t ms = ev->ms;
	phone_close(&b);

	const struct media_source s = {.kind = SOURCE_FILE, .file = path};
	assert_int_equal(play("p", &s, 1, false), 0);
	rig_until(hears_1000, NULL, 3000);
	rig_until(hears_2000, NULL, 3000);
	assert_int_equal(media_play_seek(rig.m, "p", 100, false), 0);
	rig_until(hears_1000, NULL, 3000);
	rig_until(hears_2000, NULL, 3000);
	ev = rig_wait(&rig, MEDIA_PLAYED, 0);
	assert_int_equal(ev->reason, PLAY_DONE);
	assert_in_range(ev->ms, ms - 1, ms + 1);
}

static bool a_hears_b(void *arg)
{
	return phone_hears(&a, 700, 800) > 0.9;
}

static bool b_hears_a(void *arg)
{
	return phone_hears(&b, 440, 800) > 0.9;
}

static void test_join_ends_a_play(void **state)
{
	phone_open(&b, &rig, "l.b", 700, 8);
	assert_int_equal(play("p", &both[0], 1, true), 0);
	rig_until(hears_1000, NULL, 3000);
	rig_bridge(&rig, "br", &a, &b);
	assert_int_equal(rig_wait(&rig, MEDIA_PLAYED, 0)->reason, PLAY_JOINED);
	rig_until(a_hears_b, NULL, 3000);
	rig_bridge(&rig, "br", &a, &b); /* again: no new join */
	phone_close(&b);
}

static void test_the_notice_plays_out(void **state)
{
	const struct media_play_prm notice = {
		.play = "p",
		.leg = a.leg,
		.sources = both,
		.n = 2,
		.must_end = true,
	};

	phone_open(&b, &rig, "l.b", 700, 8);
	assert_int_equal(media_play(rig.m, &notice), 0);
	rig_until(hears_1000, NULL, 3000);
	rig_bridge(&rig, "br", &a, &b);
	phone_forget(&b);
	rig_until(b_hears_a, NULL, 3000);
	rig_until(hears_2000, NULL, 3000);
	assert_true(phone_hears(&a, 700, 800) < 0.02);
	const struct media_event *ev = rig_wait(&rig, MEDIA_PLAYED, 0);
	assert_int_equal(ev->reason, PLAY_DONE);
	assert_int_equal(ev->ms, 1200);
	rig_until(a_hears_b, NULL, 3000);
	/* the other side heard nothing of it */
	for (size_t at = 0; at + 800 < b.n; at += 800) {
		assert_true(tone_in(b.pcm + at, 800, 1000) < 0.03);
		assert_true(tone_in(b.pcm + at, 800, 2000) < 0.03);
	}
	phone_close(&b);
}

static void test_what_follows_waits_for_the_notice(void **state)
{
	const struct media_play_prm notice = {
		.play = "n",
		.leg = a.leg,
		.sources = both,
		.n = 2,
		.must_end = true,
	};

	phone_open(&b, &rig, "l.b", 700, 8);
	assert_int_equal(media_play(rig.m, &notice), 0);
	rig_until(hears_1000, NULL, 3000);
	assert_int_equal(play("p", &both[0], 1, true), 0);
	assert_int_equal(play("q", &both[0], 1, true), 0);
	const struct media_event *ev = rig_wait(&rig, MEDIA_PLAYED, 0);
	assert_string_equal(ev->id, "p"); /* the later one takes its place */
	assert_int_equal(ev->reason, PLAY_STOPPED);
	ev = rig_wait(&rig, MEDIA_PLAYED, 1);
	assert_string_equal(ev->id, "n");
	assert_int_equal(ev->reason, PLAY_DONE);
	assert_int_equal(ev->ms, 1200);
	rig_until(hears_1000, NULL, 3000);
	rig_bridge(&rig, "br", &a, &b);
	ev = rig_wait(&rig, MEDIA_PLAYED, 2);
	assert_string_equal(ev->id, "q");
	assert_int_equal(ev->reason, PLAY_JOINED);
	rig_until(a_hears_b, NULL, 3000);
	phone_close(&b);
}

static void test_a_held_leg_hears_its_music(void **state)
{
	phone_open(&b, &rig, "l.b", 700, 8);
	const struct media_member held[] = {{.leg = a.leg, .role = ROLE_HOLD},
					    {.leg = b.leg}};
	rig_bridge(&rig, "br", &a, &b);
	rig_until(a_hears_b, NULL, 3000);
	assert_int_equal(media_bridge_set(rig.m, "br", "c1", held, 2), 0);
	assert_int_equal(play("p", &both[0], 1, true), 0);
	rig_until(hears_1000, NULL, 3000);
	assert_true(phone_hears(&a, 700, 800) < 0.05);
	assert_true(phone_hears(&b, 440, 800) < 0.05);
	rig_bridge(&rig, "br", &a, &b);
	assert_int_equal(rig_wait(&rig, MEDIA_PLAYED, 0)->reason, PLAY_JOINED);
	rig_until(a_hears_b, NULL, 3000);
	phone_close(&b);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_one_after_the_other),
		CASE(test_loops_until_stopped),
		CASE(test_seek_and_pause),
		CASE(test_a_newer_play_ends_the_older),
		CASE(test_a_key_ends_it),
		CASE(test_tones),
		CASE(test_what_may_not_be_played),
		CASE(test_a_changed_prompt_is_read_again),
		CASE(test_recordings_are_streamed),
		CASE(test_join_ends_a_play),
		CASE(test_the_notice_plays_out),
		CASE(test_what_follows_waits_for_the_notice),
		CASE(test_a_held_leg_hears_its_music),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
