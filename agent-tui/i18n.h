/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts for people: _("…") is translated where it is shown; N_ (proto.h)
 * marks one in a table.
 */
#pragma once

#include <libintl.h>

#define _(text) gettext(text)

/* A msgid that came from the server or a table; "" stays "". */
static inline const char *tr(const char *msgid)
{
	return *msgid ? gettext(msgid) : "";
}
