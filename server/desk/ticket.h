/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Life of a ticket: draft while the agent types (saved, but no fact), filed
 * with all that is required, then open until its promise is kept, or done at
 * once; notes and settlement by a later ticket. One ticket a contact.
 *
 *     ticket.draft*   ticket.file        ticket.note, or another's link
 *     none -> draft ------------> open ------------------------> done
 *                        \----------------------------------------^
 *     outcome callback, bureau: open; answered, transferred, invalid: done
 *
 * All of it runs on the store thread and on workers; the ticket's tables are
 * core/store_ticket's.
 */
#pragma once

#include "server/core/rpc.h"

struct roster;

struct ticket_part {
	struct session_hub *hub;     /* for events; NULL in tests */
	const struct roster *roster; /* NULL: not yet, not any more */
};

/* ticket.*: part is a struct ticket_part. */
extern const struct rpc_handler ticket_methods[];
