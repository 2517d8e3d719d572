/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/place.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <wchar.h>

#define PLACES_TOTAL 480
#define NAME_MAX_CP  6

/* A line a province: its name, then its cities. */
static const wchar_t *const lines[] = {
	L"北京",
	L"上海",
	L"天津",
	L"重庆",
	L"河北 石家庄 唐山 秦皇岛 邯郸 邢台 保定 张家口 承德 沧州 廊坊 衡水"
	L" 雄安",
	L"山西 太原 大同 阳泉 长治 晋城 朔州 晋中 运城 忻州 临汾 吕梁",
	L"内蒙古 呼和浩特 包头 乌海 赤峰 通辽 鄂尔多斯 呼伦贝尔 巴彦淖尔"
	L" 乌兰察布 兴安盟 锡林郭勒 阿拉善",
	L"辽宁 沈阳 大连 鞍山 抚顺 本溪 丹东 锦州 营口 阜新 辽阳 盘锦 铁岭"
	L" 葫芦岛",
	L"吉林 长春 四平 辽源 通化 白山 松原 白城 延边",
	L"黑龙江 哈尔滨 齐齐哈尔 鸡西 鹤岗 双鸭山 大庆 伊春 佳木斯 七台河"
	L" 牡丹江 黑河 绥化 大兴安岭",
	L"江苏 南京 无锡 徐州 常州 苏州 南通 连云港 淮安 盐城 扬州 镇江 泰州"
	L" 宿迁",
	L"浙江 杭州 宁波 温州 嘉兴 湖州 绍兴 金华 衢州 舟山 台州 丽水 义乌",
	L"安徽 合肥 芜湖 蚌埠 淮南 马鞍山 淮北 铜陵 安庆 黄山 滁州 阜阳 宿州"
	L" 六安 亳州 池州 宣城",
	L"福建 福州 厦门 莆田 三明 泉州 漳州 南平 龙岩 宁德",
	L"江西 南昌 景德镇 萍乡 九江 新余 鹰潭 赣州 吉安 宜春 抚州 上饶",
	L"山东 济南 青岛 淄博 枣庄 东营 烟台 潍坊 济宁 泰安 威海 日照 临沂"
	L" 德州 聊城 滨州 菏泽 莱芜",
	L"河南 郑州 开封 洛阳 平顶山 安阳 鹤壁 新乡 焦作 濮阳 许昌 漯河"
	L" 三门峡 南阳 商丘 信阳 周口 驻马店 济源",
	L"湖北 武汉 黄石 十堰 宜昌 襄阳 鄂州 荆门 孝感 荆州 黄冈 咸宁 随州"
	L" 恩施 仙桃 潜江 天门 神农架",
	L"湖南 长沙 株洲 湘潭 衡阳 邵阳 岳阳 常德 张家界 益阳 郴州 永州 怀化"
	L" 娄底 湘西",
	L"广东 广州 韶关 深圳 珠海 汕头 佛山 江门 湛江 茂名 肇庆 惠州 梅州"
	L" 汕尾 河源 阳江 清远 东莞 中山 潮州 揭阳 云浮",
	L"广西 南宁 柳州 桂林 梧州 北海 防城港 钦州 贵港 玉林 百色 贺州 河池"
	L" 来宾 崇左",
	L"海南 海口 三亚 三沙 儋州 琼海 文昌 万宁 东方",
	L"四川 成都 自贡 攀枝花 泸州 德阳 绵阳 广元 遂宁 内江 乐山 南充 眉山"
	L" 宜宾 广安 达州 雅安 巴中 资阳 阿坝 甘孜 凉山",
	L"贵州 贵阳 六盘水 遵义 安顺 毕节 铜仁 黔西南 黔东南 黔南",
	L"云南 昆明 曲靖 玉溪 保山 昭通 丽江 普洱 临沧 楚雄 红河 文山"
	L" 西双版纳 大理 德宏 怒江 迪庆",
	L"西藏 拉萨 日喀则 昌都 林芝 山南 那曲 阿里",
	L"陕西 西安 铜川 宝鸡 咸阳 渭南 延安 汉中 榆林 安康 商洛 杨凌 西咸"
	L" 韩城",
	L"甘肃 兰州 嘉峪关 金昌 白银 天水 武威 张掖 平凉 酒泉 庆阳 定西 陇南"
	L" 临夏 甘南",
	L"青海 西宁 海东 海北 黄南 果洛 玉树 海西",
	L"宁夏 银川 石嘴山 吴忠 固原 中卫",
	L"新疆 乌鲁木齐 克拉玛依 吐鲁番 哈密 昌吉 博尔塔拉 巴音郭楞 阿克苏"
	L" 克孜勒苏 喀什 和田 伊犁 塔城 阿勒泰 石河子 兵团",
	L"香港",
	L"澳门",
	L"台湾",
};

struct place {
	wchar_t name[NAME_MAX_CP];
	uint8_t len;
	uint16_t province; /* its number; its own: a province */
	uint16_t next;	   /* with the same first character */
};

static struct {
	struct place list[PLACES_TOTAL]; /* 0 is none */
	unsigned n;
	uint16_t head[0x10000];
} known;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void add(const wchar_t *name, size_t len, uint16_t province)
{
	struct place *p = &known.list[++known.n];
	uint16_t *head = &known.head[(uint16_t)name[0]];

	wmemcpy(p->name, name, len);
	p->len = (uint8_t)len;
	p->province = province ? province : (uint16_t)known.n;
	p->next = *head;
	*head = (uint16_t)known.n;
}

static void learn(void)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		const wchar_t *s = lines[i];
		uint16_t province = 0;
		while (*s) {
			size_t n = wcscspn(s, L" ");
			add(s, n, province);
			if (!province)
				province = (uint16_t)known.n;
			s += n;
			s += wcsspn(s, L" ");
		}
	}
}

static bool stands(const struct place *p, const uint32_t *syms, unsigned n)
{
	if (p->len > n)
		return false;
	for (unsigned i = 0; i < p->len; i++) {
		if (syms[i] != (uint32_t)p->name[i])
			return false;
	}
	return true;
}

/* The longest name that begins here. */
static uint16_t place_at(const uint32_t *syms, unsigned n)
{
	uint16_t best = 0;

	if (*syms >= 0x10000)
		return 0;
	for (uint16_t k = known.head[*syms]; k; k = known.list[k].next) {
		if (stands(&known.list[k], syms, n) &&
		    (!best || known.list[k].len > known.list[best].len))
			best = k;
	}
	return best;
}

unsigned kb_places(uint16_t out[KB_PLACES_MAX], unsigned n,
		   const uint32_t *syms, unsigned syms_n)
{
	pthread_once(&once, learn);
	for (unsigned i = 0; i < syms_n && n < KB_PLACES_MAX; i++) {
		uint16_t one = place_at(syms + i, syms_n - i);
		if (!one)
			continue;
		i += known.list[one].len - 1u;
		unsigned k = 0;
		while (k < n && out[k] != one)
			k++;
		if (k == n)
			out[n++] = one;
	}
	return n;
}

float kb_place_kin(uint16_t a, uint16_t b)
{
	if (a == b)
		return 1;
	uint16_t pa = known.list[a].province, pb = known.list[b].province;
	return pa == b || pb == a ? .5f : 0;
}
