/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sound devices this machine has, in the audio backend's words. Asks
 * the kernel's list of cards only: no sound library is opened for it.
 */
#pragma once

#include <stdio.h>

struct device {
	char word[80];	/* "alsa,plughw:CARD=Headset" */
	char label[80]; /* "USB Audio - Plantronics" */
};

/* The usual device first, "null" (no sound) last. Returns how many. */
int device_list(struct device *v, int max);
/* Cards of a file like /proc/asound/cards. */
int device_cards(FILE *f, struct device *v, int max);
