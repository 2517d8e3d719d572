/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What entries say of each other: links to entries that do not exist,
 * redirects that lead nowhere or in a circle; and, as a remark, numbers of
 * documents that are not written as they should be. The text of one entry by
 * itself is entry's to check.
 */
#pragma once

#include "common/db.h"
#include "kb/shelf.h"

/* An entry that is not on the shelf: 0 and its redirect ("": none), ENOENT,
 * or an errno that ends it all. */
typedef int(kb_proof_find_h)(const char *id, char redirect[KB_ID_SIZE],
			     void *arg);

struct kb_proof {
	const struct kb_shelf *shelf; /* sorted (kb_shelf_check_ids) */
	kb_proof_find_h *findh;	      /* NULL: the shelf is all there is */
	kb_fault_h *faulth, *remarkh;
	void *arg;
	unsigned faults, remarks; /* how many were told */
};

/* A link is a fault in an entry that came with its folder; of an entry by
 * itself nobody knows what is beside it, so there it is a remark, and
 * without findh nothing. */
int kb_proof_shelf(struct kb_proof *proof);

/* Where the redirect of an entry in a database leads, by the newest texts.
 * EBADMSG: `diag` says why it cannot stay. */
int kb_proof_redirect(struct db *db, const char *id, struct diag *diag);
