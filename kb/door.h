/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two ways to a knowledge base: a file that no daemon runs on, or the
 * office's socket. Both answer the same methods (kb.search, kb.get, kb.list,
 * kb.import, kb.stat, kb.log, kb.calibrate, kb.answer, case.list) with the
 * same objects, so the command above does not care which it is. The life of
 * versions, gaps and single cases are the office's alone.
 */
#pragma once

#include <stdbool.h>
#include <jansson.h>

#define KB_WHY_SIZE 320

struct kb_door;

/* On failure `why` says what is wrong and what to do. Mem_ref objects. */
int kb_door_file(struct kb_door **dp, const char *path, bool write,
		 char why[KB_WHY_SIZE]);
int kb_door_socket(struct kb_door **dp, const char *path,
		   char why[KB_WHY_SIZE]);

/* params is stolen. The result is the caller's. */
int kb_door_call(struct kb_door *door, const char *method, json_t *params,
		 json_t **resultp, char why[KB_WHY_SIZE]);

/* Imports are sent in parts: the last one makes all of them count. */
#define KB_PART_BYTES (256 << 10)
