/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer thread: takes recordings out of their rings twice a second into
 * YYYY/MM/DD/<id>.wav, keeps headers true, syncs each second, hashes at the
 * end. When the folder takes no more, a recording moves to the spill folder
 * if there is one; else it goes on trying while its ring lasts.
 *
 * While a recording is open, <folder>/.open/<id> holds its path: what is
 * there at a start was left by a crash (recorder_mend).
 */
#pragma once

#include "server/switch/media.h"
#include "server/switch/outbox.h"
#include "server/switch/recording.h"

struct recorder;

struct recorder_prm {
	const char *dir, *spill_dir;
	struct mqueue *bell;
};

int recorder_alloc(struct recorder **rp, const struct recorder_prm *prm);
/* Waits until all that was added is done and closed. */
void recorder_stop(struct recorder *r);
/* After its outbox was drained. */
void recorder_free(struct recorder *r);
struct outbox *recorder_outbox(struct recorder *r);

/* Main loop: the recorder owns it from now on; the voice thread uses it
 * until recording_end. */
void recorder_add(struct recorder *r, struct recording *rec);

struct recorder_figures {
	uint64_t bytes, dropped;
	uint32_t open;
};
void recorder_figures(struct recorder *r, struct recorder_figures *out);

int recorder_mend(const char *dir, media_mend_h *h, void *arg);
