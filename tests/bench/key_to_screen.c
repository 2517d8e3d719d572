/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a key to the last byte on the terminal: the real workstation on a
 * pseudo-terminal of 160x48, over SSH, while events of many agents arrive;
 * against a bare ncurses program that echoes. Key by key, turn about. Also
 * what the screen costs: bytes of a typed character, of a step in a list, of
 * a second's ticking, of the whole screen, and the client's CPU and memory,
 * idle and in a call.
 *
 *     key_to_screen SITE AGENTS WORKSTATION CITIZEN ECHO
 *
 * SITE is the folder of a running site with the agents Y001..; the others
 * are commands for the shell: the workstation of an agent who is made ready,
 * one citizen who calls him, the bare program. The terminal plays one that
 * offers synchronized output, so that a frame tells its own end.
 */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/seat.h"

#define COLS	    160
#define ROWS	    48
#define AGENTS_MAX  400
#define EVENT_NS    25000000LL /* 40 states change a second */
#define KEYS	    240
#define MOVES	    120
#define IDLE_S	    12
#define START_S	    60
#define FRAME_BYTES 65536
#define SYNC_ON	    "\x1b[?2026h"
#define SYNC_OFF    "\x1b[?2026l"
#define F2	    "\x1bOQ"
#define F3	    "\x1bOR"
#define CURSOR_ROW  "\xe2\x96\xb8" /* the mark of the row in a list */

struct term {
	int fd;
	pid_t pid;
	char frame[FRAME_BYTES]; /* of the frame that is coming */
	size_t n;
	uint64_t bytes; /* all that came */
	/* the last whole frame that had what was waited for */
	const char *want;
	size_t want_bytes;
	int64_t want_ns;
};

struct figures {
	double v[1024];
	size_t n;
};

static struct seat *seats;
static size_t n_seats;
static bool events;

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* ---- agents, whose states change ---- */

static void on_ignore(const char *line, void *arg)
{
	(void)line;
	(void)arg;
}

static void stir(void)
{
	static int64_t next;
	static size_t turn;
	int64_t now = now_ns();

	for (size_t i = 0; i < n_seats; i++)
		seat_lines(&seats[i].rpc_in, on_ignore, NULL);
	if (!events || now < next)
		return;
	next = now + EVENT_NS;
	struct seat *s = &seats[turn % n_seats];
	s->ready = !s->ready;
	seat_say(s->rpc, s->ready ? "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":"
				    "\"agent.pause\",\"params\":{\"reason\":"
				    "\"break\"}}\n"
				  : "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":"
				    "\"agent.pause\",\"params\":{\"reason\":"
				    "\"training\"}}\n");
	turn++;
}

/* ---- terminals ---- */

static void open_term(struct term *t, const char *command)
{
	struct winsize size = {.ws_row = ROWS, .ws_col = COLS};

	t->pid = forkpty(&t->fd, NULL, NULL, &size);
	must(t->pid >= 0, "forkpty");
	if (t->pid == 0) {
		setenv("TERM", "xterm-256color", 1);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	fcntl(t->fd, F_SETFL, O_NONBLOCK);
	fcntl(t->fd, F_SETFD, FD_CLOEXEC);
}

/* Is `want` in the text, not in an escape sequence? */
static bool has(const char *text, size_t n, const char *want)
{
	size_t len = strlen(want);

	for (size_t i = 0; i + len <= n; i++) {
		if (text[i] == 27) {
			i += i + 1 < n && text[i + 1] == '[' ? 2 : 1;
			while (i < n && (text[i] < '@' || text[i] > '~'))
				i++;
		} else if (!memcmp(text + i, want, len)) {
			return true;
		}
	}
	return false;
}

static void answer_questions(struct term *t)
{
	static const char answers[] =
		"\x1b[1;4R\x1b]11;rgb:0000/0000/0000\x1b\\\x1b[?2026;2$y"
		"\x1b[?62c";

	if (!memmem(t->frame, t->n, "\x1b[c", 3))
		return;
	must(write(t->fd, answers, sizeof(answers) - 1) > 0, "write");
	t->n = 0;
}

static void whole_frame(struct term *t, size_t n)
{
	if (t->want && !t->want_ns && has(t->frame, n, t->want)) {
		t->want_ns = now_ns();
		t->want_bytes = n;
	}
	t->n -= n;
	memmove(t->frame, t->frame + n, t->n);
}

/* synced: a frame ends where it says so; else with what came at once. */
static void read_term(struct term *t, bool synced)
{
	ssize_t got;

	while ((got = read(t->fd, t->frame + t->n, sizeof(t->frame) - t->n)) >
	       0) {
		char *end;
		t->n += (size_t)got;
		t->bytes += (size_t)got;
		answer_questions(t);
		while ((end = synced ? memmem(t->frame, t->n, SYNC_OFF,
					      strlen(SYNC_OFF))
				     : NULL))
			whole_frame(t, (size_t)(end - t->frame) +
					       strlen(SYNC_OFF));
		if (!synced && t->n)
			whole_frame(t, t->n);
		if (t->n == sizeof(t->frame))
			t->n = 0;
	}
}

static struct term ours, bare;

static void look(int ms)
{
	struct pollfd p[2] = {{.fd = ours.fd, .events = POLLIN},
			      {.fd = bare.fd, .events = POLLIN}};

	poll(p, 2, ms);
	if (p[0].revents)
		read_term(&ours, true);
	if (p[1].revents)
		read_term(&bare, false);
	stir();
}

static void rest(int64_t ms)
{
	int64_t until = now_ns() + ms * 1000000;

	while (now_ns() < until)
		look(2);
}

/* false: it did not come within so many seconds. */
static bool await(struct term *t, const char *want, int seconds)
{
	int64_t until = now_ns() + seconds * 1000000000LL;

	t->want = want;
	t->want_ns = 0;
	while (!t->want_ns && now_ns() < until)
		look(1);
	return t->want_ns != 0;
}

static void must_come(struct term *t, const char *want, const char *what)
{
	if (await(t, want, START_S))
		return;
	fprintf(stderr, "key_to_screen: not on the screen: %s\n", what);
	exit(1);
}

static void press(struct term *t, const char *key)
{
	must(write(t->fd, key, strlen(key)) == (ssize_t)strlen(key), "write");
}

/* Presses and waits for a frame with `want`. */
static void measure(struct term *t, const char *key, const char *want,
		    struct figures *us, struct figures *bytes)
{
	int64_t from = now_ns();

	press(t, key);
	if (!await(t, want, 5)) {
		fprintf(stderr, "key_to_screen: no echo of %s\n", want);
		return;
	}
	us->v[us->n++] = (double)(t->want_ns - from) / 1000;
	bytes->v[bytes->n++] = (double)t->want_bytes;
}

/* ---- figures ---- */

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double at(struct figures *f, double share)
{
	qsort(f->v, f->n, sizeof(f->v[0]), by_size);
	return f->n ? f->v[(size_t)((double)(f->n - 1) * share)] : 0;
}

static double cpu_s(pid_t pid)
{
	char path[64], text[1024];
	unsigned long user = 0, sys = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	const char *p = strrchr(text, ')');
	if (p)
		sscanf(p + 2,
		       "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
		       "%lu %lu",
		       &user, &sys);
	return (double)(user + sys) / (double)sysconf(_SC_CLK_TCK);
}

static long memory_kb(pid_t pid)
{
	char path[64], line[256];
	long kb = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "VmRSS:", 6))
			kb = strtol(line + 6, NULL, 10);
	if (f)
		fclose(f);
	return kb;
}

/* To the middle of the next second: figures tick on whole ones, and one is
 * not to be cut in two. */
static void rest_to_half(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	rest(1500 - t.tv_nsec / 1000000);
}

/* Share of a core while nothing is typed. bytes: of each second. */
static double idle(struct figures *bytes)
{
	rest_to_half();
	double from = cpu_s(ours.pid);

	for (int i = 0; i < IDLE_S; i++) {
		uint64_t b = ours.bytes;
		rest_to_half();
		bytes->v[bytes->n++] = (double)(ours.bytes - b);
	}
	return (cpu_s(ours.pid) - from) / IDLE_S;
}

/* ---- the parts ---- */

static struct figures key_us, key_bytes, bare_us, bare_bytes;

static void type(void)
{
	for (int i = 0; i < KEYS; i++) {
		const char key[2] = {(char)('a' + i * 7 % 26), 0};
		if (i % 24 == 0) {
			press(&ours, "\x15"); /* ^U: an empty line again */
			rest(300);
		}
		measure(&bare, key, key, &bare_us, &bare_bytes);
		measure(&ours, key, key, &key_us, &key_bytes);
		rest(80);
	}
	press(&ours, "\x15");
	rest(500);
}

static struct figures move_us, move_bytes;

static void move(void)
{
	press(&ours, "\t");
	rest(500);
	for (int i = 0; i < MOVES; i++) {
		measure(&ours, i % 16 < 8 ? "j" : "k", CURSOR_ROW, &move_us,
			&move_bytes);
		rest(50);
	}
}

static struct figures screen_us, screen_bytes;

static void whole(void)
{
	for (int i = 0; i < 5; i++) {
		measure(&ours, "\x0c", "A001", &screen_us, &screen_bytes);
		rest(200);
	}
}

static pid_t call(const char *citizen)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", citizen, (char *)NULL);
		_exit(127);
	}
	must_come(&ours, "\xe6\x9d\xa5\xe7\x94\xb5", "a call that rings");
	press(&ours, F2);
	must_come(&ours, "\xe9\x80\x9a\xe8\xaf\x9d", "the call");
	rest(1500);
	return pid;
}

struct budget {
	const char *what;
	struct figures *f;
	double limit, share;
};

static void print_budget(const struct budget *b)
{
	double seen = at(b->f, b->share);

	printf("{\"bench\":\"screen_bytes_%s\",\"ours\":%.0f,\"baseline\":%.0f"
	       ",\"ratio\":%.3f,\"unit\":\"bytes to the terminal (less is "
	       "better)\",\"note\":\"%s, %zu seen, median %.0f; baseline: the "
	       "budget: %s\"}\n",
	       b->what, seen, b->limit, seen / b->limit,
	       b->share < 1 ? "p99" : "the most", b->f->n, at(b->f, 0.5),
	       seen <= b->limit ? "held" : "missed");
}

static void print_keys(void)
{
	printf("{\"bench\":\"key_to_screen\",\"ours\":%.2f,\"baseline\":%.2f,"
	       "\"ratio\":%.3f,\"unit\":\"ms p50 (less is better)\",\"note\":"
	       "\"key to last byte, 160x48, %zu agents, 40 events a second; "
	       "p99 %.2f against %.2f; a step in a list %.2f, p99 %.2f; bytes "
	       "of a key %.0f against %.0f\"}\n",
	       at(&key_us, 0.5) / 1000, at(&bare_us, 0.5) / 1000,
	       at(&key_us, 0.5) / at(&bare_us, 0.5), n_seats,
	       at(&key_us, 0.99) / 1000, at(&bare_us, 0.99) / 1000,
	       at(&move_us, 0.5) / 1000, at(&move_us, 0.99) / 1000,
	       at(&key_bytes, 0.5), at(&bare_bytes, 0.5));
}

int main(int argc, char *argv[])
{
	static struct figures tick, tick_call, busy;
	char id[32];

	if (argc != 6) {
		fprintf(stderr, "usage: key_to_screen SITE AGENTS WORKSTATION "
				"CITIZEN ECHO\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	n_seats = strtoul(argv[2], NULL, 10);
	must(n_seats > 0 && n_seats <= AGENTS_MAX, "agents");
	seats = calloc(n_seats, sizeof(*seats));
	for (size_t i = 0; i < n_seats; i++) {
		snprintf(id, sizeof(id), "Y%03zu", i + 1);
		seat_open(&seats[i], argv[1], id, false);
	}
	open_term(&bare, argv[5]);
	open_term(&ours, argv[3]);
	must_come(&ours, "\xe5\xb0\xb1\xe7\xbb\xaa", "ready");
	rest(12000); /* until the message of that has gone */

	double cpu_idle = idle(&tick);
	events = true;
	double cpu_events = idle(&busy);
	long kb_idle = memory_kb(ours.pid);
	move();
	press(&ours, F3);
	rest(1000);
	type();
	whole();
	pid_t citizen = call(argv[4]);
	events = false;
	rest(2000);
	double cpu_call = idle(&tick_call);
	long kb_call = memory_kb(ours.pid);

	kill(citizen, SIGTERM);
	waitpid(citizen, NULL, 0);
	print_keys();
	const struct budget budgets[] = {
		{"key", &key_bytes, 32, 0.99},
		{"move", &move_bytes, 400, 0.99},
		{"tick", &tick, 90, 1},
		{"screen", &screen_bytes, 28672, 1},
	};
	for (size_t i = 0; i < sizeof(budgets) / sizeof(*budgets); i++)
		print_budget(&budgets[i]);
	printf("{\"bench\":\"client_cpu\",\"ours\":%.4f,\"baseline\":%.4f,"
	       "\"ratio\":%.3f,\"unit\":\"cores in a call, baseline idle\","
	       "\"note\":\"with the events of %zu agents %.4f; memory %ld MB "
	       "idle, %ld in a call; bytes a second in a call %.0f, with "
	       "events %.0f\"}\n",
	       cpu_call, cpu_idle, cpu_idle > 0 ? cpu_call / cpu_idle : 0,
	       n_seats, cpu_events, kb_idle / 1024, kb_call / 1024,
	       at(&tick_call, 0.5), at(&busy, 0.5));
	kill(ours.pid, SIGTERM);
	kill(bare.pid, SIGTERM);
	rest(500);
	return 0;
}
