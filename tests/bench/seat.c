/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/seat.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

void seat_lines(struct seat_line *l, seat_line_h *h, void *arg)
{
	ssize_t n;

	while ((n = read(l->fd, l->buf + l->n, sizeof(l->buf) - 1 - l->n)) >
	       0) {
		char *from = l->buf, *end;
		l->n += (size_t)n;
		l->buf[l->n] = '\0';
		while ((end = strchr(from, '\n'))) {
			*end = '\0';
			h(from, arg);
			from = end + 1;
		}
		l->n -= (size_t)(from - l->buf);
		memmove(l->buf, from, l->n);
		if (l->n == sizeof(l->buf) - 1)
			l->n = 0; /* no line of ours is that long */
	}
}

void seat_say(int fd, const char *text)
{
	must(write(fd, text, strlen(text)) == (ssize_t)strlen(text), "write");
}

/* A pair of pipes; returns our writing end. The socket stays open: its end
 * would be the gate's death. */
static int attach(const struct seat *seat, const char *path,
		  enum handover_purpose purpose, int *read_fd)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct handover ho = {.purpose = purpose, .login = now_us()};
	int in[2], out[2];
	char answer = 0;

	must(!pipe2(in, O_CLOEXEC) && !pipe2(out, O_CLOEXEC), "pipe");
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(!connect(fd, (struct sockaddr *)&sa, sizeof(sa)), path);
	ho.in = in[0];
	ho.out = out[1];
	snprintf(ho.person, sizeof(ho.person), "%s", seat->id);
	must(!handover_send(fd, &ho), "handover");
	must(read(fd, &answer, 1) == 1 && answer == 'K', "not taken");
	close(in[0]);
	close(out[1]);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	*read_fd = out[0];
	return in[1];
}

void seat_open(struct seat *seat, const char *site, const char *id, bool phone)
{
	char path[100];
	int voice;

	snprintf(seat->id, sizeof(seat->id), "%s", id);
	seat->phone = seat->phone_in.fd = -1;
	if (phone) {
		snprintf(path, sizeof(path), "%s/run/gate/switch.sock", site);
		seat->phone =
			attach(seat, path, HANDOVER_PHONE, &seat->phone_in.fd);
		(void)attach(seat, path, HANDOVER_VOICE, &voice);
		seat_say(seat->phone,
			 "{\"jsonrpc\":\"2.0\",\"method\":\"phone.hello\","
			 "\"params\":{\"version\":1,\"client\":\"bench\"}}\n");
	}
	snprintf(path, sizeof(path), "%s/run/gate/office.sock", site);
	seat->rpc = attach(seat, path, HANDOVER_RPC, &seat->rpc_in.fd);
	seat_say(seat->rpc,
		 "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hello\","
		 "\"params\":{\"version\":1,\"client\":\"bench\"}}\n"
		 "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"agent.signin\","
		 "\"params\":{}}\n");
}

/* Ready as soon as the office takes it: the phone may still be on its way. */
void seat_rpc(struct seat *seat, const char *line)
{
	bool good = !strstr(line, "\"error\":{");
	bool signed_in = strstr(line, "\"id\":2") != NULL;
	bool answered = strstr(line, "\"id\":3") != NULL;

	if (answered && good)
		seat->ready = true;
	if (signed_in || (answered && !good))
		seat_say(seat->rpc, "{\"jsonrpc\":\"2.0\",\"id\":3,"
				    "\"method\":\"agent.ready\"}\n");
}
