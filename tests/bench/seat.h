/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agents who sit at the gate's sockets themselves: what zuoxi-gate does for
 * one who comes over SSH, without SSH, for benchmarks that want hundreds of
 * them. Run as the service account.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "server/gate/handover.h"

#define SEAT_LINE_BYTES 16384

/* Bytes that come, cut into lines. */
struct seat_line {
	int fd;
	size_t n;
	char buf[SEAT_LINE_BYTES];
};
typedef void(seat_line_h)(const char *line, void *arg);
/* What is there now; h for each whole line, without its end. */
void seat_lines(struct seat_line *l, seat_line_h *h, void *arg);

struct seat {
	char id[32];
	int rpc, phone; /* what one writes to */
	struct seat_line rpc_in, phone_in;
	bool ready;
};

/* Sends sign-in, and attaches a phone when `phone`; seat_rpc finds out when
 * the agent is ready. Ends the program when the gate's sockets do not take
 * it. */
void seat_open(struct seat *seat, const char *site, const char *id,
	       bool phone);
/* A line of the office. */
void seat_rpc(struct seat *seat, const char *line);
void seat_say(int fd, const char *text);
