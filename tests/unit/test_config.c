/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "server/config.h"

static char dir[] = "/tmp/zuoxi-config-XXXXXX";
static char path[64];

static int read_text(struct config *cfg, struct diag *diag, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return config_read(cfg, path, diag);
}

static void refused(const char *text, int line, const char *word)
{
	struct config cfg = {.workers = 77};
	struct diag diag;

	assert_int_equal(read_text(&cfg, &diag, text), EBADMSG);
	if (diag.line != line || !strstr(diag.what, word))
		fail_msg("line %d: %s (wanted %d: %s)", diag.line, diag.what,
			 line, word);
	assert_int_equal(cfg.workers, 77); /* all or nothing */
}

static void test_reads(void **state)
{
	struct config cfg;
	struct diag diag;

	assert_int_equal(read_text(&cfg, &diag,
				   "# a comment\n[site]\nname = 西安社保\n"
				   "[office]\nworkers=3\n[path]\nrun = r\n"
				   "state = /var/lib/zuoxi\n"
				   "[voice]\npath = auto\n"),
			 0);
	assert_string_equal(cfg.site_name, "西安社保");
	assert_int_equal(cfg.workers, 3);
	assert_string_equal(cfg.state_dir, "/var/lib/zuoxi");
	assert_string_equal(cfg.voice_path, "auto");
	char want[128];
	snprintf(want, sizeof(want), "%s/r", dir);
	assert_string_equal(cfg.run_dir, want);
	/* untouched keys have their defaults */
	assert_int_equal(cfg.lease_ms, 15000);
	assert_string_equal(cfg.spill_dir, "");
}

static void test_refuses(void **state)
{
	refused("[site]\nnmae = x\n", 2, "'nmae'");
	refused("[nowhere]\nname = x\n", 2, "[nowhere]");
	refused("[office]\nworkers = 0\n", 2, "1 to 64 threads");
	refused("[office]\nworkers = 3x\n", 2, "whole number");
	refused("[office]\nworkers =\n", 2, "whole number");
	refused("[office]\n\nworkers = 2\nworkers = 3\n", 4, "twice");
	refused("[voice]\npath = pigeon\n", 2, "tunnel|udp|auto");
	refused("[site]\nname =\n", 2, "1 to 60");
	refused("[site]\nname = \xff\n", 2, "UTF-8");
	refused("[site]\nrubbish\n", 2, "key = value");
	refused("[site]\nzone = Mars/Olympus\n", 0, "Mars/Olympus");
	refused("[site]\nzone = ../passwd\n", 0, "zone");
	refused("[rtp]\nports_from = 3000\nports_to = 3000\n", 0, "above");
}

static void test_refuses_a_long_line(void **state)
{
	char text[600] = "[site]\nname = ";
	size_t n = strlen(text);

	/* 80 characters, 240 bytes: inih alone would cut it and go on */
	for (int i = 0; i < 80; i++, n += 3)
		memcpy(text + n, "安", 3);
	strcpy(text + n, "\n[office]\nworkers = 3\n");
	refused(text, 2, "longer");
	/* the last line has no newline */
	strcpy(text, "[office]\nworkers = 5");
	struct config cfg;
	struct diag diag;
	assert_int_equal(read_text(&cfg, &diag, text), 0);
	assert_int_equal(cfg.workers, 5);
}

static void test_no_file(void **state)
{
	struct config cfg;
	struct diag diag;

	assert_int_equal(config_read(&cfg, "/nowhere/zuoxi.conf", &diag),
			 ENOENT);
	assert_non_null(strstr(diag.what, "$ZUOXI_CONFIG"));
}

static void test_which_file(void **state)
{
	assert_int_equal(setenv("ZUOXI_CONFIG", "/srv/a.conf", 1), 0);
	assert_string_equal(config_file("b.conf"), "b.conf");
	assert_string_equal(config_file(NULL), "/srv/a.conf");
	setenv("ZUOXI_CONFIG", "", 1);
	assert_string_equal(config_file(NULL), CONFIG_DEFAULT_FILE);
	unsetenv("ZUOXI_CONFIG");
	assert_string_equal(config_file(NULL), CONFIG_DEFAULT_FILE);
}

static char *printed(void (*print)(FILE *out))
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	print(f);
	fclose(f);
	return text;
}

/* What --print-default writes reads back as the defaults, and so does what
 * is in force. */
static void test_prints_what_it_reads(void **state)
{
	struct config def, back;
	struct diag diag;

	char *text = printed(config_print_default);
	assert_int_equal(read_text(&back, &diag, text), 0);
	free(text);
	memset(&def, 0, sizeof(def));
	config_defaults(&def, dir);
	memset(back.file, 0, sizeof(back.file));
	assert_memory_equal(&def, &back, sizeof(def));

	char *size_text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&size_text, &size);
	def.workers = 9;
	config_print(f, &def);
	fclose(f);
	assert_int_equal(read_text(&back, &diag, size_text), 0);
	assert_int_equal(back.workers, 9);
	assert_string_equal(back.state_dir, def.state_dir);
	free(size_text);
}

/* Each key stands in the help, and in the manual with the same words. */
static void test_manual_has_every_key(void **state)
{
	char *help = printed(config_print_help);
	char *manual = NULL;
	size_t size = 0;
	FILE *f = fopen(ZUOXI_SOURCE "/docs/man/zuoxi.conf.5", "r");

	assert_non_null(f);
	assert_true(getdelim(&manual, &size, '\0', f) > 0);
	fclose(f);
#define KEY_TEST(section, key, type, field, def, min, max, unit, text)   \
	assert_non_null(strstr(help, #section "." #key " = "));          \
	assert_non_null(strstr(manual, "\n.B " #section "." #key "\n")); \
	if (!strchr(text, '\'') && !strchr(text, '-'))                   \
		assert_non_null(strstr(manual, text));
	CONFIG_KEYS(KEY_TEST)
#undef KEY_TEST
	free(help);
	free(manual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_refuses_a_long_line),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_which_file),
		cmocka_unit_test(test_prints_what_it_reads),
		cmocka_unit_test(test_manual_has_every_key),
	};

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/zuoxi.conf", dir);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(dir);
	return failed;
}
