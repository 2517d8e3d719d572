/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cache of decoded sound files, keyed by path, checked by size and time of
 * change. References are counted atomically: plays let go on voice threads.
 */
#include "server/switch/prompt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/log.h"
#include "common/scope.h"
#include "server/switch/wav.h"

#define BUCKETS 64

struct entry {
	struct le le;
	char path[384];
	struct timespec changed;
	off_t bytes;
	struct prompt *prompt;
};

struct prompt_cache {
	struct hash *entries;
};

struct prompt *prompt_ref(struct prompt *p)
{
	atomic_fetch_add(&p->refs, 1);
	return p;
}

void prompt_deref(struct prompt *p)
{
	if (p && atomic_fetch_sub(&p->refs, 1) == 1)
		free(p);
}

static int load(struct prompt **pp, int fd)
{
	struct wav_info info;

	int err = wav_probe(&info, fd);
	if (err)
		return err;
	if (info.data_bytes > PROMPT_MAX_BYTES)
		return EFBIG;
	size_t n = (size_t)info.data_bytes / info.frame_bytes;
	struct prompt *p = malloc(sizeof(*p) + n * sizeof(*p->pcm));
	scoped_str char *raw = malloc(info.data_bytes + 1);
	if (!p || !raw) {
		free(p);
		return ENOMEM;
	}
	ssize_t got =
		pread(fd, raw, (size_t)info.data_bytes, (off_t)info.data_at);
	if (got < 0) {
		free(p);
		return errno;
	}
	atomic_init(&p->refs, 1);
	p->n = (size_t)got / info.frame_bytes;
	wav_samples(p->pcm, (const uint8_t *)raw, p->n, &info);
	*pp = p;
	return 0;
}

static void on_entry_end(void *arg)
{
	struct entry *e = arg;

	hash_unlink(&e->le);
	prompt_deref(e->prompt);
}

static bool on_find(struct le *le, void *arg)
{
	const struct entry *e = le->data;

	return !strcmp(e->path, arg);
}

static struct entry *find(struct prompt_cache *c, const char *path)
{
	struct le *le = hash_lookup(c->entries, hash_joaat_str(path), on_find,
				    (void *)path);

	return le ? le->data : NULL;
}

int prompt_cache_get(struct prompt_cache *c, struct prompt **pp,
		     const char *path)
{
	struct prompt *fresh = NULL;
	struct stat st;

	scoped_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == EACCES || errno == ENOTDIR ? ENOENT : errno;
	if (fstat(fd, &st))
		return errno;
	struct entry *e = find(c, path);
	if (e && e->bytes == st.st_size &&
	    !memcmp(&e->changed, &st.st_mtim, sizeof(e->changed))) {
		*pp = prompt_ref(e->prompt);
		return 0;
	}
	int err = load(&fresh, fd);
	if (err)
		return err;
	if (!e) {
		e = mem_zalloc(sizeof(*e), on_entry_end);
		if (!e) {
			prompt_deref(fresh);
			return ENOMEM;
		}
		str_ncpy(e->path, path, sizeof(e->path));
		hash_append(c->entries, hash_joaat_str(path), &e->le, e);
	}
	prompt_deref(e->prompt);
	e->prompt = fresh;
	e->bytes = st.st_size;
	e->changed = st.st_mtim;
	*pp = prompt_ref(fresh);
	return 0;
}

void prompt_cache_warm(struct prompt_cache *c, const char *dir)
{
	char path[384];
	DIR *d = opendir(dir);

	if (!d)
		return;
	for (struct dirent *de; (de = readdir(d));) {
		struct prompt *p = NULL;
		size_t n = strlen(de->d_name);
		if (n < 5 || strcmp(de->d_name + n - 4, ".wav"))
			continue;
		snprintf(path, sizeof(path), "%.120s/%.255s", dir, de->d_name);
		int err = prompt_cache_get(c, &p, path);
		if (err && err != EFBIG)
			log_warn("prompt %s: %s", de->d_name,
				 err == EBADMSG ? "no 8000 Hz WAV"
						: strerror(err));
		prompt_deref(p);
	}
	closedir(d);
}

int prompt_cache_alloc(struct prompt_cache **cp)
{
	struct prompt_cache *c = calloc(1, sizeof(*c));
	if (!c)
		return ENOMEM;
	int err = hash_alloc(&c->entries, BUCKETS);
	if (err) {
		free(c);
		return err;
	}
	*cp = c;
	return 0;
}

void prompt_cache_free(struct prompt_cache *c)
{
	if (!c)
		return;
	hash_flush(c->entries);
	mem_deref(c->entries);
	free(c);
}
