/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recordings: headers, channels, alignment, and what a crash or a full disk
 * leaves.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/cal.h"
#include "server/switch/recording.h"
#include "server/switch/wav.h"
#include "tests/unit/media_rig.h"

static struct rig rig;
static struct phone a, b;

static int set_up(void **state)
{
	rig_open(&rig, 1);
	return 0;
}

static int tear_down(void **state)
{
	rig_close(&rig);
	return 0;
}

/* ---- headers ---- */

static void test_own_header_is_read(void **state)
{
	uint8_t head[WAV_HEADER];
	struct wav_info info;

	wav_header(head, 1000);
	assert_int_equal(wav_parse(&info, head, sizeof(head), 1058), 0);
	assert_int_equal(info.format, WAV_ALAW);
	assert_int_equal(info.channels, 2);
	assert_int_equal(info.data_at, WAV_HEADER);
	assert_int_equal(info.data_bytes, 1000);
	/* the file is shorter than it says */
	assert_int_equal(wav_parse(&info, head, sizeof(head), 161), 0);
	assert_int_equal(info.data_bytes, 102);
}

static void test_foreign_headers_are_refused(void **state)
{
	uint8_t head[WAV_HEADER];
	struct wav_info info;
	static const struct {
		size_t at;
		uint8_t value;
	} faults[] = {
		{0, 'X'},  {8, 'X'},   {20, 2},	       {22, 3},
		{22, 0},   {24, 0x80}, {34, 16},       {16, 15},
		{50, 'x'}, {19, 0x7f}, {42 + 3, 0xff},
	};

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		wav_header(head, 1000);
		head[faults[i].at] = faults[i].value;
		assert_int_equal(wav_parse(&info, head, sizeof(head), 1058),
				 EBADMSG);
	}
	for (size_t n = 0; n < WAV_HEADER; n++) {
		wav_header(head, 1000);
		assert_int_equal(wav_parse(&info, head, n, 1058), EBADMSG);
	}
}

static void test_stereo_is_mixed_down(void **state)
{
	const struct wav_info info = {
		.format = WAV_PCM, .channels = 2, .frame_bytes = 4};
	const uint8_t raw[] = {1, 0, 2, 0, 0xff, 0x7f, 1, 0, 0, 0x80, 0, 0x80};
	int16_t pcm[3];

	wav_samples(pcm, raw, 3, &info);
	assert_int_equal(pcm[0], 3);
	assert_int_equal(pcm[1], 32767);
	assert_int_equal(pcm[2], -32767);
}

/* ---- a ring ---- */

static void put(struct recording *r, uint32_t ts, size_t n, int64_t now_ms)
{
	static const uint8_t voice[1600] = {0};
	const struct recording_voice v = {
		.channel = RECORDING_SAYS,
		.pt = 8,
		.ssrc = 1,
		.ts = ts,
		.payload = voice,
		.n = n,
	};
	recording_put(r, &v, 1000000 + now_ms * 1000);
}

static void test_jitter_does_not_move_voice(void **state)
{
	struct recording *r;

	assert_int_equal(recording_alloc(&r, "r", "l", "c"), 0);
	recording_tick(r, 1000000);
	put(r, 0, 160, 100);
	put(r, 160, 160, 180);	       /* 60 ms late */
	put(r, 480, 160, 190);	       /* one lost, this one early */
	put(r, 800 + 16000, 160, 200); /* another clock: laid anew */
	for (size_t i = 0; i < 4000; i++) {
		bool voice = (i >= 800 && i < 1120) ||
			     (i >= 1280 && i < 1440) ||
			     (i >= 1600 && i < 1760);
		assert_int_equal(r->ring[0][i], voice ? 0 : RECORDING_SILENCE);
		assert_int_equal(r->ring[1][i], RECORDING_SILENCE);
	}
	recording_free(r);
}

static void test_full_ring_refuses(void **state)
{
	struct recording *r;

	assert_int_equal(recording_alloc(&r, "r", "l", "c"), 0);
	/* nobody takes anything out for ten seconds */
	for (uint32_t i = 0; i < 500; i++) {
		put(r, i * 160, 160, i * 20);
		recording_tick(r, 1000000 + i * 20000);
	}
	/* 65536 samples are 409 packets */
	assert_int_equal(atomic_load(&r->dropped), (500 - 409) * 160);
	assert_int_equal(atomic_load(&r->ready), 499 * 160 - RECORDING_SETTLE);
	recording_free(r);
}

/* ---- whole recordings ---- */

static void full_path(char out[300], const char *path)
{
	if (*path == '/')
		snprintf(out, 300, "%s", path);
	else
		snprintf(out, 300, "%s/%s", rig.rec, path);
}

static void assert_hash(const struct media_event *ev)
{
	char path[300], hex[65];

	full_path(path, ev->path);
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(wav_hash(fd, hex), 0);
	close(fd);
	assert_string_equal(hex, ev->sha256);
}

static size_t markers(const char *root)
{
	char name[200];
	size_t n = 0;

	snprintf(name, sizeof(name), "%s/.open", root);
	DIR *d = opendir(name);
	if (!d)
		return 0;
	for (struct dirent *de; (de = readdir(d));)
		n += de->d_name[0] != '.';
	closedir(d);
	return n;
}

static void test_two_channels(void **state)
{
	struct rig_sound s;
	char path[300], day[CAL_TEXT_SIZE];

	phone_open(&a, &rig, "l.a", 440, 0);
	phone_open(&b, &rig, "l.b", 700, 8);
	assert_int_equal(media_record(rig.m, "rec.1", a.leg), 0);
	assert_int_equal(media_record(rig.m, "rec.1", a.leg), EALREADY);
	assert_int_equal(media_record(rig.m, "../x", a.leg), EINVAL);
	rig_bridge(&rig, "br", &a, &b);
	cal_day(day, cal_now_us());
	rig_run(2000);
	assert_int_equal(markers(rig.rec), 1);
	assert_int_equal(media_record_stop(rig.m, "rec.1"), 0);
	const struct media_event *ev = rig_wait(&rig, MEDIA_REC_CLOSED, 0);
	assert_int_equal(media_record_stop(rig.m, "rec.1"), ENOENT);
	assert_non_null(rig_event(&rig, MEDIA_REC_OPEN, 0));
	assert_string_equal(ev->path,
			    rig_event(&rig, MEDIA_REC_OPEN, 0)->path);
	assert_int_equal(ev->error, 0);
	assert_in_range(ev->ms, 1900, 2300);
	assert_memory_equal(ev->path, day, 4);
	assert_string_equal(ev->path + 10, "/rec.1.wav");
	assert_int_equal(markers(rig.rec), 0);
	assert_hash(ev);

	full_path(path, ev->path);
	rig_load(&s, path);
	assert_true(tone_in(s.pcm[0] + 4000, 8000, 440) > 0.9);
	assert_true(tone_in(s.pcm[1] + 4000, 8000, 700) > 0.9);
	assert_true(tone_in(s.pcm[0] + 4000, 8000, 700) < 0.05);
	assert_true(tone_in(s.pcm[1] + 4000, 8000, 440) < 0.05);
	rig_unload(&s);
	phone_close(&a);
	phone_close(&b);
}

static size_t onset(const int16_t *pcm, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pcm[i] > 1000)
			return i;
	return n;
}

static void test_pauses_keep_their_place(void **state)
{
	struct rig_sound s;
	char path[300];

	phone_open(&a, &rig, "l.a", 440, 8);
	phone_open(&b, &rig, "l.b", 700, 8);
	a.sends = b.sends = false;
	rig_bridge(&rig, "br", &a, &b);
	rig_run(60);
	assert_int_equal(media_record(rig.m, "rec.2", a.leg), 0);
	rig_run(300);
	a.sends = true;
	rig_run(500);
	b.sends = true;
	rig_run(500);
	phone_close(&a); /* the recording ends with its leg */
	const struct media_event *ev = rig_wait(&rig, MEDIA_REC_CLOSED, 0);
	assert_in_range(ev->ms, 1250, 1600);
	full_path(path, ev->path);
	rig_load(&s, path);
	size_t left = onset(s.pcm[0], s.n), right = onset(s.pcm[1], s.n);
	assert_in_range(left, 280 * 8, 360 * 8);
	assert_in_range(right - left, 460 * 8, 540 * 8);
	rig_unload(&s);
	phone_close(&b);
}

static void test_prompts_are_not_recorded(void **state)
{
	struct rig_sound s;
	char path[300];
	const struct media_source tone = {
		.kind = SOURCE_TONE, .hz1 = 2000, .ms = 60000};
	struct media_play_prm mine = {.play = "p", .sources = &tone, .n = 1};

	phone_open(&a, &rig, "l.a", 440, 8);
	phone_open(&b, &rig, "l.b", 700, 8);
	assert_int_equal(media_record(rig.m, "rec.3", a.leg), 0);
	mine.leg = a.leg;
	assert_int_equal(media_play(rig.m, &mine), 0);
	rig_run(600);
	assert_true(phone_hears(&a, 2000, 1600) > 0.5);
	/* in the bridge a play is mixed in for a, and is still no people */
	rig_bridge(&rig, "br", &a, &b);
	rig_wait(&rig, MEDIA_PLAYED, 0);
	mine.play = "p2";
	assert_int_equal(media_play(rig.m, &mine), 0);
	rig_run(900);
	assert_true(phone_hears(&a, 2000, 1600) > 0.5);
	assert_true(phone_hears(&a, 700, 1600) > 0.8);
	assert_true(phone_hears(&b, 2000, 1600) < 0.05);
	assert_int_equal(media_record_stop(rig.m, "rec.3"), 0);
	const struct media_event *ev = rig_wait(&rig, MEDIA_REC_CLOSED, 0);
	full_path(path, ev->path);
	rig_load(&s, path);
	assert_true(tone_in(s.pcm[1], 4000, 2000) < 0.02);
	assert_true(tone_in(s.pcm[1] + s.n - 3200, 2400, 2000) < 0.02);
	assert_true(tone_in(s.pcm[1] + s.n - 3200, 2400, 700) > 0.8);
	rig_unload(&s);
	phone_close(&a);
	phone_close(&b);
}

/* ---- crash ---- */

static void child(const char *dir)
{
	struct rig r;

	rig_open_in(&r, 1, dir);
	phone_open(&a, &r, "l.a", 440, 8);
	phone_open(&b, &r, "l.b", 700, 8);
	rig_bridge(&r, "br", &a, &b);
	if (media_record(r.m, "rec.9", a.leg))
		_exit(1);
	rig_run(60000);
	_exit(0);
}

struct mended {
	char recording[MEDIA_ID], path[160], sha256[65];
	int64_t ms;
	int n;
};

static void on_mended(const char *recording, const char *path, int64_t ms,
		      const char *sha256, void *arg)
{
	struct mended *m = arg;

	m->n++;
	m->ms = ms;
	str_ncpy(m->recording, recording, sizeof(m->recording));
	str_ncpy(m->path, path, sizeof(m->path));
	str_ncpy(m->sha256, sha256, sizeof(m->sha256));
}

static int kill_in_call(int ms)
{
	int status;

	pid_t pid = fork();
	if (pid == 0)
		child(rig.dir);
	rig_run(ms);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? 0 : EINVAL;
}

static int set_up_dir(void **state)
{
	char dir[] = "/tmp/zuoxi-media-XXXXXX";

	memset(&rig, 0, sizeof(rig));
	assert_non_null(mkdtemp(dir));
	str_ncpy(rig.dir, dir, sizeof(rig.dir));
	snprintf(rig.rec, sizeof(rig.rec), "%s/rec", rig.dir);
	assert_int_equal(libre_init(), 0);
	return 0;
}

static void test_crash_leaves_a_readable_file(void **state)
{
	struct mended m = {.n = 0};
	struct rig_sound s;
	char path[300];

	assert_int_equal(kill_in_call(3500), 0);
	/* as it lies there, before anything mended it */
	char day[CAL_TEXT_SIZE];
	cal_day(day, cal_now_us());
	snprintf(path, sizeof(path), "%s/%.4s/%.2s/%.2s/rec.9.wav", rig.rec,
		 day, day + 5, day + 8);
	rig_load(&s, path);
	assert_true(s.n >= 8 * 2200);
	assert_true(tone_in(s.pcm[0] + 8000, 8000, 440) > 0.9);
	assert_true(tone_in(s.pcm[1] + 8000, 8000, 700) > 0.9);
	rig_unload(&s);

	/* and torn: a crash of the host may cut in the middle of a frame */
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size - 7), 0);
	assert_int_equal(media_mend(rig.rec, on_mended, &m), 0);
	assert_int_equal(m.n, 1);
	assert_string_equal(m.recording, "rec.9");
	assert_int_equal(m.ms, (st.st_size - 8 - WAV_HEADER) / 16);
	rig_load(&s, path);
	assert_int_equal(s.n, (st.st_size - 8 - WAV_HEADER) / 2);
	rig_unload(&s);
	assert_string_equal(path + strlen(rig.rec) + 1, m.path);
	/* once is enough */
	assert_int_equal(media_mend(rig.rec, on_mended, &m), 0);
	assert_int_equal(m.n, 1);
	assert_int_equal(media_mend("/nonexistent", on_mended, &m), 0);
}

static int tear_down_dir(void **state)
{
	struct rig r = rig;

	/* rig_close wants an engine */
	libre_close();
	rig_open_in(&rig, 1, r.dir);
	rig_close(&rig);
	return 0;
}

/* ---- disks ---- */

static void test_spills_when_it_cannot_open(void **state)
{
	assert_int_equal(rmdir(rig.rec), 0);
	int fd = open(rig.rec, O_CREAT | O_WRONLY, 0600);
	close(fd);
	phone_open(&a, &rig, "l.a", 440, 8);
	assert_int_equal(media_record(rig.m, "rec.4", a.leg), 0);
	rig_wait(&rig, MEDIA_REC_OPEN, 0);
	assert_int_equal(media_record_stop(rig.m, "rec.4"), 0);
	const struct media_event *ev = rig_wait(&rig, MEDIA_REC_CLOSED, 0);
	assert_int_equal(ev->error, 0);
	assert_memory_equal(ev->path, rig.spill, strlen(rig.spill));
	assert_hash(ev);
	phone_close(&a);
}

static void test_goes_on_when_the_disk_is_back(void **state)
{
	phone_open(&a, &rig, "l.a", 440, 8);
	assert_int_equal(rmdir(rig.rec), 0);
	assert_int_equal(rmdir(rig.spill), 0);
	int fd = open(rig.rec, O_CREAT | O_WRONLY, 0600);
	close(fd);
	fd = open(rig.spill, O_CREAT | O_WRONLY, 0600);
	close(fd);
	assert_int_equal(media_record(rig.m, "rec.5", a.leg), 0);
	const struct media_event *ev = rig_wait(&rig, MEDIA_REC_ERROR, 0);
	assert_int_equal(ev->error, ENOTDIR);
	rig_run(700);
	assert_null(rig_event(&rig, MEDIA_REC_ERROR, 1));
	assert_int_equal(unlink(rig.rec), 0);
	assert_int_equal(mkdir(rig.rec, 0700), 0);
	rig_wait(&rig, MEDIA_REC_OPEN, 0);
	rig_run(300);
	assert_int_equal(media_record_stop(rig.m, "rec.5"), 0);
	ev = rig_wait(&rig, MEDIA_REC_CLOSED, 0);
	assert_int_equal(ev->error, 0);
	/* from the beginning: the ring kept it */
	assert_in_range(ev->ms, 1000, 3000);
	phone_close(&a);
}

static void test_full_disk_spills_in_mid_call(void **state)
{
	struct rig_sound s;
	char path[300];

	if (mount("none", rig.rec, "tmpfs", 0, "size=32k")) {
		skip();
		return;
	}
	phone_open(&a, &rig, "l.a", 440, 8);
	assert_int_equal(media_record(rig.m, "rec.6", a.leg), 0);
	rig_run(3000);
	assert_int_equal(media_record_stop(rig.m, "rec.6"), 0);
	const struct media_event *ev = rig_wait(&rig, MEDIA_REC_CLOSED, 0);
	umount(rig.rec);
	assert_int_equal(ev->error, 0);
	assert_memory_equal(ev->path, rig.spill, strlen(rig.spill));
	assert_in_range(ev->ms, 2900, 3400);
	full_path(path, ev->path);
	rig_load(&s, path);
	for (size_t at = 800; at + 1600 < 8 * 2800; at += 1600)
		assert_true(tone_in(s.pcm[0] + at, 1600, 440) > 0.9);
	rig_unload(&s);
	phone_close(&a);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define CASE_DIR(f) \
	cmocka_unit_test_setup_teardown(f, set_up_dir, tear_down_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_header_is_read),
		cmocka_unit_test(test_foreign_headers_are_refused),
		cmocka_unit_test(test_stereo_is_mixed_down),
		cmocka_unit_test(test_jitter_does_not_move_voice),
		cmocka_unit_test(test_full_ring_refuses),
		CASE_DIR(test_crash_leaves_a_readable_file),
		CASE(test_two_channels),
		CASE(test_pauses_keep_their_place),
		CASE(test_prompts_are_not_recorded),
		CASE(test_spills_when_it_cannot_open),
		CASE(test_goes_on_when_the_disk_is_back),
		CASE(test_full_disk_spills_in_mid_call),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
