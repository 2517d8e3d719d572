/* SPDX-License-Identifier: Apache-2.0 */
/* A gate and a server in one process: descriptors arrive and work, bad
 * messages and open folders are refused. */
#include "server/gate/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/libre.h"
#include "common/link.h"

struct server {
	struct handover_listener *lsn;
	struct handover got;
	int taken;
	bool timed_out;
	char dir[64];
	char path[96];
};

static void on_handover(const struct handover *ho, void *arg)
{
	struct server *s = arg;

	s->got = *ho;
	s->taken++;
	handover_taken(ho->control);
	re_cancel();
}

static void on_timeout(void *arg)
{
	struct server *s = arg;

	s->timed_out = true;
	re_cancel();
}

/* Runs the loop until a hand-over arrived or so many ms passed. */
static void run(struct server *s, uint64_t ms)
{
	struct tmr tmr;

	tmr_init(&tmr);
	s->timed_out = false;
	tmr_start(&tmr, ms, on_timeout, s);
	re_main(NULL);
	tmr_cancel(&tmr);
}

static int setup(void **state)
{
	struct server *s = calloc(1, sizeof(*s));

	if (!s || libre_init())
		return -1;
	strcpy(s->dir, "/tmp/zuoxi-ho-XXXXXX");
	if (!mkdtemp(s->dir))
		return -1;
	snprintf(s->path, sizeof(s->path), "%s/gate/x.sock", s->dir);
	*state = s;
	return handover_listen(&s->lsn, s->path, (uid_t)-1, on_handover, s);
}

static int teardown(void **state)
{
	struct server *s = *state;
	char cmd[128];

	mem_deref(s->lsn);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", s->dir);
	int rc = system(cmd);
	free(s);
	libre_close();
	return rc;
}

static void test_round(void **state)
{
	struct server *s = *state;
	struct handover ho = {.purpose = HANDOVER_VOICE,
			      .person = "A017",
			      .login = 81237711,
			      .generation = 3};
	int in[2], out[2], sock = -1;
	char c = 0;

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	ho.in = in[0];
	ho.out = out[1];
	assert_int_equal(link_connect(&sock, s->path), 0);
	assert_int_equal(handover_send(sock, &ho), 0);
	run(s, 5000);
	assert_false(s->timed_out);
	assert_int_equal(s->got.purpose, HANDOVER_VOICE);
	assert_string_equal(s->got.person, "A017");
	assert_int_equal(s->got.login, 81237711);
	assert_int_equal(s->got.generation, 3);
	/* the descriptors are the pipes, and close on exec */
	assert_int_equal(write(in[1], "x", 1), 1);
	assert_int_equal(read(s->got.in, &c, 1), 1);
	assert_int_equal(c, 'x');
	assert_int_equal(write(s->got.out, "y", 1), 1);
	assert_int_equal(read(out[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	assert_true(fcntl(s->got.in, F_GETFD) & FD_CLOEXEC);
	struct pollfd p = {.fd = sock, .events = POLLIN};
	assert_int_equal(poll(&p, 1, 1000), 1);
	assert_int_equal(read(sock, &c, 1), 1);
	assert_int_equal(c, 'K');
	handover_refuse(s->got.control, "no such agent");
	char text[64] = "";
	assert_true(poll(&p, 1, 1000) == 1);
	assert_true(read(sock, text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "Nno such agent\n");
	close(s->got.in);
	close(s->got.out);
	close(in[0]);
	close(in[1]);
	close(out[0]);
	close(out[1]);
	close(sock);
}

static void send_text(struct server *s, const char *text)
{
	int sock = -1;
	char c;

	assert_int_equal(link_connect(&sock, s->path), 0);
	assert_true(send(sock, text, strlen(text), 0) > 0);
	run(s, 150);
	assert_true(s->timed_out);
	assert_int_equal(s->taken, 0);
	/* the server has closed it */
	assert_true(read(sock, &c, 1) <= 0);
	close(sock);
}

static void test_bad(void **state)
{
	struct server *s = *state;
	char big[1024];

	send_text(s, "hello\n");
	/* all right but for the descriptors */
	send_text(s, "{\"v\":1,\"purpose\":\"rpc\",\"person\":\"A\","
		     "\"login\":1,\"generation\":0}\n");
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	send_text(s, big);
}

static void test_open_folder(void **state)
{
	struct server *s = *state;
	struct handover_listener *lsn = NULL;
	char path[128];

	snprintf(path, sizeof(path), "%s/open", s->dir);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(chmod(path, 0755), 0);
	strcat(path, "/y.sock");
	assert_int_equal(
		handover_listen(&lsn, path, (uid_t)-1, on_handover, s),
		EACCES);
	assert_null(lsn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad, setup, teardown),
		cmocka_unit_test_setup_teardown(test_open_folder, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
