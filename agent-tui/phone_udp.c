/* SPDX-License-Identifier: Apache-2.0 */
#include "agent-tui/phone_udp.h"

#include <errno.h>
#include <netinet/ip.h>
#include <string.h>

#include "common/cal.h"
#include "common/scope.h"

#define KEY_BYTES 30
#define TAG_BYTES 10

#define QUIET_US   400000 /* after which the way is none */
#define FIRST	   15	  /* packets tried at once: 300 ms */
#define TRY_EACH   50	  /* packets: a second */
#define FIRST_BACK 3	  /* packets that make it the way */
#define TRIES_BACK 10	  /* answered tries, once it had failed */

struct phone_udp {
	struct phone_udp_prm prm;
	struct udp_sock *sock;
	struct srtp *tx, *rx;
	char tx_key[48];
	/* choosing the way */
	bool carries, failed;
	int64_t heard_us;
	unsigned heard; /* packets since the way was none */
	unsigned ticks;
	unsigned heard_at_try, answered;
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
	u->heard_us = cal_mono_us();
	u->heard++;
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
	u->carries = !prm->both;
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

/* Once a second: did the last try come back? */
static void judge_try(struct phone_udp *u)
{
	u->answered = u->heard != u->heard_at_try ? u->answered + 1 : 0;
	u->heard_at_try = u->heard;
}

static bool is_good(const struct phone_udp *u)
{
	return u->failed ? u->answered >= TRIES_BACK : u->heard >= FIRST_BACK;
}

unsigned phone_udp_ways(struct phone_udp *u)
{
	bool quiet = cal_mono_us() - u->heard_us >= QUIET_US;

	if (!u->prm.both)
		return PHONE_UDP_WAY_UDP;
	if (u->carries && quiet) {
		u->carries = false;
		u->failed = true;
		u->heard = u->heard_at_try = u->answered = 0;
	}
	bool try = u->ticks++ % TRY_EACH == 0;
	if (!u->carries && try)
		judge_try(u);
	if (!u->carries && !quiet && is_good(u))
		u->carries = true;
	if (u->carries)
		return PHONE_UDP_WAY_UDP;
	try |= !u->failed && u->ticks <= FIRST;
	return PHONE_UDP_WAY_TUNNEL | (try ? PHONE_UDP_WAY_UDP : 0);
}

bool phone_udp_carries(const struct phone_udp *u)
{
	return u->carries;
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
