/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS for trunks. libre's SIP stack takes any certificate on connections that
 * it opens; here the far side must show one that the given authorities vouch
 * for and that names the host of a configured TLS trunk, or there is no
 * connection. Who connects to us is known by its address, as over TCP; a
 * certificate that it shows of itself must hold, too.
 */
#pragma once

#include <stdbool.h>

#include "common/libre.h"

/* Calls h for the hosts until it says true; the return is that. */
typedef bool(sip_tls_host_h)(const char *host, void *arg);
typedef bool(sip_tls_hosts_h)(sip_tls_host_h *h, void *harg, void *arg);

struct sip_tls_prm {
	const char *certificate; /* PEM, chain and key; "": we only call */
	const char *authorities; /* PEM; "": the system's */
	sip_tls_hosts_h *hostsh; /* whom we may talk to */
	void *arg;
};

struct sip_tls;

/* EBADMSG: a file is not what it should be (logged). Outlives the stack that
 * uses its context. */
int sip_tls_alloc(struct sip_tls **tp, const struct sip_tls_prm *prm);
struct tls *sip_tls_context(const struct sip_tls *t);
