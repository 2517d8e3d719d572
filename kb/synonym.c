/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/synonym.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/libre.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "kb/token.h"

#define PHRASES_MAX 20000

static const char builtin[] = "账号 账户 户头\n"
			      "手机号 手机号码\n"
			      "电话 热线 联系方式\n"
			      "不能 不了 无法 没法 不可以\n"
			      "失败 不成功 没成功 未成功\n"
			      "取消 撤销 终止 停止 撤回\n"
			      "查询 查看 查找\n"
			      "修改 更改 变更 更换\n"
			      "购买 买\n"
			      "出售 卖出 卖\n"
			      "使用 用\n"
			      "办理 办\n"
			      "缴费 交费 缴纳 交纳 缴款\n"
			      "费用 收费 手续费 多少钱\n"
			      "忘记 忘了 忘\n"
			      "丢失 丢了 遗失 弄丢 不见了 没了\n"
			      "登录 登陆 登入\n"
			      "提现 取现 取钱 提款 取款\n"
			      "转账 转钱 汇款\n"
			      "到账 入账\n"
			      "资金 钱 款项\n"
			      "注销 销户\n"
			      "退款 退钱 退费\n"
			      "补贴 补助\n"
			      "企业 公司 单位 用人单位\n"
			      "员工 职工\n"
			      "政策 措施 规定 办法 举措\n"
			      "地址 地点 位置\n"
			      "开通 开启 打开\n"
			      "关闭 关掉 停用\n"
			      "增加 添加 新增\n"
			      "延期 延长 推迟 顺延\n"
			      "免除 免征 减免\n"
			      "网上 线上 在线\n"
			      "途径 渠道 方式 方法\n"
			      "材料 资料 证件\n"
			      "多久 多长时间 什么时候 何时 几时\n"
			      "社保 社会保险\n"
			      "医保 医疗保险\n"
			      "公积金 住房公积金\n"
			      "养老金 退休金\n"
			      "失业金 失业保险金\n"
			      "灵活就业 自由职业\n"
			      "个体户 个体工商户\n"
			      "人社局 人力资源和社会保障局 社保局\n"
			      "人社厅 人力资源和社会保障厅\n"
			      "人社部 人力资源和社会保障部\n"
			      "发改委 发展和改革委员会 发展改革委\n"
			      "卫健委 卫生健康委员会 卫生健康委\n"
			      "税务局 税务部门\n"
			      "大学生 高校毕业生 应届毕业生\n"
			      "农民工 务工人员\n";

struct parsing {
	struct kb_synonyms *s;
	uint32_t room;
	struct kb_phrase one;
	bool bad;
};

static void synonyms_destructor(void *arg)
{
	struct kb_synonyms *s = arg;
	mem_deref(s->list);
}

static int on_unit(const struct kb_unit *unit, void *arg)
{
	struct parsing *p = arg;

	if (unit->sym >= 0x10000 || p->one.len == KB_PHRASE_MAX) {
		p->bad = true;
		return 0;
	}
	p->one.syms[p->one.len++] = (uint16_t)unit->sym;
	return 0;
}

static int add(struct parsing *p)
{
	struct kb_synonyms *s = p->s;

	if (s->n == p->room) {
		uint32_t room = p->room ? 2 * p->room : 256;
		struct kb_phrase *list =
			mem_zalloc(room * sizeof(*list), NULL);
		if (!list)
			return ENOMEM;
		if (s->n)
			memcpy(list, s->list, s->n * sizeof(*list));
		mem_deref(s->list);
		s->list = list;
		p->room = room;
	}
	p->one.next = s->head[p->one.syms[0]];
	s->list[s->n++] = p->one;
	s->head[p->one.syms[0]] = s->n;
	return 0;
}

static int add_line(struct parsing *p, const char *line, size_t len,
		    struct diag *diag)
{
	uint16_t group =
		(uint16_t)(p->s->n ? p->s->list[p->s->n - 1].group + 1 : 1);

	while (len) {
		size_t n = 0;
		while (n < len && !strchr(" \t\r", line[n]))
			n++;
		if (n) {
			p->one = (struct kb_phrase){.group = group};
			p->bad = false;
			kb_token_units(line, n, on_unit, p);
			if (p->bad || !p->one.len || p->s->n == PHRASES_MAX) {
				snprintf(diag->what, sizeof(diag->what),
					 "'%.*s' is no phrase of 1 to %d "
					 "Chinese characters",
					 (int)(n > 60 ? 60 : n), line,
					 KB_PHRASE_MAX);
				return EBADMSG;
			}
			int err = add(p);
			if (err)
				return err;
		}
		n += n < len;
		line += n;
		len -= n;
	}
	return 0;
}

static int add_text(struct parsing *p, const char *file, const char *text,
		    struct diag *diag)
{
	utf8_copy(diag->file, sizeof(diag->file), file);
	diag->line = 0;
	while (*text) {
		size_t n = strcspn(text, "\n");
		const char *remark = memchr(text, '#', n);
		diag->line++;
		int err = add_line(p, text,
				   remark ? (size_t)(remark - text) : n, diag);
		if (err)
			return err;
		text += n;
		text += *text == '\n';
	}
	return 0;
}

int kb_synonyms_alloc(struct kb_synonyms **sp, const char *file,
		      const char *more, struct diag *diag)
{
	scoped_mem struct kb_synonyms *s =
		mem_zalloc(sizeof(*s), synonyms_destructor);
	if (!s)
		return ENOMEM;
	struct parsing p = {.s = s};
	int err = add_text(&p, "builtin", builtin, diag);
	if (!err && more)
		err = add_text(&p, file, more, diag);
	if (err)
		return err;
	*sp = take(s);
	return 0;
}

const struct kb_phrase *kb_synonyms_find(const struct kb_synonyms *s,
					 const uint32_t *syms, unsigned n)
{
	const struct kb_phrase *best = NULL;

	if (*syms >= 0x10000)
		return NULL;
	for (uint32_t k = s->head[*syms]; k; k = s->list[k - 1].next) {
		const struct kb_phrase *p = &s->list[k - 1];
		unsigned i = 0;
		while (i < p->len && i < n && syms[i] == p->syms[i])
			i++;
		if (i == p->len && (!best || p->len > best->len))
			best = p;
	}
	return best;
}
