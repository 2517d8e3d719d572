/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sound devices from /proc/asound/cards.
 */
#include "agent-tui/device.h"

#include <string.h>

#include "common/proto.h"
#include "common/utf8.h"

int device_cards(FILE *f, struct device *v, int max)
{
	char line[256], id[32], name[80];
	int n = 0;

	/* " 1 [Headset        ]: USB-Audio - Plantronics Blackwire" */
	while (n < max && fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %*d [%31[A-Za-z0-9_-] ]: %*s - %79[^\n]",
			   id, name) != 2)
			continue;
		snprintf(v[n].word, sizeof(v[n].word), "alsa,plughw:CARD=%s",
			 id);
		utf8_show(v[n].label, sizeof(v[n].label), name, strlen(name),
			  false);
		n++;
	}
	return n;
}

int device_list(struct device *v, int max)
{
	FILE *f = fopen("/proc/asound/cards", "r");
	int n = 0;

	if (max < 2) {
		if (f)
			fclose(f);
		return 0;
	}
	if (f) {
		utf8_copy(v[n].word, sizeof(v[n].word), "alsa,default");
		utf8_copy(v[n].label, sizeof(v[n].label),
			  N_("the system's usual device"));
		n++;
		n += device_cards(f, v + n, max - n - 1);
		fclose(f);
	}
	utf8_copy(v[n].word, sizeof(v[n].word), "null");
	utf8_copy(v[n].label, sizeof(v[n].label), N_("no sound"));
	return n + 1;
}
