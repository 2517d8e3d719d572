/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A workstation's voice by UDP, for tests: sends SRTP packets of A-law, 20 ms
 * apart, and counts the packets that come back and decrypt.
 *
 *     srtp_say ADDRESS PORT TX-KEY RX-KEY [PACKETS]
 *
 * Prints the count; exit 0 when there was at least one.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/libre.h"

#define KEY	30
#define HEADER	12
#define PAYLOAD 160

static int srtp_from(struct srtp **sp, const char *key)
{
	uint8_t raw[KEY + 2];
	size_t len = sizeof(raw);

	if (base64_decode(key, strlen(key), raw, &len) || len != KEY)
		return EINVAL;
	return srtp_alloc(sp, SRTP_AES_CM_128_HMAC_SHA1_80, raw, KEY, 0);
}

static void send_one(int fd, struct srtp *tx, unsigned n)
{
	uint8_t buf[512] = {0x80, 8};
	struct mbuf mb = {
		.buf = buf, .size = sizeof(buf), .end = HEADER + PAYLOAD};
	uint32_t ts = htonl(n * PAYLOAD);

	buf[2] = (uint8_t)(n >> 8);
	buf[3] = (uint8_t)n;
	memcpy(buf + 4, &ts, 4);
	buf[8] = 0x42;
	memset(buf + HEADER, 0xd5, PAYLOAD);
	if (!srtp_encrypt(tx, &mb) && send(fd, buf, mb.end, 0) < 0)
		perror("send");
}

static unsigned receive(int fd, struct srtp *rx)
{
	uint8_t buf[2048];
	struct mbuf mb = {.buf = buf, .size = sizeof(buf)};
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (n <= HEADER)
		return 0;
	mb.end = (size_t)n;
	return !srtp_decrypt(rx, &mb);
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct srtp *tx = NULL, *rx = NULL;
	unsigned heard = 0;

	if (argc < 5)
		return 2;
	unsigned packets =
		argc > 5 ? (unsigned)strtoul(argv[5], NULL, 10) : 50;
	to.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 || fd < 0 ||
	    srtp_from(&tx, argv[3]) || srtp_from(&rx, argv[4]) ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return 2;
	for (unsigned i = 0; i < packets; i++) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		send_one(fd, tx, i);
		if (poll(&p, 1, 20) > 0) {
			heard += receive(fd, rx);
			(void)poll(NULL, 0, 15);
		}
	}
	printf("%u\n", heard);
	mem_deref(tx);
	mem_deref(rx);
	close(fd);
	return heard ? 0 : 1;
}
