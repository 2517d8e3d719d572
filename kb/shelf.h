/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many entries from files: a folder of Markdown entries (with its
 * subfolders, in order of name), one entry, a table (.tsv), or standard
 * input ("-": an entry if it begins with ---, else a table). Goes on after a
 * fault so that all of them are told at once.
 */
#pragma once

#include "kb/entry.h"

struct kb_shelf {
	struct kb_entry **list;
	unsigned n;
	unsigned room;
	unsigned faults;
	/* Files that are not UTF-8 are made so from this (charset.h); NULL:
	 * they are a fault. Set it before the first is read. */
	const char *charset;
};

/* A file is read as a whole: of a table, of an entry that is too large. */
#define KB_FILE_MAX_BYTES (512u << 20)
#define KB_TEXT_MAX_BYTES (16u << 20)

/* A mem_ref object, empty. */
int kb_shelf_alloc(struct kb_shelf **sp);

/* Adds what is at path. Faults go to the handler and are counted; the return
 * is 0 then, too: an errno is for memory. A path that cannot be read is a
 * fault. */
int kb_shelf_read(struct kb_shelf *shelf, const char *path, kb_fault_h *h,
		  void *arg);

/* Tells of ids that two entries have; sorts the shelf by id. */
void kb_shelf_check_ids(struct kb_shelf *shelf, kb_fault_h *h, void *arg);
