/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One key on the wire as we send it, a step each 20 ms; all packets of a key
 * carry the timestamp of its beginning:
 *
 *     step      0    1    2    3    4    5      6      7
 *     packet    M    .    .    .    .    E E E  pause  pause
 *     duration  160  320  480  640  800  800
 *
 * Received keys are told apart by timestamp: whichever packet of a key
 * arrives first (its beginning may be lost) stands for it.
 */
#include "server/switch/dtmf.h"

#include <errno.h>
#include <string.h>

#define STEPS_ON  5
#define STEP_LAST 7
#define SAMPLES	  160
#define VOLUME	  10 /* -10 dBm0 */

static const char keys[] = "0123456789*#ABCD";

char dtmf_receive(struct dtmf_in *in, uint32_t ssrc, uint32_t ts,
		  const uint8_t *payload, size_t len)
{
	if (len < DTMF_PAYLOAD || payload[0] >= sizeof(keys) - 1)
		return 0;
	uint16_t duration = (uint16_t)(payload[2] << 8 | payload[3]);
	bool same = in->seen && in->ssrc == ssrc && in->ts == ts;
	/* a long event goes on in segments with a timestamp each (2.5.1.3) */
	bool segment = in->seen && in->ssrc == ssrc &&
		       in->event == payload[0] && in->duration == 0xffff &&
		       ts == in->ts + 0xffff;
	/* an old retransmission that was overtaken by the next key */
	bool old = in->seen && in->ssrc == ssrc &&
		   (int32_t)(ts - in->ts) < 0 &&
		   (int32_t)(ts - in->ts) > -16000;
	if (old)
		return 0;
	in->seen = true;
	in->ssrc = ssrc;
	in->ts = ts;
	in->event = payload[0];
	in->duration = duration;
	return same || segment ? 0 : keys[payload[0]];
}

static char upper(char c)
{
	return c >= 'a' && c <= 'd' ? (char)(c - 'a' + 'A') : c;
}

int dtmf_add(struct dtmf_out *out, const char *digits)
{
	size_t n = strlen(digits);

	if (n > sizeof(out->digits) - out->n)
		return ENOBUFS;
	for (size_t i = 0; i < n; i++)
		if (!strchr(keys, upper(digits[i])))
			return EINVAL;
	for (size_t i = 0; i < n; i++)
		out->digits[out->n++] = upper(digits[i]);
	return 0;
}

void dtmf_step(struct dtmf_out *out, struct dtmf_packet *pkt)
{
	unsigned step = out->step++;

	memset(pkt, 0, sizeof(*pkt));
	if (step <= STEPS_ON) {
		bool end = step == STEPS_ON;
		pkt->first = step == 0;
		pkt->copies = end ? 3 : 1;
		pkt->duration =
			(uint16_t)((end ? STEPS_ON : step + 1) * SAMPLES);
		pkt->payload[0] =
			(uint8_t)(strchr(keys, out->digits[0]) - keys);
		pkt->payload[1] = (uint8_t)((end ? 0x80 : 0) | VOLUME);
		pkt->payload[2] = (uint8_t)(pkt->duration >> 8);
		pkt->payload[3] = (uint8_t)pkt->duration;
	}
	if (step < STEP_LAST)
		return;
	out->step = 0;
	out->n--;
	memmove(out->digits, out->digits + 1, out->n);
}
