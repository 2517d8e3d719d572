/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIP as this exchange speaks it: libre's stack with its transports, the
 * guard in front of it, and the answers to requests that are no call. Calls
 * are in dialog, carriers in trunk, desk phones in registrar. Every source is
 * a trunk's, in a phone network, or a stranger (403 at a bounded rate).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/libre.h"

#define SIP_ALLOW "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE"
#define SIP_URI	  256

struct sip_stack;
struct legs;
struct trunks;
struct registrar;

struct sip_prm {
	const char *address;
	uint16_t port;				       /* 0: any */
	uint16_t tls_port;			       /* 0: no TLS */
	const char *tls_certificate, *tls_authorities; /* sip_tls.h */
	const char *public_address;
	const char *networks; /* desk phones: CIDR, commas */
	unsigned unknown_rate;
	int64_t session_expires_s;
	struct legs *legs;
	struct trunks *trunks;
	struct registrar *registrar;
};

int sip_stack_alloc(struct sip_stack **sp, const struct sip_prm *prm);
/* No new calls from now on; 503. */
void sip_stack_drain(struct sip_stack *s);
void sip_stack_close(struct sip_stack *s);

struct sip *sip_stack_sip(struct sip_stack *s);
struct sipsess_sock *sip_stack_sessions(struct sip_stack *s);
const struct sip_prm *sip_stack_prm(const struct sip_stack *s);
struct dnsc *sip_stack_dns(struct sip_stack *s);
uint16_t sip_stack_port(const struct sip_stack *s);

bool sip_stack_has_tls(const struct sip_stack *s);

/* Our address as that peer reaches us, with the SIP port. */
int sip_stack_local(const struct sip_stack *s, const struct sa *peer,
		    struct sa *local);
/* The same, with the port of that transport. */
int sip_stack_contact(const struct sip_stack *s, const struct sa *peer,
		      enum sip_transp tp, struct sa *local);
bool sip_stack_is_phone(const struct sip_stack *s, const struct sa *src);

struct sip_stats {
	uint64_t received, undecodable, bad; /* bad: answered 400 */
	uint64_t refused, silent;	     /* strangers */
};
void sip_stack_stats(const struct sip_stack *s, struct sip_stats *out);

/* Text of others goes into a header or a quoted string: what could end it is
 * left out. */
void sip_clean(char *out, size_t size, const char *text);
