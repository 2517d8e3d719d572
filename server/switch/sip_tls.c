/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libre gives us its OpenSSL context but no connection, so that the check is
 * the context's: chain first, then the name against the hosts of all TLS
 * trunks. Two carriers of ours could stand in for one another; nobody else.
 */
#define USE_OPENSSL /* pkg-config does not say so: shows the context */
#include "server/switch/sip_tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "common/log.h"
#include "common/scope.h"

#define CHAIN_MAX 8

struct sip_tls {
	struct tls *tls;
	sip_tls_hosts_h *hostsh;
	void *arg;
};

static bool on_host(const char *host, void *arg)
{
	X509 *cert = arg;

	return X509_check_host(cert, host, 0, 0, NULL) == 1 ||
	       X509_check_ip_asc(cert, host, 0) == 1;
}

/* In place of OpenSSL's own check, which knows no names here. */
static int on_verify(X509_STORE_CTX *x, void *arg)
{
	const struct sip_tls *t = arg;
	char subject[128] = "?";
	X509 *cert = X509_STORE_CTX_get0_cert(x);

	bool ok = X509_verify_cert(x) == 1;
	if (ok && !t->hostsh(on_host, cert, t->arg)) {
		X509_STORE_CTX_set_error(x, X509_V_ERR_HOSTNAME_MISMATCH);
		ok = false;
	}
	if (ok)
		return 1;
	if (cert)
		X509_NAME_oneline(X509_get_subject_name(cert), subject,
				  sizeof(subject));
	log_warn("sip: certificate %s refused: %s", subject,
		 X509_verify_cert_error_string(X509_STORE_CTX_get_error(x)));
	return 0;
}

static void on_tls_end(void *arg)
{
	struct sip_tls *t = arg;

	mem_deref(t->tls);
}

static int fault(const char *what)
{
	const char *why = ERR_reason_error_string(ERR_get_error());

	log_error("sip: TLS: %s: %s", what, why ? why : "cannot be read");
	ERR_clear_error();
	return EBADMSG;
}

int sip_tls_alloc(struct sip_tls **tp, const struct sip_tls_prm *prm)
{
	const char *cert = *prm->certificate ? prm->certificate : NULL;
	scoped_mem struct sip_tls *t = mem_zalloc(sizeof(*t), on_tls_end);

	if (!t)
		return ENOMEM;
	t->hostsh = prm->hostsh;
	t->arg = prm->arg;
	ERR_clear_error();
	int err = tls_alloc(&t->tls, TLS_METHOD_SSLV23, cert, NULL);
	if (err)
		return cert ? fault(cert) : err;
	SSL_CTX *ctx = tls_openssl_context(t->tls);
	int ok = *prm->authorities ? SSL_CTX_load_verify_locations(
					     ctx, prm->authorities, NULL)
				   : SSL_CTX_set_default_verify_paths(ctx);
	if (!ok)
		return fault(*prm->authorities ? prm->authorities
					       : "the system's authorities");
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_verify_depth(ctx, CHAIN_MAX);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, on_verify, t);
	*tp = take(t);
	return 0;
}

struct tls *sip_tls_context(const struct sip_tls *t)
{
	return t->tls;
}
