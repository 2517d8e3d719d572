/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rule is one: L hears every talker but itself, and whoever whispers to
 * it. Who hears exactly one stream and no play gets its packets forwarded;
 * everybody else gets a mix made by the clock. So a supervisor who begins to
 * listen changes nothing for the two who talk.
 */
#include "server/switch/bridge.h"

#include <string.h>

#include "server/switch/play.h"
#include "server/switch/recording.h"
#include "server/switch/rtp.h"

/* A notice that plays out alone: the bridge is heard after it. */
static bool plays_alone(const struct stream *s)
{
	return s->play && s->play->must_end;
}

static bool is_heard(const struct stream *s, const struct stream *by)
{
	if (s == by)
		return false;
	return s->role == ROLE_TALK ||
	       (s->role == ROLE_WHISPER && s->whisper_to == by);
}

static void clear(struct stream *s)
{
	s->n_hears = 0;
	s->n_forwards = 0;
	s->mixed = true;
}

static void derive(struct bridge *b)
{
	bool decoded[VOICE_BRIDGE] = {false};

	for (size_t i = 0; i < b->n; i++)
		clear(b->members[i]);
	for (size_t i = 0; i < b->n; i++) {
		struct stream *l = b->members[i];
		if (l->role == ROLE_HOLD || plays_alone(l))
			continue;
		size_t last = 0;
		for (size_t k = 0; k < b->n; k++) {
			if (!is_heard(b->members[k], l))
				continue;
			l->hears[l->n_hears++] = b->members[k];
			last = k;
		}
		l->mixed = l->play || l->n_hears != 1;
		if (!l->mixed) {
			struct stream *s = b->members[last];
			s->forwards[s->n_forwards++] = l;
			continue;
		}
		for (size_t k = 0; k < b->n; k++)
			decoded[k] |= is_heard(b->members[k], l);
	}
	for (size_t i = 0; i < b->n; i++) {
		struct stream *s = b->members[i];
		if (decoded[i] && !s->decoded)
			mix_in_reset(&s->mix);
		s->decoded = decoded[i];
	}
}

void bridge_update(struct stream *s)
{
	if (s->bridge) {
		derive(s->bridge);
		return;
	}
	clear(s);
	s->decoded = false;
}

static void remove_member(struct bridge *b, struct stream *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->n; i++) {
		if (b->members[i] == s)
			continue;
		if (b->members[i]->whisper_to == s)
			b->members[i]->whisper_to = NULL;
		b->members[kept++] = b->members[i];
	}
	b->n = kept;
	s->bridge = NULL;
	s->whisper_to = NULL;
	bridge_update(s);
}

void bridge_leave(struct stream *s)
{
	struct bridge *b = s->bridge;

	if (!b)
		return;
	remove_member(b, s);
	derive(b);
}

static bool is_named(const struct stream *s,
		     const struct command_member *members, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (members[i].stream == s)
			return true;
	return false;
}

void bridge_set(struct bridge *b, const struct command_member *members,
		size_t n)
{
	bool joined[VOICE_BRIDGE];

	for (size_t i = b->n; i-- > 0;)
		if (!is_named(b->members[i], members, n))
			remove_member(b, b->members[i]);
	for (size_t i = 0; i < n; i++) {
		struct stream *s = members[i].stream;
		joined[i] = members[i].role == ROLE_TALK &&
			    (s->bridge != b || s->role != ROLE_TALK);
		if (s->bridge && s->bridge != b)
			bridge_leave(s);
		s->bridge = b;
		s->role = members[i].role;
		s->whisper_to = members[i].to;
		b->members[i] = s;
	}
	b->n = n;
	derive(b);
	for (size_t i = 0; i < n; i++) {
		if (joined[i])
			voice_play_joined(members[i].stream);
	}
}

/* ---- the clock ---- */

static void record_mix(struct stream *s, const int32_t *sum)
{
	int16_t pcm[VOICE_FRAME];
	uint8_t octets[VOICE_FRAME];

	mix_clip(pcm, sum);
	mix_encode(octets, pcm, VOICE_FRAME, MIX_PCMA);
	const struct recording_voice v = {
		.channel = RECORDING_HEARS,
		.pt = MIX_PCMA,
		.ssrc = s->out.ssrc,
		.ts = s->out.next_ts - VOICE_FRAME,
		.payload = octets,
		.n = VOICE_FRAME,
	};
	recording_put(s->recording, &v, s->voice->now_us);
}

static void send_mix(struct stream *s, const int32_t *sum)
{
	int16_t pcm[VOICE_FRAME];

	mix_clip(pcm, sum);
	rtp_stream_send(s, pcm);
}

static void send_silence(struct stream *s)
{
	uint8_t octets[VOICE_FRAME];

	memset(octets, mix_silence(s->pt), sizeof(octets));
	rtp_stream_send_octets(s, octets);
}

/* What a stream hears that is not forwarded to it. */
static void hear(struct stream *s)
{
	int32_t people[VOICE_FRAME] = {0}, sum[VOICE_FRAME];
	int16_t pcm[VOICE_FRAME];
	bool ready = rtp_stream_ready(s);
	bool ended = false;

	for (size_t i = 0; i < s->n_hears; i++)
		mix_add(people, s->hears[i]->mix.frame);
	memcpy(sum, people, sizeof(sum));
	if (s->play) {
		ended = !play_take(s->play, pcm, VOICE_FRAME);
		mix_add(sum, pcm);
	}
	if (ready && dtmf_busy(&s->dial))
		ready = false; /* the key speaks in its place */
	if (ready && (s->play || s->n_hears))
		send_mix(s, sum);
	else if (ready)
		send_silence(s);
	if (ready && s->n_hears && s->recording)
		record_mix(s, people);
	if (ended)
		voice_play_end(s, PLAY_DONE, 0);
}

void bridge_tick(struct voice *v)
{
	for (size_t i = 0; i < v->n_streams; i++)
		if (v->streams[i]->decoded)
			mix_in_take(&v->streams[i]->mix);
	for (size_t i = 0; i < v->n_streams; i++) {
		struct stream *s = v->streams[i];
		if (!s->started)
			continue;
		if (dtmf_busy(&s->dial) && rtp_stream_ready(s))
			rtp_stream_send_key(s);
		if (s->mixed)
			hear(s);
	}
	rtp_stream_flush(v);
}
