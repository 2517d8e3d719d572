/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SSH connection of a workstation, on the libre loop: one session with
 * three channels (rpc, phone, voice), each opened by an exec request whose
 * command is the channel's name; on the far side zuoxi-gate hands them to
 * the right process. Nothing here blocks: names are resolved on a thread,
 * the socket and libssh run non-blocking. A lost connection is made again by
 * itself after a random pause; what only a person can settle (an unknown
 * host key, a passphrase, a refused key) is asked or reported through the
 * handlers, and the tunnel waits.
 *
 * It knows bytes, not what they mean: client.h speaks on rpc, phone.h on
 * phone and voice.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/libre.h"

struct tunnel;

enum tunnel_channel {
	TUNNEL_RPC,
	TUNNEL_PHONE,
	TUNNEL_VOICE,
	TUNNEL_CHANNELS, /* how many */
};

enum tunnel_state {
	TUNNEL_CLOSED,	   /* before tunnel_open, after tunnel_close */
	TUNNEL_CONNECTING, /* name, TCP, SSH, login, channels */
	TUNNEL_ASKING,	   /* a handler waits for a person's answer */
	TUNNEL_UP,	   /* all channels of prm.channels are open */
	TUNNEL_RETRYING,   /* lost; tries again at retry_us */
	TUNNEL_REFUSED,	   /* will not try again before tunnel_retry */
};

enum tunnel_fault_kind {
	TUNNEL_FAULT_NONE,
	TUNNEL_FAULT_NAME,	/* the host name does not resolve */
	TUNNEL_FAULT_UNREACHED, /* nothing listens, no route, no answer */
	TUNNEL_FAULT_PROTOCOL,	/* it is no SSH server, or of another age */
	TUNNEL_FAULT_HOST_NEW,	/* the person did not accept the host key */
	TUNNEL_FAULT_HOST_CHANGED,
	TUNNEL_FAULT_NO_KEY,	 /* no key file and no agent here */
	TUNNEL_FAULT_PASSPHRASE, /* none given, or a wrong one */
	TUNNEL_FAULT_KEY,	 /* the server takes none of our keys */
	TUNNEL_FAULT_SERVICE,	 /* logged in, but there is no zuoxi-gate */
	TUNNEL_FAULT_GATE,	 /* the gate refused; detail: its words */
	TUNNEL_FAULT_ENDED,	 /* the server ended a channel in order */
	TUNNEL_FAULT_LOST,	 /* the line broke */
	TUNNEL_FAULT_SILENT,	 /* no sign of life for the dead time */
	TUNNEL_FAULT_LOCAL,	 /* memory, descriptors, known_hosts file */
};

/* What happened and what to do about it. The msgids are for gettext; detail
 * holds what cannot be translated (a name, a path, the server's words). */
struct tunnel_fault {
	enum tunnel_fault_kind kind;
	const char *what; /* msgid, "" for none */
	const char *todo; /* msgid, "" where nothing needs doing */
	char detail[240];
	bool final; /* no retry by itself */
};

struct tunnel_status {
	enum tunnel_state state;
	struct tunnel_fault fault; /* the last one, kept while reconnecting */
	int64_t up_us;	  /* UTC, since when it is up; 0 if it is not */
	int64_t down_us;  /* UTC, since when it is not; 0 if it is */
	int64_t retry_us; /* UTC, TUNNEL_RETRYING: next try */
	unsigned tries;	  /* since it was last up */
	unsigned times;	  /* how often it has been up */
	char cipher[48];
};

/* The state or its fault changed. */
typedef void(tunnel_state_h)(const struct tunnel_status *st, void *arg);
/* A channel opened or ended. While the session lives an ended one is opened
 * again by itself; all end when the session does (no call for each then:
 * stateh says it). */
typedef void(tunnel_channel_h)(enum tunnel_channel ch, bool open, void *arg);
/* Bytes of a channel, in order. data is borrowed. */
typedef void(tunnel_data_h)(enum tunnel_channel ch, const uint8_t *data,
			    size_t len, void *arg);
/* A host that known_hosts does not have: answer by tunnel_accept_host, now
 * or later. fingerprint: "SHA256:..."; type: "ssh-ed25519". */
typedef void(tunnel_host_h)(const char *host, const char *type,
			    const char *fingerprint, void *arg);
/* A key file needs its passphrase: answer by tunnel_passphrase, now or later.
 * again: the last answer was wrong. */
typedef void(tunnel_passphrase_h)(const char *key_file, bool again, void *arg);

struct tunnel_prm {
	const char *host;	 /* name or address */
	uint16_t port;		 /* 0: 22 */
	const char *user;	 /* service account, "zuoxi" */
	const char *key_file;	 /* NULL: $XDG_CONFIG_HOME/zuoxi/id_ed25519,
				    then ~/.ssh/id_ed25519, id_ecdsa, id_rsa */
	const char *known_hosts; /* NULL: $XDG_DATA_HOME/zuoxi/known_hosts */
	bool agent;		 /* try ssh-agent too */
	bool accept_new;	 /* robots: accept unknown hosts unasked */
	unsigned channels;	 /* mask of 1 << TUNNEL_x; 0: all three */
	int64_t dead_ms; /* no byte for so long: lost; 0: 6000. The rpc ping
			    of client.h brings some each 2 s */
	tunnel_state_h *stateh;
	tunnel_channel_h *channelh;
	tunnel_data_h *datah;
	tunnel_host_h *hosth;		  /* NULL: unknown hosts are refused */
	tunnel_passphrase_h *passphraseh; /* NULL: keys that need one are
					     passed over */
	void *arg;
};

/* Copies prm; nothing happens before tunnel_open. EINVAL: no host. */
int tunnel_alloc(struct tunnel **tp, const struct tunnel_prm *prm);

/* Starts connecting. Results come through stateh, never from within. */
int tunnel_open(struct tunnel *t);
/* Ends the connection; no handler is called any more until tunnel_open. */
void tunnel_close(struct tunnel *t);
/* Tries at once (after TUNNEL_REFUSED, or instead of the pause). */
void tunnel_retry(struct tunnel *t);
/* Drops the connection as if it had broken (a peer that fell silent). */
void tunnel_break(struct tunnel *t, enum tunnel_fault_kind kind,
		  const char *detail);
/* The same, but waits for tunnel_retry. what and todo are msgids. */
void tunnel_refuse(struct tunnel *t, const struct tunnel_fault *fault);

void tunnel_accept_host(struct tunnel *t, bool yes);
/* NULL: the person gave up. The text is wiped after use. */
void tunnel_passphrase(struct tunnel *t, const char *text);

/* Sends bytes. ENOTCONN when the channel is not open. rpc and phone: all is
 * taken, bounded by 256 KiB (EAGAIN beyond). voice: a frame is dropped with
 * EAGAIN when more than 1 kB waits unsent in the socket. */
int tunnel_send(struct tunnel *t, enum tunnel_channel ch, const void *data,
		size_t len);

const struct tunnel_status *tunnel_status(const struct tunnel *t);
/* Round trip and loss as TCP sees them: us, and retransmits of segments in
 * percent over the last seconds. 0 when unknown. */
void tunnel_tcp(const struct tunnel *t, int64_t *rtt_us, double *loss);
/* The server's address; ENOTCONN while there is none. */
int tunnel_peer(const struct tunnel *t, struct sa *addr);
const char *tunnel_channel_name(enum tunnel_channel ch);
/* Pause before try number `tries` (0: first) in ms, at random between the
 * limits: 200..2000 first, up to 10000. `roll` is any number. */
int64_t tunnel_backoff_ms(unsigned tries, uint32_t roll);
