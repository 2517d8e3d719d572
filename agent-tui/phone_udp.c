/* SPDX-License-Identifier: Apache-2.0 */
#include "agent-tui/phone_udp.h"

#include <errno.h>
#include <netinet/ip.h>
#include <string.h>

#include "common/scope.h"

#define KEY_BYTES 30
#define TAG_BYTES 10

struct phone_udp {
	struct phone_udp_prm prm;
	struct udp_sock *sock;
	struct srtp *tx, *rx;
	char tx_key[48];
};

static void destructor(void *arg)
{
	struct phone_udp *u = arg;

	mem_deref(u->sock);
	mem_deref(u->tx);
	mem_deref(u->rx);
}

static int make_srtp(struct srtp **sp, const char *text)
{
	uint8_t key[48];
	size_t len = sizeof(key);

	if (strlen(text) != KEY_BYTES / 3 * 4 ||
	    base64_decode(text, strlen(text), key, &len) || len != KEY_BYTES)
		return EBADMSG;
	return srtp_alloc(sp, SRTP_AES_CM_128_HMAC_SHA1_80, key, len, 0);
}

/* A packet counts by its key, not by where it comes from. */
static void on_packet(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct phone_udp *u = arg;

	if (mbuf_get_left(mb) < 12 || srtp_decrypt(u->rx, mb))
		return;
	u->prm.packeth(mbuf_buf(mb), mbuf_get_left(mb), u->prm.arg);
}

int phone_udp_alloc(struct phone_udp **up, const struct phone_udp_prm *prm)
{
	scoped_mem struct phone_udp *u = mem_zalloc(sizeof(*u), destructor);
	struct sa any;
	int tos = IPTOS_DSCP_EF;

	if (!u)
		return ENOMEM;
	u->prm = *prm;
	int err = make_srtp(&u->tx, prm->tx_key);
	if (!err)
		err = make_srtp(&u->rx, prm->rx_key);
	if (err)
		return err;
	memcpy(u->tx_key, prm->tx_key, strlen(prm->tx_key) + 1);
	sa_init(&any, sa_af(&prm->remote));
	err = udp_listen(&u->sock, &any, on_packet, u);
	if (err)
		return err;
	if (sa_af(&prm->remote) == AF_INET)
		udp_setsockopt(u->sock, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	*up = take(u);
	return 0;
}

int phone_udp_send(struct phone_udp *u, const uint8_t *rtp, size_t len)
{
	scoped_mem struct mbuf *mb = mbuf_alloc(len + TAG_BYTES);

	if (!mb)
		return ENOMEM;
	int err = mbuf_write_mem(mb, rtp, len);
	mb->pos = 0;
	if (!err)
		err = srtp_encrypt(u->tx, mb);
	mb->pos = 0;
	return err ? err : udp_send(u->sock, &u->prm.remote, mb);
}

bool phone_udp_is(const struct phone_udp *u, const char *tx_key)
{
	return u && !strcmp(u->tx_key, tx_key);
}
