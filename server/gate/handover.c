/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both ends of the hand-over (handover.h has the protocol): one line of JSON
 * with two descriptors beside it. A gate that connects and says nothing
 * holds a place in a bounded list for five seconds at most.
 */
#include "server/gate/handover.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "common/json.h"
#include "common/libre.h"
#include "common/link.h"
#include "common/log.h"
#include "common/scope.h"

#define LINE_BYTES   512
#define PENDING_MAX  256
#define PENDING_MS   5000
#define REFUSE_BYTES 256
#define FDS	     2

static const char *const purposes[] = {
	[HANDOVER_RPC] = "rpc",
	[HANDOVER_PHONE] = "phone",
	[HANDOVER_VOICE] = "voice",
};
#define PURPOSES_N (sizeof(purposes) / sizeof(*purposes))

const char *handover_purpose_name(enum handover_purpose p)
{
	return (size_t)p < PURPOSES_N ? purposes[p] : "";
}

int handover_purpose_parse(enum handover_purpose *p, const char *name)
{
	for (size_t i = 0; i < PURPOSES_N; i++) {
		if (!strcmp(purposes[i], name)) {
			*p = (enum handover_purpose)i;
			return 0;
		}
	}
	return EBADMSG;
}

/* ---- server ---- */

struct handover_listener {
	int fd;
	uid_t service_uid;
	handover_h *h;
	void *arg;
	struct list pending;
};

struct pending {
	struct le le;
	struct handover_listener *lsn;
	struct tmr tmr;
	int fd;
	int fds[FDS];
	int fds_n;
	size_t used;
	char line[LINE_BYTES];
};

static void pending_destructor(void *arg)
{
	struct pending *p = arg;

	list_unlink(&p->le);
	tmr_cancel(&p->tmr);
	if (p->fd >= 0) {
		fd_close(p->fd);
		close(p->fd);
	}
	for (int i = 0; i < p->fds_n; i++)
		close(p->fds[i]);
}

static void listener_destructor(void *arg)
{
	struct handover_listener *lsn = arg;

	list_flush(&lsn->pending);
	if (lsn->fd >= 0) {
		fd_close(lsn->fd);
		close(lsn->fd);
	}
}

/* Takes descriptors out of the control data; more than two are closed. */
static void take_fds(struct pending *p, struct msghdr *mh)
{
	struct cmsghdr *cm;

	for (cm = CMSG_FIRSTHDR(mh); cm; cm = CMSG_NXTHDR(mh, cm)) {
		if (cm->cmsg_level != SOL_SOCKET ||
		    cm->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(cm) + i * sizeof(int),
			       sizeof(fd));
			if (p->fds_n < FDS)
				p->fds[p->fds_n++] = fd;
			else
				close(fd);
		}
	}
}

static ssize_t pending_read(struct pending *p)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * 8)];
		struct cmsghdr align;
	} ctl;
	struct iovec iov = {
		.iov_base = p->line + p->used,
		.iov_len = sizeof(p->line) - 1 - p->used,
	};
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = ctl.buf,
		.msg_controllen = sizeof(ctl.buf),
	};
	ssize_t n = recvmsg(p->fd, &mh, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	if (n > 0) {
		take_fds(p, &mh);
		p->used += (size_t)n;
		p->line[p->used] = '\0';
	}
	return n;
}

static int pending_parse(const struct pending *p, struct handover *ho)
{
	char fault[128];
	scoped_json json_t *obj =
		json_parse(p->line, p->used, fault, sizeof(fault));
	struct json_in in;

	json_in_init(&in, obj);
	json_in_int(&in, "v", HANDOVER_VERSION, HANDOVER_VERSION);
	const char *purpose = json_in_str(&in, "purpose", 16);
	const char *person = json_in_str(&in, "person", sizeof(ho->person));
	ho->login = json_in_int(&in, "login", 0, INT64_MAX);
	ho->generation = (int)json_in_int(&in, "generation", 0, INT32_MAX);
	if (json_in_done(&in) || !*person ||
	    handover_purpose_parse(&ho->purpose, purpose) || p->fds_n != FDS)
		return EBADMSG;
	snprintf(ho->person, sizeof(ho->person), "%s", person);
	return 0;
}

static void pending_complete(struct pending *p)
{
	struct handover ho = {.in = -1};
	struct handover_listener *lsn = p->lsn;

	if (pending_parse(p, &ho)) {
		log_warn("hand-over dropped: bad message");
		mem_deref(p);
		return;
	}
	fd_close(p->fd);
	ho.in = p->fds[0];
	ho.out = p->fds[1];
	ho.control = p->fd;
	p->fd = -1;
	p->fds_n = 0;
	mem_deref(p);
	lsn->h(&ho, lsn->arg);
}

static void on_pending(int flags, void *arg)
{
	struct pending *p = arg;
	ssize_t n = pending_read(p);
	(void)flags;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		mem_deref(p);
		return;
	}
	if (memchr(p->line, '\n', p->used))
		pending_complete(p);
	else if (p->used >= sizeof(p->line) - 1)
		mem_deref(p);
}

static void on_pending_timeout(void *arg)
{
	mem_deref(arg);
}

static bool peer_allowed(int fd, uid_t service_uid)
{
	struct ucred cr;
	socklen_t len = sizeof(cr);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cr, &len))
		return false;
	return cr.uid == 0 || cr.uid == geteuid() || cr.uid == service_uid;
}

static void on_connection(int flags, void *arg)
{
	struct handover_listener *lsn = arg;
	scoped_fd int fd =
		accept4(lsn->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	(void)flags;

	if (fd < 0)
		return;
	if (!peer_allowed(fd, lsn->service_uid)) {
		log_warn("hand-over refused: not from the gate's account");
		return;
	}
	if (list_count(&lsn->pending) >= PENDING_MAX) {
		log_warn("hand-over refused: too many at once");
		return;
	}
	struct pending *p = mem_zalloc(sizeof(*p), pending_destructor);
	if (!p)
		return;
	p->fd = -1;
	p->lsn = lsn;
	list_append(&lsn->pending, &p->le, p);
	tmr_start(&p->tmr, PENDING_MS, on_pending_timeout, p);
	if (fd_listen(fd, FD_READ, on_pending, p)) {
		mem_deref(p);
		return;
	}
	p->fd = take_fd(fd);
}

/* Names of persons are believed here, so nobody else may reach the socket:
 * the folder is the service account's (or ours) and closed to others. */
static int check_folder(const char *path, uid_t service_uid)
{
	char dir[256];
	struct stat st;
	const char *slash = strrchr(path, '/');

	if (!slash || (size_t)(slash - path) >= sizeof(dir))
		return EINVAL;
	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
	if (mkdir(dir, 0700) && errno != EEXIST)
		return errno;
	if (stat(dir, &st))
		return errno;
	if (S_ISDIR(st.st_mode) && !(st.st_mode & 077) &&
	    (st.st_uid == 0 || st.st_uid == geteuid() ||
	     st.st_uid == service_uid))
		return 0;
	log_error("%s: must be a folder of mode 0700 owned by uid %u, but has "
		  "mode %04o and owner %u: names of persons are believed in "
		  "it",
		  dir, (unsigned)service_uid, (unsigned)st.st_mode & 07777,
		  (unsigned)st.st_uid);
	return EACCES;
}

int handover_listen(struct handover_listener **lp, const char *path,
		    uid_t service_uid, handover_h *h, void *arg)
{
	int err = check_folder(path, service_uid);
	if (err)
		return err;

	scoped_mem struct handover_listener *lsn =
		mem_zalloc(sizeof(*lsn), listener_destructor);
	if (!lsn)
		return ENOMEM;
	lsn->fd = -1;
	lsn->service_uid = service_uid;
	lsn->h = h;
	lsn->arg = arg;
	err = link_listen(&lsn->fd, path, 0600);
	if (!err)
		err = fd_listen(lsn->fd, FD_READ, on_connection, lsn);
	if (err)
		return err;
	*lp = take(lsn);
	return 0;
}

/* A gate that is gone or does not read loses its answer, no more. */
static void answer(int control, const char *text, size_t len)
{
	ssize_t n = send(control, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)n;
}

void handover_taken(int control)
{
	answer(control, "K", 1);
}

void handover_refuse(int control, const char *why)
{
	char text[REFUSE_BYTES];
	int n = snprintf(text, sizeof(text), "N%.*s\n", (int)sizeof(text) - 3,
			 why);

	answer(control, text, (size_t)n);
	close(control);
}

void handover_end(int control)
{
	answer(control, "E", 1);
	close(control);
}

/* ---- gate ---- */

int handover_send(int sock, const struct handover *ho)
{
	char line[LINE_BYTES];
	int n = snprintf(line, sizeof(line),
			 "{\"v\":%d,\"purpose\":\"%s\",\"person\":\"%s\","
			 "\"login\":%lld,\"generation\":%d}\n",
			 HANDOVER_VERSION, handover_purpose_name(ho->purpose),
			 ho->person, (long long)ho->login, ho->generation);
	union {
		char buf[CMSG_SPACE(sizeof(int) * FDS)];
		struct cmsghdr align;
	} ctl;
	struct iovec iov = {.iov_base = line, .iov_len = (size_t)n};
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = ctl.buf,
		.msg_controllen = sizeof(ctl.buf),
	};
	const int fds[FDS] = {ho->in, ho->out};

	memset(&ctl, 0, sizeof(ctl));
	struct cmsghdr *cm = CMSG_FIRSTHDR(&mh);
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(cm), fds, sizeof(fds));
	/* fresh socket: the few bytes always fit at once */
	ssize_t sent = sendmsg(sock, &mh, MSG_NOSIGNAL);
	if (sent < 0)
		return errno;
	return sent == n ? 0 : EMSGSIZE;
}
