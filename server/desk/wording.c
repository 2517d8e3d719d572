/* SPDX-License-Identifier: Apache-2.0 */
#include "server/desk/wording.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/libre.h"
#include "common/log.h"
#include "common/proto.h"
#include "common/scope.h"
#include "kb/wording.h"
#include "server/core/alarm.h"
#include "server/core/worker.h"

#define LOOK_MS 5000
#define ALARM	"synonyms"

struct wording {
	struct wording_prm prm;
	char *path;
	struct tmr tmr;
	bool under_way; /* what follows is the worker's meanwhile */
	struct stat seen;
	bool changed;
	int err;
	struct diag diag;
};

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int on_job(struct db *db, void *arg)
{
	struct wording *w = arg;
	struct stat st = {.st_ino = 0};
	bool there = !stat(w->path, &st);

	w->changed = !is_same(&st, &w->seen) || (!there && !w->err);
	w->seen = st;
	if (w->changed)
		w->err = kb_wording_read(w->prm.index, w->path, &w->diag);
	return 0;
}

static void on_done(int err, void *arg)
{
	struct wording *w = arg;
	char detail[400];

	w->under_way = false;
	if (err || !w->changed || !w->prm.alarm) {
		mem_deref(w);
		return;
	}
	if (w->err) {
		snprintf(detail, sizeof(detail), "%s:%d: %s", w->diag.file,
			 w->diag.line, w->diag.what);
		log_warn("synonyms: %s", detail);
		alarm_raise(w->prm.alarm, ALARM, ALARM_WARN,
			    N_("The file of synonyms is not right; what was "
			       "read before counts"),
			    detail);
	} else {
		log_info("synonyms: %s is read", w->path);
		alarm_clear(w->prm.alarm, ALARM);
	}
	mem_deref(w);
}

static void on_tick(void *arg)
{
	struct wording *w = arg;

	tmr_start(&w->tmr, LOOK_MS, on_tick, w);
	if (w->under_way)
		return;
	w->under_way = true;
	if (!worker_submit(w->prm.worker, on_job, on_done, mem_ref(w)))
		return;
	w->under_way = false;
	mem_deref(w);
}

void wording_close(struct wording *w)
{
	if (!w)
		return;
	tmr_cancel(&w->tmr);
	w->prm.alarm = NULL;
}

static void wording_destructor(void *arg)
{
	struct wording *w = arg;

	tmr_cancel(&w->tmr);
	mem_deref(w->prm.index);
	mem_deref(w->path);
}

int wording_alloc(struct wording **wp, const struct wording_prm *prm)
{
	scoped_mem struct wording *w =
		mem_zalloc(sizeof(*w), wording_destructor);
	if (!w)
		return ENOMEM;
	tmr_init(&w->tmr);
	w->prm = *prm;
	w->prm.index = mem_ref(prm->index);
	int err = str_dup(&w->path, prm->path);
	if (err)
		return err;
	if (*w->path)
		tmr_start(&w->tmr, 0, on_tick, w);
	*wp = take(w);
	return 0;
}
