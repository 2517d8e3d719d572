/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The language of what programs without a screen say to people. _("…") is
 * translated where it is said, N_ (proto.h) marks one in a table; log lines
 * stay English.
 *
 * The environment's language is spoken: Chinese for zh, English for any
 * other. One that names none (nothing set, C.UTF-8) leaves the choice to the
 * site, which speaks Chinese unless its configuration says otherwise.
 */
#pragma once

#include <libintl.h>
#include <stdbool.h>

#define _(text) gettext(text)

/* First thing in main. localedir: where the translations are, or
 * $TEXTDOMAINDIR. */
void speak_start(const char *localedir);
/* The site's language ("zh_CN", "en"), heard where the environment names
 * none. */
void speak_site(const char *language);
/* strerror() in that language; libc's own translation need not be there. */
const char *speak_errno(int err);
/* A text of ours that may be empty, which gettext("") must not see. */
const char *speak(const char *msgid);
