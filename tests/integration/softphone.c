/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workstation's phone on a real baresip, without a sound card (WAV files
 * as devices), against a switch made of two functions: an offer is answered,
 * voice flows both ways, mute is silent, and a killed baresip comes back
 * while the leg stays up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent-tui/phone.h"
#include "agent-tui/relay.h"
#include "agent-tui/wavfile.h"
#include "common/cal.h"
#include "common/libre.h"

#define WAIT_MS 15000

static struct {
	struct phone *phone;
	char sent[4096]; /* phone channel, last lines */
	struct relay_split split;
	struct wavsink *heard; /* by the switch: what the agent said */
	struct wavfile *voice; /* of the citizen */
	size_t at;
	uint16_t seq;
	uint32_t frames, loud;
	int64_t answered_us, first_loud_us;
	bool (*until)(void);
	struct tmr poll, limit, talk;
	bool late;
} t;

/* ---- waiting ---- */

static void on_poll(void *arg)
{
	(void)arg;
	if (t.until()) {
		re_cancel();
		return;
	}
	tmr_start(&t.poll, 5, on_poll, NULL);
}

static void on_limit(void *arg)
{
	(void)arg;
	t.late = true;
	re_cancel();
}

static void wait_for(bool (*until)(void))
{
	t.until = until;
	t.late = false;
	tmr_start(&t.poll, 0, on_poll, NULL);
	tmr_start(&t.limit, WAIT_MS, on_limit, NULL);
	re_main(NULL);
	tmr_cancel(&t.poll);
	tmr_cancel(&t.limit);
	assert_false(t.late);
}

/* ---- the switch ---- */

static int on_phone(const void *data, size_t len, void *arg)
{
	(void)arg;
	size_t used = strlen(t.sent);

	if (used + len + 1 < sizeof(t.sent)) {
		memcpy(t.sent + used, data, len);
		t.sent[used + len] = '\0';
	}
	return 0;
}

static void on_packet(const uint8_t *rtp, size_t len, void *arg)
{
	(void)arg;
	t.frames++;
	if (relay_level_db(rtp + 12, len - 12) > -50) {
		t.loud++;
		if (!t.first_loud_us)
			t.first_loud_us = cal_mono_us();
	}
	if (t.heard)
		wavsink_write(t.heard, rtp + 12, len - 12);
}

static int on_voice(const void *data, size_t len, void *arg)
{
	(void)arg;
	relay_split_feed(&t.split, data, len, on_packet, NULL);
	return 0;
}

static void on_talk(void *arg)
{
	uint8_t f[2 + 12 + 160] = {0, 172, 0x80, 8};

	(void)arg;
	tmr_start(&t.talk, 20, on_talk, NULL);
	f[4] = (uint8_t)(t.seq >> 8);
	f[5] = (uint8_t)t.seq;
	uint32_t ts = t.seq * 160U;
	f[6] = (uint8_t)(ts >> 24);
	f[7] = (uint8_t)(ts >> 16);
	f[8] = (uint8_t)(ts >> 8);
	f[9] = (uint8_t)ts;
	t.seq++;
	t.at = wavfile_read(t.voice, t.at, f + 14, 160);
	phone_feed_voice(t.phone, f, sizeof(f));
}

static void feed(const char *line)
{
	phone_feed(t.phone, (const uint8_t *)line, strlen(line));
}

/* ---- conditions ---- */

static bool audio_up(void)
{
	return phone_status(t.phone)->audio == PHONE_AUDIO_UP;
}

static bool loud_enough(void)
{
	return t.loud > 100;
}

static bool fifty_frames(void)
{
	return t.frames >= 50;
}

static uint32_t frames_wanted;
static bool frames_there(void)
{
	return t.frames >= frames_wanted;
}

static bool audio_down(void)
{
	return !audio_up();
}

/* ---- the test ---- */

static char folder[64];
static const char *agent_wav, *citizen_wav;

static void make_phone(const char *source, const char *player)
{
	struct phone_prm prm = {
		.backend = &softphone_backend,
		.client = "test",
		.phone_sendh = on_phone,
		.voice_sendh = on_voice,
	};
	memset(&t, 0, sizeof(t));
	snprintf(prm.devices.source, sizeof(prm.devices.source), "%s", source);
	snprintf(prm.devices.player, sizeof(prm.devices.player), "%s", player);
	assert_int_equal(0, phone_alloc(&t.phone, &prm));
	assert_int_equal(0, phone_start(t.phone));
	phone_attach(t.phone);
	feed("{\"method\":\"phone.hello\",\"params\":{\"version\":1,"
	     "\"boot\":\"b\",\"path\":\"tunnel\",\"legs\":[]}}\n");
	assert_true(phone_status(t.phone)->attached);
}

static void drop_phone(void)
{
	tmr_cancel(&t.talk);
	t.phone = mem_deref(t.phone);
	t.heard = mem_deref(t.heard);
	t.voice = mem_deref(t.voice);
}

static void offer_and_answer(void)
{
	feed("{\"method\":\"phone.offer\",\"params\":{\"leg\":\"s.1\","
	     "\"contact\":\"c1\",\"ring_ms\":15000,\"info\":{\"number\":"
	     "\"138****1234\",\"name\":\"张*\"}}}\n");
	assert_int_equal(PHONE_RINGING, phone_status(t.phone)->leg_state);
	assert_int_equal(0, phone_answer(t.phone));
	assert_int_equal(EALREADY, phone_answer(t.phone));
	assert_non_null(strstr(t.sent, "phone.answer"));
	t.answered_us = cal_mono_us();
	feed("{\"method\":\"phone.up\",\"params\":{\"leg\":\"s.1\"}}\n");
	assert_int_equal(PHONE_UP, phone_status(t.phone)->leg_state);
}

/* The one child of this process. */
static pid_t child(void)
{
	char path[64], text[64] = "";
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	size_t n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	return (pid_t)strtol(text, NULL, 10);
}

static void test_call(void **state)
{
	char source[160], player[160], heard[160];

	(void)state;
	snprintf(source, sizeof(source), "aufile,%s", agent_wav);
	snprintf(player, sizeof(player), "sndfile,%s", folder);
	snprintf(heard, sizeof(heard), "%s/switch.wav", folder);
	make_phone(source, player);
	assert_int_equal(0, wavsink_alloc(&t.heard, heard));
	assert_int_equal(0, wavfile_alloc(&t.voice, citizen_wav));
	wait_for(audio_up);
	offer_and_answer();
	tmr_start(&t.talk, 0, on_talk, NULL);
	wait_for(loud_enough);
	print_message("first loud frame %d ms after the answer\n",
		      (int)((t.first_loud_us - t.answered_us) / 1000));

	/* mute is silent, and the line stays alive */
	phone_mute(t.phone, true);
	t.loud = t.frames = 0;
	wait_for(fifty_frames);
	assert_int_equal(0, t.loud);
	phone_mute(t.phone, false);
	wait_for(loud_enough);

	/* a dead child: voice goes on as silence, then comes back */
	pid_t pid = child();
	assert_true(pid > 0);
	kill(pid, SIGKILL);
	wait_for(audio_down);
	assert_int_equal(PHONE_UP, phone_status(t.phone)->leg_state);
	t.loud = t.frames = 0;
	int64_t killed = cal_mono_us();
	wait_for(audio_up);
	print_message("baresip was back after %d ms\n",
		      (int)((cal_mono_us() - killed) / 1000));
	assert_true(child() > 0 && child() != pid);
	wait_for(loud_enough);
	assert_int_equal(1, phone_status(t.phone)->audio_restarts);

	feed("{\"method\":\"phone.ended\",\"params\":{\"leg\":\"s.1\","
	     "\"cause\":\"bye\"}}\n");
	assert_int_equal(PHONE_IDLE, phone_status(t.phone)->leg_state);
	assert_string_equal("bye", phone_status(t.phone)->cause);
	drop_phone();
}

static void test_no_card(void **state)
{
	(void)state;
	make_phone("null", "null");
	wait_for(audio_up);
	offer_and_answer();
	frames_wanted = 100;
	wait_for(frames_there);
	assert_int_equal(0, t.loud);
	drop_phone();
}

static void test_reattach(void **state)
{
	(void)state;
	make_phone("null", "null");
	wait_for(audio_up);
	offer_and_answer();
	phone_detach(t.phone);
	assert_int_equal(PHONE_DETACHED, phone_status(t.phone)->leg_state);
	assert_int_equal(ENOTCONN, phone_hangup(t.phone));
	phone_attach(t.phone);
	feed("{\"method\":\"phone.hello\",\"params\":{\"version\":1,"
	     "\"legs\":[{\"leg\":\"s.1\",\"contact\":\"c1\",\"state\":"
	     "\"up\"}]}}\n");
	assert_int_equal(PHONE_UP, phone_status(t.phone)->leg_state);
	assert_int_equal(0, phone_hangup(t.phone));
	assert_non_null(strstr(t.sent, "phone.hangup"));
	assert_int_equal(PHONE_IDLE, phone_status(t.phone)->leg_state);
	/* the next one ends while we are away */
	offer_and_answer();
	phone_detach(t.phone);
	feed("{\"method\":\"phone.hello\",\"params\":{\"version\":1,"
	     "\"legs\":[]}}\n");
	assert_int_equal(PHONE_IDLE, phone_status(t.phone)->leg_state);
	/* hostile lines change nothing */
	feed("garbage\n{\"method\":\"phone.up\",\"params\":{\"leg\":7}}\n");
	assert_int_equal(PHONE_IDLE, phone_status(t.phone)->leg_state);
	drop_phone();
}

static bool rang_long_enough(void)
{
	return cal_mono_us() - t.first_loud_us > 4000000;
}

/* The second device has the tone while it rings, and the headset's own
 * backend is another child. What was rung is judged by the script. */
static void test_second_ringer(void **state)
{
	struct phone_devices d;
	char ringer[96];

	(void)state;
	make_phone("null", "null");
	d = *phone_devices(t.phone);
	snprintf(d.ringer, sizeof(d.ringer), "sndfile,%s/ringer\nmodule x.so",
		 folder);
	assert_int_equal(EINVAL, phone_set_devices(t.phone, &d));
	snprintf(ringer, sizeof(ringer), "%s/ringer", folder);
	assert_int_equal(0, mkdir(ringer, 0700));
	snprintf(d.ringer, sizeof(d.ringer), "sndfile,%s", ringer);
	assert_int_equal(0, phone_set_devices(t.phone, &d));
	wait_for(audio_up);
	feed("{\"method\":\"phone.offer\",\"params\":{\"leg\":\"s.9\","
	     "\"contact\":\"c9\",\"ring_ms\":15000,\"info\":{}}}\n");
	assert_int_equal(PHONE_RINGING, phone_status(t.phone)->leg_state);
	t.first_loud_us = cal_mono_us();
	wait_for(rang_long_enough);
	assert_int_equal(0, phone_refuse(t.phone));
	drop_phone();
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call),
		cmocka_unit_test(test_no_card),
		cmocka_unit_test(test_reattach),
		cmocka_unit_test(test_second_ringer),
	};

	if (argc != 4)
		return 2;
	snprintf(folder, sizeof(folder), "%s", argv[1]);
	agent_wav = argv[2];
	citizen_wav = argv[3];
	if (libre_init())
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed ? 1 : 0;
}
