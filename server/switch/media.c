/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The media engine's front: what signalling calls on the main loop.
 */
#include "server/switch/media.h"

#include <errno.h>
#include <string.h>

struct media {
	struct media_prm prm;
};

struct media_leg {
	struct media *m;
};

int media_alloc(struct media **mp, const struct media_prm *prm)
{
	struct media *m = mem_zalloc(sizeof(*m), NULL);
	if (!m)
		return ENOMEM;
	m->prm = *prm;
	*mp = m;
	return 0;
}

void media_close(struct media *m)
{
	mem_deref(m);
}

void media_stats(const struct media *m, struct media_stats *out)
{
	memset(out, 0, sizeof(*out));
}

int media_leg_alloc(struct media_leg **lp, struct media *m,
		    const struct media_leg_prm *prm)
{
	struct media_leg *leg = mem_zalloc(sizeof(*leg), NULL);
	if (!leg)
		return ENOMEM;
	leg->m = m;
	*lp = leg;
	return 0;
}

uint16_t media_leg_port(const struct media_leg *leg)
{
	return 0;
}

int media_leg_start(struct media_leg *leg, const struct media_format *fmt)
{
	return 0;
}

int media_leg_channel(struct media_leg *leg, int in, int out, bool resync)
{
	return 0;
}

int media_leg_dtmf(struct media_leg *leg, const char *digits)
{
	return 0;
}

void media_leg_quality(const struct media_leg *leg, struct media_quality *q)
{
	memset(q, 0, sizeof(*q));
}

int media_bridge_set(struct media *m, const char *bridge, const char *contact,
		     const struct media_member *members, size_t n)
{
	return 0;
}

int media_play(struct media *m, const struct media_play_prm *prm)
{
	return ENOENT;
}

int media_play_seek(struct media *m, const char *play, int64_t position_ms,
		    bool paused)
{
	return ENOENT;
}

int media_play_stop(struct media *m, const char *play)
{
	return ENOENT;
}

int media_record(struct media *m, const char *recording,
		 struct media_leg *leg)
{
	return ENOENT;
}

int media_record_stop(struct media *m, const char *recording)
{
	return ENOENT;
}

int media_mend(const char *dir, media_mend_h *h, void *arg)
{
	return 0;
}
