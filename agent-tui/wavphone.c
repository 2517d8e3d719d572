/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audio backend of robots: the microphone is a WAV file that is repeated
 * without end, the headset another file, or one a leg in a folder. No child,
 * no sound card; dozens of them run in one process. Files are read once and
 * shared; what is heard is written as A-law in blocks of some seconds, since
 * a robot may wait for its disk where a person's workstation may not.
 */
#include "agent-tui/phone.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/proto.h"
#include "common/scope.h"

#include "agent-tui/wavfile.h"

#define TICK_MS 20

struct phone_audio {
	struct phone_audio_prm prm;
	struct wavfile *mic; /* NULL: silence */
	size_t at;
	struct wavsink *sink;
	char player[160];
	bool folder;
	struct tmr tmr;
	int64_t tick_us;
	uint32_t last_seq;
	bool heard;
};

static void on_tick(void *arg)
{
	struct phone_audio *a = arg;
	int64_t now = cal_mono_us();
	uint8_t frame[160];

	a->tick_us += TICK_MS * 1000;
	if (a->tick_us < now - 200000)
		a->tick_us = now;
	int64_t wait_us = a->tick_us - now;
	tmr_start(&a->tmr, wait_us > 0 ? (uint64_t)(wait_us + 999) / 1000 : 0,
		  on_tick, a);
	a->at = wavfile_read(a->mic, a->at, frame, sizeof(frame));
	wavmark_put(frame, sizeof(frame));
	a->prm.mich(frame, sizeof(frame), a->prm.arg);
}

static void play(struct phone_audio *a, uint32_t seq, bool marker,
		 const uint8_t *alaw, size_t len)
{
	uint32_t gap = a->heard && !marker ? seq - a->last_seq - 1 : 0;

	a->heard = true;
	a->last_seq = seq;
	if (!a->sink)
		return;
	if (gap < 100)
		wavsink_silence(a->sink, gap * len);
	wavsink_write(a->sink, alaw, len);
}

/* Told at each change of the same leg. */
static void leg(struct phone_audio *a, const char *contact)
{
	char path[256];

	if (!a->folder || (a->sink && *contact))
		return;
	a->sink = mem_deref(a->sink);
	a->heard = false;
	if (!*contact)
		return;
	snprintf(path, sizeof(path), "%s/%s.wav", a->player, contact);
	wavsink_alloc(&a->sink, path);
}

static void on_up(void *arg)
{
	struct phone_audio *a = arg;

	a->tick_us = cal_mono_us();
	a->prm.stateh(PHONE_AUDIO_UP, "", a->prm.arg);
	on_tick(a);
}

static void destructor(void *arg)
{
	struct phone_audio *a = arg;

	tmr_cancel(&a->tmr);
	mem_deref(a->mic);
	mem_deref(a->sink);
}

static int alloc(struct phone_audio **ap, const struct phone_audio_prm *prm)
{
	scoped_mem struct phone_audio *a = mem_zalloc(sizeof(*a), destructor);
	struct stat sb;
	int err = 0;

	if (!a)
		return ENOMEM;
	a->prm = *prm;
	tmr_init(&a->tmr);
	if (*prm->devices->source)
		err = wavfile_alloc(&a->mic, prm->devices->source);
	if (err)
		return err;
	snprintf(a->player, sizeof(a->player), "%s", prm->devices->player);
	a->folder = *a->player && !stat(a->player, &sb) && S_ISDIR(sb.st_mode);
	if (*a->player && !a->folder)
		err = wavsink_alloc(&a->sink, a->player);
	if (err)
		return err;
	tmr_start(&a->tmr, 0, on_up, a);
	*ap = take(a);
	return 0;
}

const struct phone_backend wavphone_backend = {
	.name = "wav",
	.alloc = alloc,
	.play = play,
	.leg = leg,
};
