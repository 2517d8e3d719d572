/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workstation's tunnel and client against a real sshd whose forced
 * command is this very program (`serve`): a small office on rpc, echo on
 * voice. Every way in which a connection fails has its name, and a broken
 * line comes back with nothing missed and no typed word lost.
 *
 *     tunnel_test DIR PORT         the tests; DIR as tunnel.sh lays it out
 *     tunnel_test serve DIR        the forced command
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent-tui/client.h"
#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/proto.h"
#include "common/scope.h"

#define WAIT_MS 20000

static char dir[128];
static uint16_t port;

static const char *at(const char *name)
{
	static char paths[8][256];
	static unsigned turn;
	char *p = paths[turn++ % 8];

	snprintf(p, sizeof(paths[0]), "%s/%s", dir, name);
	return p;
}

static long read_number(const char *name)
{
	FILE *f = fopen(at(name), "r");
	char text[32] = "";

	if (!f)
		return 0;
	char *got = fgets(text, sizeof(text), f);
	fclose(f);
	return got ? strtol(text, NULL, 10) : 0;
}

static void write_text(const char *name, const char *mode, const char *text)
{
	FILE *f = fopen(at(name), mode);

	if (!f)
		return;
	fputs(text, f);
	fclose(f);
}

static void write_number(const char *name, long n)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld\n", n);
	write_text(name, "w", text);
}

/* ---- the far side ---- */

static json_t *missed_events(int64_t n)
{
	json_t *list = json_array();
	long all = read_number("events");

	for (int64_t i = n + 1; i <= all; i++) {
		char text[32];
		snprintf(text, sizeof(text), "event %ld", (long)i);
		json_array_append_new(list,
				      json_pack("{s:s, s:{s:I, s:s, s:s}}",
						"method", "me.message",
						"params", "n", (json_int_t)i,
						"from", "test", "text", text));
	}
	return json_pack("{s:o, s:I, s:b}", "events", list, "n",
			 (json_int_t)all, "more", 0);
}

static json_t *answer(const char *method, const json_t *params)
{
	if (!strcmp(method, "hello"))
		return json_pack(
			"{s:i, s:s, s:I, s:I, s:{s:s, s:s, s:s}, s:{s:s},"
			" s:i}",
			"version", PROTO_VERSION, "boot", "b1", "n",
			(json_int_t)read_number("events"), "now_us",
			(json_int_t)cal_now_us() + 3600000000, "person", "id",
			"A017", "name", "王莹", "roles", "agent", "site",
			"name", "test", "ping_ms", 500);
	if (!strcmp(method, "sync"))
		return missed_events(json_int(params, "n"));
	if (!strcmp(method, "ticket.draft")) {
		scoped_str char *line = json_dumps(params, JSON_COMPACT);
		write_text("drafts", "a", line);
		return json_pack("{s:{s:s, s:s, s:s, s:i}}", "ticket", "id",
				 "T-1", "contact", json_str(params, "contact"),
				 "state", "draft", "rev", 1);
	}
	if (!strncmp(method, "agent.", 6))
		return json_pack("{s:{s:s, s:s, s:s}}", "agent", "id", "A017",
				 "state", "ready", "device", "workstation");
	return json_object();
}

static void put(json_t *msg)
{
	scoped_json json_t *owned = msg;

	json_dumpf(owned, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
}

static int serve_rpc(void)
{
	static char line[65536];
	char why[160];

	while (fgets(line, sizeof(line), stdin)) {
		scoped_json json_t *msg =
			json_parse(line, strlen(line), why, sizeof(why));
		json_t *id = json_object_get(msg, "id");
		const char *method = json_str(msg, "method");
		if (!id || !strcmp(method, "kb.gap")) /* no answer, ever */
			continue;
		if (!strcmp(method, "hello") && read_number("version"))
			put(proto_error(id, EPROTONOSUPPORT, "Other version",
					NULL));
		else
			put(proto_reply(
				id, answer(method,
					   json_object_get(msg, "params"))));
	}
	return 0;
}

static int serve(void)
{
	const char *what = getenv("SSH_ORIGINAL_COMMAND");
	char buf[4096];
	ssize_t n;

	if (read_number("refuse")) {
		fputs("account A017 is disabled\n", stderr);
		return 3;
	}
	/* what holds this connection: the test kills it to break the line */
	write_number("sshd_child", getppid());
	if (what && !strcmp(what, "rpc"))
		return serve_rpc();
	while ((n = read(0, buf, sizeof(buf))) > 0) {
		if (what && !strcmp(what, "voice") &&
		    write(1, buf, (size_t)n) != n)
			return 1;
	}
	return 0;
}

/* ---- waiting ---- */

static struct {
	bool (*until)(void);
	struct tmr poll, limit;
	bool late;
} w;

static void on_poll(void *arg)
{
	(void)arg;
	if (w.until()) {
		re_cancel();
		return;
	}
	tmr_start(&w.poll, 5, on_poll, NULL);
}

static void on_limit(void *arg)
{
	(void)arg;
	w.late = true;
	re_cancel();
}

static void wait_for(bool (*until)(void))
{
	w.until = until;
	w.late = false;
	tmr_start(&w.poll, 0, on_poll, NULL);
	tmr_start(&w.limit, WAIT_MS, on_limit, NULL);
	re_main(NULL);
	tmr_cancel(&w.poll);
	tmr_cancel(&w.limit);
	assert_false(w.late);
}

/* ---- the tunnel ---- */

static struct {
	struct tunnel *tunnel;
	unsigned hosts, passphrases;
	bool accept;
	const char *answers[3];
	char fingerprint[128];
	uint8_t voice[4096];
	size_t n_voice;
	unsigned open;
} t;

static void on_host(const char *host, const char *type,
		    const char *fingerprint, void *arg)
{
	(void)host, (void)type, (void)arg;
	t.hosts++;
	snprintf(t.fingerprint, sizeof(t.fingerprint), "%s", fingerprint);
	tunnel_accept_host(t.tunnel, t.accept);
}

static void on_passphrase(const char *file, bool again, void *arg)
{
	(void)file, (void)arg;
	assert_int_equal(again, t.passphrases > 0);
	tunnel_passphrase(t.tunnel, t.answers[t.passphrases++ % 3]);
}

static void on_channel(enum tunnel_channel ch, bool open, void *arg)
{
	(void)arg;
	if (open)
		t.open |= 1U << ch;
	else
		t.open &= ~(1U << ch);
}

static void on_data(enum tunnel_channel ch, const uint8_t *data, size_t len,
		    void *arg)
{
	(void)arg;
	if (ch != TUNNEL_VOICE || t.n_voice + len > sizeof(t.voice))
		return;
	memcpy(t.voice + t.n_voice, data, len);
	t.n_voice += len;
}

static bool settled(void)
{
	enum tunnel_state st = tunnel_status(t.tunnel)->state;

	return st == TUNNEL_UP || st == TUNNEL_REFUSED ||
	       st == TUNNEL_RETRYING;
}

static bool refused(void)
{
	return tunnel_status(t.tunnel)->state == TUNNEL_REFUSED;
}

static bool all_open(void)
{
	return t.open == 7;
}

static bool voice_back(void)
{
	return t.n_voice >= 174;
}

static struct tunnel_prm usual(void)
{
	return (struct tunnel_prm){
		.host = "127.0.0.1",
		.port = port,
		.user = getenv("TEST_USER"),
		.key_file = at("key"),
		.known_hosts = at("known_hosts"),
		.channelh = on_channel,
		.datah = on_data,
		.hosth = on_host,
		.passphraseh = on_passphrase,
	};
}

static void connect_with(const struct tunnel_prm *prm)
{
	t.open = t.hosts = t.passphrases = 0;
	t.n_voice = 0;
	assert_int_equal(0, tunnel_alloc(&t.tunnel, prm));
	assert_int_equal(0, tunnel_open(t.tunnel));
	wait_for(settled);
}

static void end_with(enum tunnel_state state, enum tunnel_fault_kind kind)
{
	const struct tunnel_status *st = tunnel_status(t.tunnel);

	if (st->state != state || st->fault.kind != kind)
		print_message("state %d fault %d: %s (%s)\n", st->state,
			      st->fault.kind, st->fault.what,
			      st->fault.detail);
	assert_int_equal(state, st->state);
	assert_int_equal(kind, st->fault.kind);
	if (kind != TUNNEL_FAULT_NONE)
		assert_true(*st->fault.what && *st->fault.todo);
	t.tunnel = mem_deref(t.tunnel);
}

static void test_host_keys(void **state)
{
	struct tunnel_prm prm = usual();

	(void)state;
	unlink(at("known_hosts"));
	t.accept = false;
	connect_with(&prm);
	assert_int_equal(1, t.hosts);
	assert_memory_equal("SHA256:", t.fingerprint, 7);
	end_with(TUNNEL_REFUSED, TUNNEL_FAULT_HOST_NEW);

	t.accept = true;
	connect_with(&prm);
	assert_int_equal(1, t.hosts);
	end_with(TUNNEL_UP, TUNNEL_FAULT_NONE);
	connect_with(&prm);
	assert_int_equal(0, t.hosts); /* it is known now */
	end_with(TUNNEL_UP, TUNNEL_FAULT_NONE);

	prm.known_hosts = at("changed_hosts");
	connect_with(&prm);
	assert_int_equal(0, t.hosts);
	assert_non_null(strstr(tunnel_status(t.tunnel)->fault.detail,
			       "changed_hosts"));
	end_with(TUNNEL_REFUSED, TUNNEL_FAULT_HOST_CHANGED);
}

static void test_keys(void **state)
{
	struct tunnel_prm prm = usual();

	(void)state;
	prm.key_file = at("stranger");
	connect_with(&prm);
	end_with(TUNNEL_REFUSED, TUNNEL_FAULT_KEY);
	prm.key_file = at("missing");
	connect_with(&prm);
	end_with(TUNNEL_REFUSED, TUNNEL_FAULT_NO_KEY);

	prm.key_file = at("locked");
	t.answers[0] = "wrong";
	t.answers[1] = "sesame";
	connect_with(&prm);
	assert_int_equal(2, t.passphrases);
	/* a line that breaks asks nobody for the passphrase again */
	tunnel_break(t.tunnel, TUNNEL_FAULT_LOST, "test");
	assert_int_equal(TUNNEL_RETRYING, tunnel_status(t.tunnel)->state);
	t.open = 0;
	wait_for(all_open);
	assert_int_equal(2, t.passphrases);
	end_with(TUNNEL_UP, TUNNEL_FAULT_NONE);

	t.answers[0] = NULL;
	connect_with(&prm);
	end_with(TUNNEL_REFUSED, TUNNEL_FAULT_PASSPHRASE);
	/* a locked key that the server would not take anyway asks nothing */
	prm.key_file = at("locked_stranger");
	connect_with(&prm);
	assert_int_equal(0, t.passphrases);
	end_with(TUNNEL_REFUSED, TUNNEL_FAULT_KEY);
}

static void test_agent(void **state)
{
	struct tunnel_prm prm = usual();

	(void)state;
	const char *agent = getenv("TEST_AGENT");
	assert_non_null(agent);
	setenv("SSH_AUTH_SOCK", agent, 1);
	prm.key_file = at("missing");
	connect_with(&prm); /* not asked for */
	end_with(TUNNEL_REFUSED, TUNNEL_FAULT_NO_KEY);
	prm.agent = true;
	connect_with(&prm);
	end_with(TUNNEL_UP, TUNNEL_FAULT_NONE);
	setenv("SSH_AUTH_SOCK", "/nonexistent", 1);
	connect_with(&prm);
	end_with(TUNNEL_REFUSED, TUNNEL_FAULT_NO_KEY);
}

static void on_accept(int flags, void *arg)
{
	int fd = accept(*(int *)arg, NULL, NULL);

	(void)flags;
	assert_true(write(fd, "220 mail ready\r\n", 16) == 16);
	close(fd);
}

static void test_unreachable(void **state)
{
	struct tunnel_prm prm = usual();
	struct sa sa;
	socklen_t len = sizeof(sa.u);

	(void)state;
	prm.host = "no-such-host.invalid";
	connect_with(&prm);
	end_with(TUNNEL_RETRYING, TUNNEL_FAULT_NAME);

	sa_set_str(&sa, "127.0.0.1", 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(0, bind(fd, &sa.u.sa, sa.len));
	getsockname(fd, &sa.u.sa, &len);
	prm.host = "127.0.0.1";
	prm.port = ntohs(sa.u.in.sin_port);
	connect_with(&prm); /* bound, and nobody listens */
	end_with(TUNNEL_RETRYING, TUNNEL_FAULT_UNREACHED);

	assert_int_equal(0, listen(fd, 4));
	assert_int_equal(0, fd_listen(fd, FD_READ, on_accept, &fd));
	connect_with(&prm);
	end_with(TUNNEL_RETRYING, TUNNEL_FAULT_PROTOCOL);
	fd_close(fd);
	close(fd);
}

static void test_turned_away(void **state)
{
	struct tunnel_prm prm = usual();

	(void)state;
	write_number("refuse", 1);
	connect_with(&prm);
	wait_for(refused);
	assert_string_equal("account A017 is disabled",
			    tunnel_status(t.tunnel)->fault.detail);
	end_with(TUNNEL_REFUSED, TUNNEL_FAULT_GATE);
	write_number("refuse", 0);

	prm.key_file = at("no_gate");
	connect_with(&prm);
	wait_for(refused);
	end_with(TUNNEL_REFUSED, TUNNEL_FAULT_SERVICE);
}

static void test_channels(void **state)
{
	struct tunnel_prm prm = usual();
	uint8_t frame[174] = {0, 172, 0x80, 8};

	(void)state;
	connect_with(&prm);
	wait_for(all_open);
	assert_int_equal(
		0, tunnel_send(t.tunnel, TUNNEL_VOICE, frame, sizeof(frame)));
	wait_for(voice_back);
	assert_memory_equal(frame, t.voice, sizeof(frame));
	assert_non_null(strstr(tunnel_status(t.tunnel)->cipher, "gcm"));
	end_with(TUNNEL_UP, TUNNEL_FAULT_NONE);
}

/* ---- the client ---- */

static struct client *client;

static bool link_up(void)
{
	return client_model(client)->link.state == LINK_UP &&
	       client_model(client)->me.agent.state == STATE_READY;
}

static bool link_down(void)
{
	return client_model(client)->link.state != LINK_UP;
}

static bool draft_saved(void)
{
	return client_model(client)->draft.save == SAVE_SAVED;
}

static bool rtt_known(void)
{
	return client_model(client)->link.rtt_us > 0;
}

static bool link_refused(void)
{
	return client_model(client)->link.state == LINK_REFUSED;
}

static bool has_message(const char *text)
{
	const struct model *m = client_model(client);

	for (size_t i = 0; i < m->n_messages; i++) {
		if (!strcmp(m->messages[i].text, text))
			return true;
	}
	return false;
}

static void open_client(void)
{
	struct client_prm prm = {.tunnel = usual()};

	prm.tunnel.hosth = NULL;
	prm.tunnel.passphraseh = NULL;
	assert_int_equal(0, client_alloc(&client, &prm));
	assert_int_equal(0, client_open(client));
}

static bool drafts_hold(const char *text)
{
	FILE *f = fopen(at("drafts"), "r");
	static char all[8192];

	if (!f)
		return false;
	size_t n = fread(all, 1, sizeof(all) - 1, f);
	fclose(f);
	all[n] = '\0';
	return strstr(all, text) != NULL;
}

static void test_resync(void **state)
{
	const struct model *m;

	(void)state;
	write_number("events", 3);
	write_text("drafts", "w", "");
	open_client();
	m = client_model(client);
	wait_for(link_up);
	assert_string_equal("王莹", m->me.name);
	assert_int_equal(ROLE_AGENT, m->me.roles);
	/* the server's clock is an hour ahead */
	assert_in_range(m->link.offset_us / 1000000, 3590, 3610);
	wait_for(rtt_known);

	assert_int_equal(0, client_draft_open(client, "day-1", NULL));
	assert_int_equal(0, client_draft_set(client, "summary", "first"));
	assert_int_equal(EINVAL, client_draft_set(client, "nonsense", "x"));
	assert_int_equal(SAVE_DIRTY, m->draft.save);
	wait_for(draft_saved);
	assert_true(drafts_hold("first"));
	assert_string_equal("disposition", client_draft_missing(client));
	assert_int_equal(EINVAL, client_ticket_file(client));

	/* an unanswered question, and the line breaks */
	assert_int_equal(0, client_kb_gap(client, "nobody knows"));
	assert_int_equal(1, m->n_pending);
	kill((pid_t)read_number("sshd_child"), SIGKILL);
	wait_for(link_down);
	assert_int_equal(0, m->n_pending);
	write_number("events", 5);
	assert_int_equal(ENOTCONN, client_hold(client) == EALREADY
					   ? client_ready(client)
					   : 0);
	assert_int_equal(0, client_draft_set(client, "summary", "second"));
	wait_for(link_up);
	assert_int_equal(2, m->link.caught_up);
	assert_true(has_message("event 4") && has_message("event 5"));
	assert_false(has_message("event 3"));
	wait_for(draft_saved);
	assert_true(drafts_hold("second"));
	assert_string_equal("second", m->draft.summary);
	client_close(client);
	client = mem_deref(client);
}

static void test_version(void **state)
{
	(void)state;
	write_number("version", 9);
	open_client();
	wait_for(link_refused);
	assert_string_equal("The server speaks another version",
			    client_model(client)->link.tunnel.fault.what);
	write_number("version", 0);
	client_close(client);
	client = mem_deref(client);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_keys),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_agent),
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_turned_away),
		cmocka_unit_test(test_channels),
		cmocka_unit_test(test_resync),
		cmocka_unit_test(test_version),
	};

	if (argc != 3)
		return 2;
	bool serving = !strcmp(argv[1], "serve");
	snprintf(dir, sizeof(dir), "%s", serving ? argv[2] : argv[1]);
	if (serving)
		return serve();
	port = (uint16_t)strtoul(argv[2], NULL, 10);
	if (libre_init())
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed ? 1 : 0;
}
