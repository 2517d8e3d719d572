/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A backend without a microphone and a relay that rings. Neither hears the
 * far side nor sends anything to it.
 */
#include "agent-tui/ringer.h"

#include <errno.h>
#include <string.h>

#include "common/libre.h"
#include "common/log.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "agent-tui/relay.h"

struct ringer {
	const struct phone_backend *backend;
	struct phone_audio *audio;
	struct relay *relay;
};

static void destructor(void *arg)
{
	struct ringer *r = arg;

	mem_deref(r->relay);
	mem_deref(r->audio);
}

static void on_mic(const uint8_t *alaw, size_t len, void *arg)
{
	(void)alaw;
	(void)len;
	(void)arg;
}

/* The headset's state is what an agent must see; this one goes to the log. */
static void on_state(enum phone_audio_state state, const char *detail,
		     void *arg)
{
	(void)arg;
	if (state == PHONE_AUDIO_FAILED)
		log_warn("ringer: %s", detail);
}

static void on_play(uint32_t seq, bool marker, const uint8_t *alaw, size_t len,
		    void *arg)
{
	struct ringer *r = arg;

	r->backend->play(r->audio, seq, marker, alaw, len);
}

static int on_send(const uint8_t *frame, size_t len, void *arg)
{
	(void)frame;
	(void)len;
	(void)arg;
	return 0;
}

int ringer_alloc(struct ringer **rp, const struct phone_backend *backend,
		 const char *device)
{
	scoped_mem struct ringer *r = mem_zalloc(sizeof(*r), destructor);
	struct phone_devices d = {.source = "null"};

	if (!r)
		return ENOMEM;
	if (backend == &wavphone_backend)
		d.source[0] = '\0';
	utf8_copy(d.player, sizeof(d.player), device);
	r->backend = backend;
	const struct phone_audio_prm ap = {
		.devices = &d, .mich = on_mic, .stateh = on_state, .arg = r};
	const struct relay_prm rp2 = {
		.sendh = on_send, .playh = on_play, .arg = r};
	int err = backend->alloc(&r->audio, &ap);
	if (!err)
		err = relay_alloc(&r->relay, &rp2);
	if (err)
		return err;
	*rp = take(r);
	return 0;
}

void ringer_ring(struct ringer *r, bool on)
{
	if (r)
		relay_ring(r->relay, on);
}
