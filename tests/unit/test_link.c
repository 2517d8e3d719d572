/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/json.h"
#include "common/libre.h"
#include "common/link.h"
#include "common/log.h"

/* ---- the splitter ---- */

struct lines {
	char text[512];
	int long_ones;
};

static int on_line(char *line, size_t len, void *arg)
{
	struct lines *l = arg;

	if (!line) {
		l->long_ones++;
		return 0;
	}
	strncat(l->text, line, sizeof(l->text) - strlen(l->text) - 2);
	strcat(l->text, "|");
	return 0;
}

static void feed(struct link_split *sp, const char *text, struct lines *l)
{
	assert_int_equal(link_split_feed(sp, text, strlen(text), on_line, l),
			 0);
}

static void test_split_joins_parts(void **state)
{
	struct link_split sp;
	struct lines l = {0};

	link_split_init(&sp, 64);
	feed(&sp, "on", &l);
	feed(&sp, "e\ntwo\r\n\nthr", &l);
	feed(&sp, "ee\n", &l);
	link_split_release(&sp);
	assert_string_equal(l.text, "one|two||three|");
}

static void test_split_drops_a_long_line_and_goes_on(void **state)
{
	struct link_split sp;
	struct lines l = {0};

	link_split_init(&sp, 8);
	feed(&sp, "12345", &l);
	feed(&sp, "6789", &l);
	feed(&sp, "0123456789\nok\n123456789abc\nfine\n", &l);
	link_split_release(&sp);
	assert_string_equal(l.text, "ok|fine|");
	assert_int_equal(l.long_ones, 2);
}

/* ---- the connection ---- */

struct end {
	struct link *link;
	int got;
	int bad;
	int closed;
	int err;
	int until; /* stop the loop after so many messages */
	char last[64];
};

static void on_msg(struct link *link, json_t *msg, void *arg)
{
	struct end *e = arg;

	snprintf(e->last, sizeof(e->last), "%s", json_str(msg, "a"));
	if (++e->got == e->until)
		re_cancel();
}

static void on_bad(struct link *link, const char *why, void *arg)
{
	struct end *e = arg;
	e->bad++;
}

static void on_close(int err, void *arg)
{
	struct end *e = arg;

	e->closed++;
	e->err = err;
	re_cancel();
}

static void on_late(void *arg)
{
	fail_msg("the loop waited too long");
}

static void run_loop(void)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, 5000, on_late, NULL);
	re_main(NULL);
	tmr_cancel(&tmr);
}

static void open_end(struct end *e, int fd, size_t queue)
{
	memset(e, 0, sizeof(*e));
	const struct link_prm prm = {
		.fd_in = fd,
		.fd_out = fd,
		.line_max_bytes = 4096,
		.queue_max_bytes = queue,
		.msgh = on_msg,
		.badh = on_bad,
		.closeh = on_close,
		.arg = e,
	};
	assert_int_equal(link_alloc(&e->link, &prm), 0);
}

static void test_messages_arrive_in_order(void **state)
{
	int fd[2];
	struct end a, b;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	open_end(&a, fd[0], 1 << 20);
	open_end(&b, fd[1], 1 << 20);
	b.until = 1000;
	for (int i = 0; i < 1000; i++) {
		char text[16];
		snprintf(text, sizeof(text), "%d", i);
		scoped_json json_t *msg = json_pack("{s:s}", "a", text);
		assert_int_equal(link_send(a.link, msg), 0);
	}
	run_loop();
	assert_int_equal(b.got, 1000);
	assert_string_equal(b.last, "999");
	mem_deref(a.link);
	run_loop();
	assert_int_equal(b.closed, 1);
	assert_int_equal(b.err, 0);
	mem_deref(b.link);
}

static void test_bad_lines_are_told_and_passed_over(void **state)
{
	int fd[2];
	struct end b;
	const char *text = "nonsense\n[1]\n{\"a\":\"good\"}\n";

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	open_end(&b, fd[1], 1 << 20);
	b.until = 1;
	assert_int_equal(write(fd[0], text, strlen(text)), strlen(text));
	run_loop();
	assert_int_equal(b.bad, 2);
	assert_string_equal(b.last, "good");
	close(fd[0]);
	mem_deref(b.link);
}

static void test_a_peer_that_does_not_read_is_cut(void **state)
{
	int fd[2], err = 0;
	struct end a;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	open_end(&a, fd[0], 64 << 10);
	scoped_json json_t *msg = json_pack("{s:s}", "a", "0123456789");
	for (int i = 0; i < 1000000 && !err; i++)
		err = link_send(a.link, msg);
	assert_int_equal(err, ENOTCONN);
	run_loop();
	assert_int_equal(a.err, ENOBUFS);
	mem_deref(a.link);
	close(fd[1]);
}

static void test_one_listener_a_path(void **state)
{
	char path[64];
	int fd = -1, second = -1;

	snprintf(path, sizeof(path), "/tmp/test_link.%d", (int)getpid());
	assert_int_equal(link_listen(&fd, path, 0600), 0);
	assert_int_equal(link_listen(&second, path, 0600), EADDRINUSE);
	close(fd);
	assert_int_equal(link_listen(&second, path, 0600), 0);
	close(second);
	unlink(path);
}

static int setup(void **state)
{
	log_memory();
	return libre_init();
}

static int teardown(void **state)
{
	libre_close();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split_joins_parts),
		cmocka_unit_test(test_split_drops_a_long_line_and_goes_on),
		cmocka_unit_test(test_messages_arrive_in_order),
		cmocka_unit_test(test_bad_lines_are_told_and_passed_over),
		cmocka_unit_test(test_a_peer_that_does_not_read_is_cut),
		cmocka_unit_test(test_one_listener_a_path),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
