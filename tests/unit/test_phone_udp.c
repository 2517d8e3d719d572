/* SPDX-License-Identifier: Apache-2.0 */
/* Which way voice goes where UDP and the tunnel are both there: the far side
 * is a socket of the test, and so is time. */
#include "agent-tui/phone_udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/cal.h"
#include "common/libre.h"

#define KEY_A "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define KEY_B "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"

static struct {
	struct udp_sock *sock;
	struct srtp *tx;
	struct sa us; /* where the workstation sends from */
	unsigned got, sent, heard;
	uint16_t seq;
	bool answers;
} far;

static struct phone_udp *u;
static int64_t now_us;

static void on_far(const struct sa *src, struct mbuf *mb, void *arg)
{
	(void)mb;
	(void)arg;
	far.us = *src;
	far.got++;
	re_cancel();
}

static void on_heard(const uint8_t *rtp, size_t len, void *arg)
{
	(void)rtp;
	(void)len;
	(void)arg;
	far.heard++;
	re_cancel();
}

static void on_limit(void *arg)
{
	(void)arg;
	re_cancel();
}

/* Until a datagram has come (it ends the loop), or ten seconds. */
static void wait_packet(const unsigned *counter)
{
	const unsigned before = *counter;
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, 10000, on_limit, NULL);
	while (*counter == before && tmr_isrunning(&tmr))
		re_main(NULL);
	tmr_cancel(&tmr);
	assert_int_equal(*counter, before + 1);
}

static void far_answer(void)
{
	struct mbuf *mb = mbuf_alloc(256);
	uint8_t packet[172] = {0x80, 8};

	packet[2] = (uint8_t)(far.seq >> 8);
	packet[3] = (uint8_t)far.seq++;
	assert_int_equal(mbuf_write_mem(mb, packet, sizeof(packet)), 0);
	mb->pos = 0;
	assert_int_equal(srtp_encrypt(far.tx, mb), 0);
	mb->pos = 0;
	assert_int_equal(udp_send(far.sock, &far.us, mb), 0);
	mem_deref(mb);
	wait_packet(&far.heard);
}

/* 20 ms: one packet goes out, and is answered where it arrives. */
static unsigned step(void)
{
	const uint8_t packet[172] = {0x80, 8, (uint8_t)(far.sent >> 8),
				     (uint8_t)far.sent};

	now_us += 20000;
	cal_set(now_us, now_us);
	far.sent++;
	unsigned ways = phone_udp_ways(u);
	if (ways & PHONE_UDP_WAY_UDP) {
		assert_int_equal(phone_udp_send(u, packet, sizeof(packet)), 0);
		wait_packet(&far.got);
		if (far.answers)
			far_answer();
	}
	return ways;
}

static int set_up(void **state)
{
	struct sa any, at;
	uint8_t key[30] = {0};
	size_t len = sizeof(key);

	(void)state;
	memset(&far, 0, sizeof(far));
	now_us = 1000000;
	cal_set(now_us, now_us);
	sa_set_str(&any, "127.0.0.1", 0);
	assert_int_equal(udp_listen(&far.sock, &any, on_far, NULL), 0);
	assert_int_equal(udp_local_get(far.sock, &at), 0);
	assert_int_equal(base64_decode(KEY_B, strlen(KEY_B), key, &len), 0);
	assert_int_equal(
		srtp_alloc(&far.tx, SRTP_AES_CM_128_HMAC_SHA1_80, key, len, 0),
		0);
	return phone_udp_alloc(&u, &(struct phone_udp_prm){
					   .remote = at,
					   .tx_key = KEY_A,
					   .rx_key = KEY_B,
					   .both = true,
					   .packeth = on_heard,
				   });
}

static int tear_down(void **state)
{
	(void)state;
	u = mem_deref(u);
	far.sock = mem_deref(far.sock);
	far.tx = mem_deref(far.tx);
	cal_set(0, 0);
	return 0;
}

/* Tried with the first packets, taken when three came back. */
static void test_taken(void **state)
{
	(void)state;
	far.answers = true;
	for (int i = 0; i < 3; i++)
		assert_int_equal(step(),
				 PHONE_UDP_WAY_UDP | PHONE_UDP_WAY_TUNNEL);
	assert_int_equal(step(), PHONE_UDP_WAY_UDP);
	assert_true(phone_udp_carries(u));
}

/* Nothing comes back: the tunnel has carried all, tries become few. */
static void test_blocked(void **state)
{
	(void)state;
	for (int i = 0; i < 500; i++)
		assert_true(step() & PHONE_UDP_WAY_TUNNEL);
	assert_false(phone_udp_carries(u));
	assert_in_range(far.got, 15, 15 + 10);
	/* a firewall opened: the next tries bring it */
	far.answers = true;
	for (int i = 0; i < 200; i++)
		step();
	assert_true(phone_udp_carries(u));
}

/* It dies in mid-call, and must prove itself before it is taken again. */
static void test_dies(void **state)
{
	(void)state;
	far.answers = true;
	for (int i = 0; i < 10; i++)
		step();
	assert_true(phone_udp_carries(u));
	far.answers = false;
	int lost = 0;
	while (!(step() & PHONE_UDP_WAY_TUNNEL))
		lost++;
	assert_in_range(lost, 18, 20); /* 400 ms */
	far.answers = true;
	for (int i = 0; i < 8 * 50; i++)
		assert_true(step() & PHONE_UDP_WAY_TUNNEL);
	for (int i = 0; i < 4 * 50; i++)
		step();
	assert_true(phone_udp_carries(u));
}

/* A site with voice.path = udp has no other way. */
static void test_alone(void **state)
{
	struct sa at;

	(void)state;
	sa_set_str(&at, "127.0.0.1", 9);
	mem_deref(u);
	assert_int_equal(phone_udp_alloc(&u,
					 &(struct phone_udp_prm){
						 .remote = at,
						 .tx_key = KEY_A,
						 .rx_key = KEY_B,
						 .packeth = on_heard,
					 }),
			 0);
	for (int i = 0; i < 100; i++) {
		now_us += 20000;
		cal_set(now_us, now_us);
		assert_int_equal(phone_udp_ways(u), PHONE_UDP_WAY_UDP);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_blocked, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_dies, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_alone, set_up, tear_down),
	};

	libre_init();
	int err = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return err;
}
