/* SPDX-License-Identifier: Apache-2.0 */
#include "common/link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/json.h"
#include "common/libre.h"
#include "common/log.h"

#define READ_BYTES 65536

/* ---- lines out of a stream ---- */

void link_split_init(struct link_split *sp, size_t max_bytes)
{
	memset(sp, 0, sizeof(*sp));
	sp->max_bytes = max_bytes;
}

void link_split_release(struct link_split *sp)
{
	free(sp->buf);
	sp->buf = NULL;
	sp->used = sp->size = 0;
}

static int split_grow(struct link_split *sp, size_t need)
{
	if (need <= sp->size)
		return 0;
	size_t size = sp->size ? sp->size : 1024;
	while (size < need)
		size *= 2;
	char *buf = realloc(sp->buf, size);
	if (!buf)
		return ENOMEM;
	sp->buf = buf;
	sp->size = size;
	return 0;
}

/* Ends the line whose last part is data..data+len. */
static int split_line(struct link_split *sp, const char *data, size_t len,
		      link_line_h *lineh, void *arg)
{
	if (sp->skipping || sp->used + len + 1 > sp->max_bytes) {
		sp->skipping = false;
		sp->used = 0;
		return lineh(NULL, 0, arg);
	}
	int err = split_grow(sp, sp->used + len + 1);
	if (err)
		return err;
	if (len)
		memcpy(sp->buf + sp->used, data, len);
	len += sp->used;
	sp->used = 0;
	if (len && sp->buf[len - 1] == '\r')
		len--;
	sp->buf[len] = '\0';
	return lineh(sp->buf, len, arg);
}

int link_split_feed(struct link_split *sp, const char *data, size_t len,
		    link_line_h *lineh, void *arg)
{
	while (len) {
		const char *nl = memchr(data, '\n', len);
		if (!nl)
			break;
		size_t n = (size_t)(nl - data);
		int err = split_line(sp, data, n, lineh, arg);
		if (err)
			return err;
		data += n + 1;
		len -= n + 1;
	}
	if (!len || sp->skipping)
		return 0;
	if (sp->used + len >= sp->max_bytes) {
		sp->skipping = true;
		sp->used = 0;
		return 0;
	}
	int err = split_grow(sp, sp->used + len);
	if (err)
		return err;
	memcpy(sp->buf + sp->used, data, len);
	sp->used += len;
	return 0;
}

/* ---- a connection ---- */

struct link {
	struct link_split split;
	struct link_prm prm;
	struct mbuf *out; /* pos..end is unsent */
	struct tmr tmr;	  /* reports an end found while sending */
	int end_err;
	bool writing; /* fd_out is armed for writing */
	bool closed;
};

static void link_destructor(void *arg)
{
	struct link *link = arg;

	link_close(link);
	tmr_cancel(&link->tmr);
	link_split_release(&link->split);
	mem_deref(link->out);
	if (link->prm.fd_out >= 0 && link->prm.fd_out != link->prm.fd_in)
		close(link->prm.fd_out);
	if (link->prm.fd_in >= 0)
		close(link->prm.fd_in);
}

/* The descriptors must leave epoll before they are closed: another process
 * may still hold the same description (sshd's pipes). */
void link_close(struct link *link)
{
	if (!link)
		return;
	tmr_cancel(&link->tmr); /* an end that was found, and not yet told */
	if (link->closed)
		return;
	link->closed = true;
	if (link->prm.fd_in >= 0)
		fd_close(link->prm.fd_in);
	if (link->prm.fd_out >= 0 && link->prm.fd_out != link->prm.fd_in)
		fd_close(link->prm.fd_out);
}

static void on_end(void *arg)
{
	struct link *link = arg;
	link_close_h *closeh = link->prm.closeh;

	link->prm.closeh = NULL;
	if (closeh)
		closeh(link->end_err, link->prm.arg);
}

/* Ends the connection; the owner hears of it on the next turn of the loop. */
static void end(struct link *link, int err)
{
	if (link->closed)
		return;
	link_close(link);
	link->end_err = err;
	tmr_start(&link->tmr, 0, on_end, link);
}

static int on_line(char *line, size_t len, void *arg)
{
	struct link *link = arg;
	char why[160] = "line too long";

	if (line && !len)
		return 0;
	scoped_json json_t *msg =
		line ? json_parse(line, len, why, sizeof(why)) : NULL;
	if (json_is_object(msg)) {
		link->prm.msgh(link, msg, link->prm.arg);
	} else {
		if (msg)
			snprintf(why, sizeof(why), "not an object");
		if (link->prm.badh)
			link->prm.badh(link, why, link->prm.arg);
		else
			log_warn("bad line dropped: %s", why);
	}
	return link->closed ? ECANCELED : 0;
}

static void on_readable(struct link *link)
{
	static char buf[READ_BYTES];
	ssize_t n = read(link->prm.fd_in, buf, sizeof(buf));

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			end(link, errno);
		return;
	}
	if (n == 0) {
		end(link, 0);
		return;
	}
	int err = link_split_feed(&link->split, buf, (size_t)n, on_line, link);
	if (err && err != ECANCELED)
		end(link, err);
}

static int flush(struct link *link);

static void on_fd(int flags, void *arg)
{
	struct link *link = mem_ref(arg);

	if (flags & FD_WRITE) {
		int err = flush(link);
		if (err)
			end(link, err);
	}
	if ((flags & (FD_READ | FD_EXCEPT)) && !link->closed)
		on_readable(link);
	mem_deref(link);
}

static void on_out_fd(int flags, void *arg)
{
	struct link *link = mem_ref(arg);

	if (flags & FD_WRITE) {
		int err = flush(link);
		if (err)
			end(link, err);
	} else if (flags & FD_EXCEPT) {
		end(link, EPIPE);
	}
	mem_deref(link);
}

static int arm_write(struct link *link, bool on)
{
	if (link->writing == on)
		return 0;
	link->writing = on;
	if (link->prm.fd_in == link->prm.fd_out)
		return fd_listen(link->prm.fd_in,
				 on ? FD_READ | FD_WRITE : FD_READ, on_fd,
				 link);
	if (on)
		return fd_listen(link->prm.fd_out, FD_WRITE, on_out_fd, link);
	fd_close(link->prm.fd_out);
	return 0;
}

static int flush(struct link *link)
{
	struct mbuf *mb = link->out;

	while (mbuf_get_left(mb)) {
		size_t left = mbuf_get_left(mb);
		/* up to PIPE_BUF a pipe takes all of it or nothing, so that a
		 * process that dies here leaves no half line behind */
		ssize_t n = write(link->prm.fd_out, mbuf_buf(mb),
				  left > 4096 ? 4096 : left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return arm_write(link, true);
		if (n < 0)
			return errno;
		mb->pos += (size_t)n;
	}
	mb->pos = mb->end = 0;
	return arm_write(link, false);
}

int link_send_line(struct link *link, const char *line, size_t len)
{
	if (!link || link->closed)
		return ENOTCONN;
	struct mbuf *mb = link->out;
	size_t left = mbuf_get_left(mb);

	if (left + len > link->prm.queue_max_bytes) {
		end(link, ENOBUFS);
		return ENOTCONN;
	}
	if (mb->pos > 65536) {
		memmove(mb->buf, mbuf_buf(mb), left);
		mb->pos = 0;
		mb->end = left;
	}
	size_t pos = mb->pos;
	mb->pos = mb->end;
	int err = mbuf_write_mem(mb, (const uint8_t *)line, len);
	mb->pos = pos;
	if (err)
		return err;
	if (link->writing)
		return 0;
	err = flush(link);
	if (err)
		end(link, err);
	return 0;
}

int link_send(struct link *link, const json_t *msg)
{
	size_t len = 0;

	if (!link || link->closed)
		return ENOTCONN;
	char *line = json_line(msg, &len);
	if (!line)
		return ENOMEM;
	int err = link_send_line(link, line, len);
	free(line);
	return err;
}

static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return errno;
	return 0;
}

int link_alloc(struct link **lp, const struct link_prm *prm)
{
	struct link *link = mem_zalloc(sizeof(*link), link_destructor);
	if (!link)
		return ENOMEM;
	link->prm = *prm;
	link->prm.fd_in = link->prm.fd_out = -1; /* not ours until the end */
	tmr_init(&link->tmr);
	link_split_init(&link->split, prm->line_max_bytes);
	link->out = mbuf_alloc(1024);

	int err = link->out ? 0 : ENOMEM;
	if (!err)
		err = set_nonblocking(prm->fd_in);
	if (!err && prm->fd_out != prm->fd_in)
		err = set_nonblocking(prm->fd_out);
	if (!err)
		err = fd_listen(prm->fd_in, FD_READ, on_fd, link);
	if (err) {
		mem_deref(link);
		return err;
	}
	link->prm.fd_in = prm->fd_in;
	link->prm.fd_out = prm->fd_out;
	*lp = link;
	return 0;
}

/* ---- Unix sockets ---- */

static int unix_address(struct sockaddr_un *sun, const char *path)
{
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sun->sun_path))
		return ENAMETOOLONG;
	strcpy(sun->sun_path, path);
	return 0;
}

int link_connect(int *fdp, const char *path)
{
	struct sockaddr_un sun;
	int err = unix_address(&sun, path);
	if (err)
		return err;

	int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0) {
		err = errno;
		close(fd);
		return err;
	}
	*fdp = fd;
	return 0;
}

int link_listen(int *fdp, const char *path, unsigned mode)
{
	struct sockaddr_un sun;
	int err = unix_address(&sun, path);
	if (err)
		return err;

	int probe = -1;
	err = link_connect(&probe, path);
	if (!err || err == EAGAIN) {
		if (!err)
			close(probe);
		return EADDRINUSE;
	}
	unlink(path);

	int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	mode_t old = umask(0177);
	err = bind(fd, (struct sockaddr *)&sun, sizeof(sun)) ? errno : 0;
	umask(old);
	if (!err && (chmod(path, mode) || listen(fd, 128)))
		err = errno;
	if (err) {
		close(fd);
		return err;
	}
	*fdp = fd;
	return 0;
}
