/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new site: its folders, configuration and empty database (init), then,
 * once zuoxid runs, the first queues, pause reasons and the tree of
 * dispositions of a social-insurance hotline (fill). Names in these tables
 * are data of a site in Xi'an and are changed with the ordinary verbs, so
 * they are not translated.
 */
#include <errno.h>
#include <fcntl.h>
#include <libintl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "common/db.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"
#include "common/speak.h"
#include "server/core/store.h"
#include "server/ctl/client.h"
#include "server/ctl/verbs.h"

#define PATH_BYTES 512

/* ---- init ---- */

struct init {
	char dir[PATH_BYTES];
	const char *name;
	bool sample;
};

static int init_args(struct ctl *ctl, const struct ctl_verb *v,
		     struct init *in)
{
	for (int i = 0; i < ctl->argc; i++) {
		const char *arg = ctl->argv[i];
		if (!strcmp(arg, "--sample")) {
			in->sample = true;
		} else if (!strcmp(arg, "--name") && i + 1 < ctl->argc) {
			in->name = ctl->argv[++i];
		} else if (arg[0] == '-' || in->dir[0]) {
			return ctl_usage(v, gettext("'%s' is too much"), arg);
		} else {
			snprintf(in->dir, sizeof(in->dir), "%s", arg);
		}
	}
	if (!in->dir[0])
		return ctl_usage(v, gettext("%s is missing"), "DIR");
	if (in->name && strpbrk(in->name, "\r\n"))
		return ctl_usage(v, "%s",
				 gettext("a name stands on one line"));
	return CTL_DONE;
}

static int make_folders(const char *dir)
{
	static const char *const folders[] = {
		"", "/state", "/run", "/run/gate", "/recordings", "/prompts",
	};
	char path[PATH_BYTES + 16];

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		snprintf(path, sizeof(path), "%s%s", dir, folders[i]);
		if (mkdir(path, 0700) && errno != EEXIST)
			return errno;
	}
	return 0;
}

static bool is_key(const char *line, const char *key)
{
	line += strspn(line, "# ");
	size_t n = strlen(key);

	return !strncmp(line, key, n) && !strncmp(line + n, " =", 2);
}

/* The default configuration with every key and its meaning in a comment;
 * what the caller chose stands in front of the table's default. */
static void print_config(const struct init *in, const char *text, FILE *f)
{
	const char *name = in->name	? in->name
			   : in->sample ? "样例社保热线"
					: NULL;
	bool sample = in->sample;

	while (*text) {
		size_t n = strcspn(text, "\n");
		if (name && is_key(text, "name")) {
			fprintf(f, "name = %s\n", name);
			name = NULL;
		} else if (sample && is_key(text, "sample")) {
			fprintf(f, "sample = yes\n");
			sample = false;
		} else {
			fprintf(f, "%.*s\n", (int)n, text);
		}
		text += n + (text[n] == '\n');
	}
}

static int write_config(const struct init *in, const char *path)
{
	char part[PATH_BYTES + 64];

	snprintf(part, sizeof(part), "%s.new", path);
	FILE *f = fopen(part, "w");
	if (!f)
		return errno;
	fchmod(fileno(f), 0640);
	char *text = NULL;
	size_t size = 0;
	FILE *mem = open_memstream(&text, &size);
	if (mem) {
		config_print_default(mem);
		fclose(mem);
	}
	print_config(in, text ? text : "", f);
	free(text);
	int err = fflush(f) || fsync(fileno(f)) ? errno : 0;
	if (fclose(f) && !err)
		err = errno;
	if (!err && rename(part, path))
		err = errno;
	return err;
}

int ctl_site_init(struct ctl *ctl, const struct ctl_verb *v)
{
	struct init in = {.name = NULL};
	char path[PATH_BYTES + 32], db_path[PATH_BYTES + 32];
	struct diag diag;

	int code = init_args(ctl, v, &in);
	if (code)
		return code;
	snprintf(path, sizeof(path), "%s/zuoxi.conf", in.dir);
	snprintf(db_path, sizeof(db_path), "%s/state/zuoxi.db", in.dir);
	if (!access(path, F_OK) || !access(db_path, F_OK))
		return ctl_refused(v, gettext("there is a site in that folder "
					      "already"));
	int err = make_folders(in.dir);
	if (!err)
		err = write_config(&in, path);
	if (err)
		return ctl_refused(v, speak_errno(err));
	if (config_read(&ctl->cfg, path, &diag))
		return ctl_refused(v, diag.what);
	struct db *db = NULL;
	err = store_open_file(&db, db_path, DB_WRITE, NULL);
	mem_deref(db);
	if (err)
		return ctl_refused(v, speak_errno(err));
	if (ctl->json)
		ctl_print_made(in.dir, 0);
	else
		printf(gettext("The site stands in %s.\nNext: look at %s, "
			       "start zuoxid --config %s, then run zuoxictl "
			       "--config %s site fill.\n"),
		       in.dir, path, path, path);
	return CTL_DONE;
}

/* ---- fill ---- */

static const struct {
	const char *id, *name, *number;
	int priority;
} queues[] = {
	{"si", "社会保险", "88001001", 0},
	{"mi", "医疗保险", "88001002", 0},
	{"pa", "人事代理", "88001003", 0},
};

static const struct {
	const char *code, *name;
	int max_minutes;
} pauses[] = {
	{"rest", "小休", 15},
	{"meal", "用餐", 40},
	{"training", "培训", 0},
	{"meeting", "会议", 0},
};

/* code, name; the parent is the code without its last part */
static const struct {
	const char *code, *name;
} dispositions[] = {
	{"si", "社会保险"},
	{"si.pension", "养老保险"},
	{"si.pension.join", "参保登记"},
	{"si.pension.pay", "缴费与基数"},
	{"si.pension.move", "关系转移接续"},
	{"si.pension.retire", "退休办理"},
	{"si.pension.benefit", "待遇与资格认证"},
	{"si.pension.flex", "灵活就业"},
	{"si.pension.rural", "居民养老"},
	{"si.pension.land", "征地养老"},
	{"si.jobless", "失业保险"},
	{"si.jobless.claim", "失业金申领"},
	{"si.jobless.stable", "稳岗与技能补贴"},
	{"si.injury", "工伤保险"},
	{"si.injury.judge", "工伤认定"},
	{"si.injury.benefit", "工伤待遇"},
	{"si.card", "社保卡"},
	{"si.card.new", "申领与补换"},
	{"si.card.lost", "挂失与解挂"},
	{"si.card.use", "激活与使用"},
	{"si.proof", "证明与查询"},
	{"si.proof.paid", "参保缴费证明"},
	{"si.proof.right", "权益记录查询"},
	{"si.proof.web", "网上服务"},
	{"si.rights", "权益维护"},
	{"si.rights.unpaid", "欠缴投诉"},
	{"si.rights.labour", "劳动关系"},
	{"si.hall", "大厅服务"},
	{"si.hall.where", "办理地点"},
	{"si.hall.book", "预约"},
	{"si.other", "其他社保咨询"},
	{"si.other.any", "其他"},
	{"mi", "医疗保险"},
	{"mi.staff", "职工医保"},
	{"mi.staff.join", "参保与缴费"},
	{"mi.staff.account", "个人账户"},
	{"mi.staff.family", "家庭共济"},
	{"mi.staff.code", "医保电子凭证"},
	{"mi.staff.move", "医保关系转移"},
	{"mi.staff.retire", "退休医保年限"},
	{"mi.resident", "居民医保"},
	{"mi.resident.join", "参保与缴费"},
	{"mi.resident.stop", "停保与退费"},
	{"mi.claim", "报销"},
	{"mi.claim.ward", "住院报销"},
	{"mi.claim.clinic", "门诊与慢特病"},
	{"mi.claim.hand", "手工报销"},
	{"mi.claim.away", "异地就医备案"},
	{"mi.claim.list", "药品与目录"},
	{"mi.birth", "生育待遇"},
	{"mi.birth.allow", "生育津贴"},
	{"mi.birth.check", "产前检查与住院"},
	{"mi.birth.away", "异地生育"},
	{"mi.other", "其他医保咨询"},
	{"mi.other.any", "其他"},
	{"pa", "人事代理"},
	{"pa.file", "档案"},
	{"pa.file.in", "档案转入"},
	{"pa.file.out", "档案转出"},
	{"pa.file.read", "查阅与证明"},
	{"pa.title", "职称"},
	{"pa.title.first", "职称初定"},
	{"pa.title.review", "职称评审"},
	{"pa.house", "集体户口"},
	{"pa.house.in", "落户"},
	{"pa.house.page", "户口页借用"},
	{"pa.graduate", "毕业生"},
	{"pa.graduate.report", "报到"},
	{"pa.graduate.file", "档案去向"},
	{"pa.flex", "灵活就业代理"},
	{"pa.flex.pay", "代理缴费"},
	{"pa.other", "其他人事咨询"},
	{"pa.other.any", "其他"},
	{"none", "无效来电"},
	{"none.silent", "无声或骚扰"},
	{"none.wrong", "打错或非本业务"},
	{"none.cut", "通话中断"},
};

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

struct fill {
	struct ctl_client *client;
	struct ctl_fault fault;
	size_t done;
};

static int put(struct fill *f, const char *method, json_t *params)
{
	scoped_json json_t *result = NULL;
	int err =
		ctl_client_call(f->client, method, params, &result, &f->fault);
	f->done += !err;
	return err;
}

static int fill_queues(struct fill *f)
{
	for (size_t i = 0; i < COUNT(queues); i++) {
		int err = put(f, "queue.set",
			      json_pack("{s:s, s:s, s:s, s:i}", "queue",
					queues[i].id, "name", queues[i].name,
					"number", queues[i].number, "priority",
					queues[i].priority));
		if (err)
			return err;
	}
	return 0;
}

static int fill_pauses(struct fill *f)
{
	for (size_t i = 0; i < COUNT(pauses); i++) {
		int err =
			put(f, "pause.set",
			    json_pack("{s:s, s:s, s:i, s:i}", "code",
				      pauses[i].code, "name", pauses[i].name,
				      "max_ms", pauses[i].max_minutes * 60000,
				      "order", (int)i + 1));
		if (err)
			return err;
	}
	return 0;
}

static int fill_dispositions(struct fill *f)
{
	for (size_t i = 0; i < COUNT(dispositions); i++) {
		const char *code = dispositions[i].code;
		const char *dot = strrchr(code, '.');
		char parent[32] = "", line[32];
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(code, "."),
			 code);
		if (dot)
			snprintf(parent, sizeof(parent), "%.*s",
				 (int)(dot - code), code);
		json_t *params = json_pack("{s:s, s:s}", "code", code, "name",
					   dispositions[i].name);
		if (dot)
			json_object_set_new(params, "parent",
					    json_string(parent));
		if (strcmp(line, "none") != 0)
			json_object_set_new(params, "queue",
					    json_string(line));
		int err = put(f, "disposition.set", params);
		if (err)
			return err;
	}
	return 0;
}

int ctl_site_fill(struct ctl *ctl, const struct ctl_verb *v)
{
	struct fill f = {.done = 0};
	scoped_mem struct ctl_client *client = NULL;
	scoped_json json_t *have = NULL;

	if (ctl->argc)
		return ctl_usage(v, gettext("'%s' is too much"), ctl->argv[0]);
	int code = ctl_connect(ctl, v, &client);
	if (code)
		return code;
	f.client = client;
	if (ctl_client_list(client, "queue.list", NULL, 0, &have, &f.fault))
		return ctl_refused(v, f.fault.text);
	if (json_array_size(json_object_get(have, "items")))
		return ctl_refused(v, gettext("this site has queues already"));
	if (fill_queues(&f) || fill_pauses(&f) || fill_dispositions(&f))
		return ctl_refused(v, f.fault.text);
	if (ctl->json)
		printf("{\"done\":%zu}\n", f.done);
	else
		printf(gettext("%zu queues, pause reasons and dispositions "
			       "are in.\n"),
		       f.done);
	return CTL_DONE;
}

/* ---- phone add ---- */

/* From the terminal without echo, or the first line of standard input. */
static int read_password(char *out, size_t size)
{
	struct termios old, quiet;
	bool tty = isatty(STDIN_FILENO) && !tcgetattr(STDIN_FILENO, &old);

	if (tty) {
		fprintf(stderr, "%s", gettext("Password of the phone: "));
		quiet = old;
		quiet.c_lflag &= (tcflag_t)~ECHO;
		tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
	}
	char *line = fgets(out, (int)size, stdin);
	if (tty) {
		tcsetattr(STDIN_FILENO, TCSANOW, &old);
		fputc('\n', stderr);
	}
	if (!line)
		return EBADMSG;
	out[strcspn(out, "\r\n")] = '\0';
	return strlen(out) < 8 ? EBADMSG : 0;
}

/* HA1 of RFC 2617 3.2.2.2: the password itself goes nowhere. */
static void ha1_of(char out[33], const char *user, const char *realm,
		   const char *password)
{
	uint8_t sum[MD5_SIZE];

	md5_printf(sum, "%s:%s:%s", user, realm, password);
	for (size_t i = 0; i < MD5_SIZE; i++)
		snprintf(out + 2 * i, 3, "%02x", sum[i]);
}

int ctl_phone_add(struct ctl *ctl, const struct ctl_verb *v)
{
	const char *phone = NULL, *name = NULL;
	char password[128], ha1[33];
	scoped_mem struct ctl_client *client = NULL;
	scoped_json json_t *result = NULL;
	struct ctl_fault fault;

	for (int i = 0; i < ctl->argc; i++) {
		if (!strcmp(ctl->argv[i], "--name") && i + 1 < ctl->argc)
			name = ctl->argv[++i];
		else if (ctl->argv[i][0] == '-' || phone)
			return ctl_usage(v, gettext("'%s' is too much"),
					 ctl->argv[i]);
		else
			phone = ctl->argv[i];
	}
	if (!phone)
		return ctl_usage(v, gettext("%s is missing"), "PHONE");
	if (read_password(password, sizeof(password)))
		return ctl_usage(v, "%s",
				 gettext("the password needs 8 characters or "
					 "more"));
	int code = ctl_connect(ctl, v, &client);
	if (code)
		return code;
	ha1_of(ha1, phone, ctl->cfg.realm, password);
	memset(password, 0, sizeof(password));
	json_t *params =
		json_pack("{s:s, s:s, s:s, s:s*}", "phone", phone, "ha1", ha1,
			  "realm", ctl->cfg.realm, "name", name);
	if (ctl_client_call(client, v->method, params, &result, &fault))
		return ctl_refused(v, fault.text);
	ctl_print(ctl, v, result);
	return CTL_DONE;
}
