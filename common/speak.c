/* SPDX-License-Identifier: Apache-2.0 */
#include "common/speak.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "common/proto.h"

static bool free_choice;

static const char *named(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = getenv(names[i]);
		if (value && *value)
			return value;
	}
	return "";
}

/* textdomain() again, or gettext would keep what it found before. */
static void use(const char *language)
{
	setenv("LANGUAGE", language, 1);
	textdomain("zuoxi");
}

void speak_start(const char *localedir)
{
	const char *dir = getenv("TEXTDOMAINDIR");
	const char *name = named();
	const char *list = getenv("LANGUAGE");
	bool plain = !strcmp(name, "C") || !strcmp(name, "POSIX");

	if (!setlocale(LC_CTYPE, "") || MB_CUR_MAX < 4)
		setlocale(LC_CTYPE, "C.UTF-8");
	/* gettext ignores LANGUAGE in the locale "C", and the person's own
	 * need not be installed */
	setlocale(LC_MESSAGES, "C.UTF-8");
	bindtextdomain("zuoxi", dir ? dir : localedir);
	bind_textdomain_codeset("zuoxi", "UTF-8");
	textdomain("zuoxi");
	if (plain || (list && *list)) {
		if (plain)
			use("en");
		return;
	}
	free_choice = !*name || !strncmp(name, "C.", 2);
	use(free_choice || !strncmp(name, "zh", 2) ? "zh_CN" : "en");
}

void speak_site(const char *language)
{
	if (free_choice)
		use(language);
}

const char *speak_errno(int err)
{
	static const struct {
		int err;
		const char *text;
	} known[] = {
		{ENOENT, N_("no such file or folder")},
		{EACCES, N_("permission denied")},
		{EPERM, N_("not permitted")},
		{EEXIST, N_("there is one already")},
		{ENOTDIR, N_("not a folder")},
		{EISDIR, N_("a folder")},
		{ENOSPC, N_("no room left on the disk")},
		{EROFS, N_("the disk takes no writes")},
		{EIO, N_("the disk does not work")},
		{EBUSY, N_("in use")},
		{ENAMETOOLONG, N_("the name is too long")},
		{EINVAL, N_("not valid")},
		{EBADMSG, N_("damaged")},
		{ENOMEM, N_("no memory left")},
		{ECONNREFUSED, N_("nobody answers there")},
		{EPIPE, N_("the connection is broken")},
		{ETIMEDOUT, N_("no answer in time")},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (known[i].err == err)
			return gettext(known[i].text);
	}
	return strerror(err);
}

const char *speak(const char *msgid)
{
	return *msgid ? gettext(msgid) : "";
}
