/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "server/launch.h"

static char dir[] = "/tmp/zuoxi-launch-XXXXXX";

static void test_lock_is_for_one(void **state)
{
	int fd = -1, second = -1;
	long pid = 0;
	char path[64];

	assert_int_equal(launch_lock(&fd, dir, &pid), 0);
	assert_int_equal(launch_lock(&second, dir, &pid), EADDRINUSE);
	assert_int_equal(second, -1);
	assert_int_equal(pid, getpid());
	close(fd);
	assert_int_equal(launch_lock(&fd, dir, &pid), 0);
	close(fd);
	assert_int_equal(launch_lock(&fd, "/nowhere", &pid), ENOENT);
	snprintf(path, sizeof(path), "%s/zuoxid.lock", dir);
	unlink(path);
}

static void notified(const char *name, socklen_t len)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	char got[64] = "";

	memcpy(sun.sun_path, name, len);
	if (*name == '@')
		sun.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
		bind(fd, (struct sockaddr *)&sun,
		     (socklen_t)offsetof(struct sockaddr_un, sun_path) + len),
		0);
	setenv("NOTIFY_SOCKET", name, 1);
	assert_true(launch_managed());
	launch_notify("READY=1");
	assert_int_equal(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT), 7);
	assert_string_equal(got, "READY=1");
	close(fd);
	unsetenv("NOTIFY_SOCKET");
}

static void test_notify(void **state)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/notify", dir);
	notified(path, (socklen_t)strlen(path));
	unlink(path);
	snprintf(path, sizeof(path), "@%s", dir);
	notified(path, (socklen_t)strlen(path));
	/* nobody there: no harm */
	assert_false(launch_managed());
	launch_notify("READY=1");
	setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
	launch_notify("READY=1");
	unsetenv("NOTIFY_SOCKET");
}

static void test_folders_are_private(void **state)
{
	static struct config cfg;
	struct diag diag;
	struct stat st;
	char path[CONFIG_TEXT * 2];
	static const char *const made[] = {"run/gate", "run", "state",
					   "recordings"};

	config_defaults(&cfg, dir);
	assert_int_equal(launch_folders(&cfg, &diag), 0);
	assert_int_equal(launch_folders(&cfg, &diag), 0);
	config_path(path, cfg.run_dir, "gate");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_false(launch_switch_answers(&cfg));
	/* a program that is not there is told, not started */
	snprintf(cfg.switch_program, sizeof(cfg.switch_program), "%s/none",
		 dir);
	assert_int_equal(launch_switch(&cfg), ENOENT);
	for (size_t i = 0; i < 4; i++) {
		config_path(path, dir, made[i]);
		assert_int_equal(rmdir(path), 0);
	}
	snprintf(cfg.state_dir, sizeof(cfg.state_dir), "/nowhere/x");
	assert_int_equal(launch_folders(&cfg, &diag), ENOENT);
	assert_non_null(strstr(diag.what, "/nowhere/x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lock_is_for_one),
		cmocka_unit_test(test_notify),
		cmocka_unit_test(test_folders_are_private),
	};

	if (!mkdtemp(dir))
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}
