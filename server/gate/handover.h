/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How zuoxi-gate gives sshd's pipes to the process that serves them. The gate
 * connects to a Unix socket (gate/office.sock for rpc, gate/switch.sock for
 * phone and voice) and sends one message: a JSON line with the two
 * descriptors as SCM_RIGHTS:
 *
 *     {"v":1,"purpose":"rpc","person":"A017","login":81237711,
 *      "generation":0}
 *
 * login: CLOCK_BOOTTIME in microseconds when the gate started. Of two
 * channels with the same person and purpose the one with the later login is
 * the person's; the other is ended (a newer login fences off the older).
 * generation: how often this gate has handed over before; above 0 the pipe
 * may begin in mid-line or mid-frame.
 *
 * The server answers with bytes on the same socket: 'K' taken; 'N' + a line
 * of text: refused, the gate writes the text to its stderr and exits 3; 'E':
 * ended in order, the gate exits 0. A socket that closes without N or E means
 * the server died: the gate connects again every 10 ms and hands over with
 * the next generation. Meanwhile the gate only polls the pipes for hang-up;
 * it never reads or writes them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define HANDOVER_VERSION 1

enum handover_purpose { HANDOVER_RPC, HANDOVER_PHONE, HANDOVER_VOICE };

struct handover {
	enum handover_purpose purpose;
	char person[32];
	int64_t login;
	int generation;
	int in, out; /* sshd's pipes */
	int control; /* the gate's socket: write the answer, watch for EOF */
};

/* Server side. A listener on the libre loop: mode 0700 folder and the peer's
 * uid (root, ours, or service_uid) are checked before anything is believed.
 * The handler owns in, out and control. */
struct handover_listener;
typedef void(handover_h)(const struct handover *ho, void *arg);
int handover_listen(struct handover_listener **lp, const char *path,
		    uid_t service_uid, handover_h *h, void *arg);

void handover_taken(int control);		    /* 'K' */
void handover_refuse(int control, const char *why); /* 'N' and closes */
void handover_end(int control);			    /* 'E' and closes */

/* Gate side: one hand-over on a connected socket. */
int handover_send(int sock, const struct handover *ho);
const char *handover_purpose_name(enum handover_purpose p);
int handover_purpose_parse(enum handover_purpose *p, const char *name);
