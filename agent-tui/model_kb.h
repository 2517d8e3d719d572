/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of the model that is the life of the knowledge base: what waits
 * for somebody, what is to be read, questions without an answer, releases,
 * versions, the two texts that are compared and the one that is written.
 * model.h includes this; views need no other.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A version on its way: draft, reviewed, confirmed (waits for a release). */
struct model_waiting {
	char id[MODEL_ID];
	int version, current; /* current: shown meanwhile, 0 none */
	char title[160], line[MODEL_ID], state[16];
	char author[MODEL_ID], reviewer[MODEL_ID];
	int64_t since_us;
	char effective[24];
	char reason[320]; /* of the last return */
};
MODEL_LIST(model_waiting);

/* What I have not read yet. */
struct model_learn {
	char id[MODEL_ID];
	int version, from; /* from: read before, 0 none */
	char title[160], line[MODEL_ID], release[40];
	int64_t since_us, due_us;
	bool late, lowered;
	int quiz; /* questions */
};
MODEL_LIST(model_learn);

#define MODEL_GAPS    200
#define MODEL_SAMPLES 5

/* Questions that ask the same and have no answer. */
struct model_gap {
	char words[256];
	int count;
	int64_t first_us, last_us;
	char contacts[MODEL_SAMPLES][MODEL_ID];
	int n_contacts;
	int64_t gaps[MODEL_GAPS];
	int n_gaps;
};
MODEL_LIST(model_gap);

struct model_release {
	char id[40]; /* "2026-W48" */
	int64_t at_us;
	char actor[MODEL_ID];
	char *note;
	char *entries; /* one a line: "KB-0412 v6→v7 title" */
	int n;	       /* of them; 0: no change this week */
	bool cases;    /* the regression set ran */
	int before, after, of;
	char forced[320]; /* the reason, "" none */
};
MODEL_LIST(model_release);

struct model_version {
	int64_t version;
	char state[16], effective[24], expires[24];
	char author[MODEL_ID], reviewer[MODEL_ID], confirmer[MODEL_ID];
	int64_t at_us, reviewed_us, confirmed_us, released_us, withdrawn_us;
	char paper[160], release[40], withdrawer[MODEL_ID], reason[320];
};
MODEL_LIST(model_version);

#define MODEL_CHECKS 16

/* What confirming a version means. */
struct model_impact {
	char id[MODEL_ID]; /* "" : not known (yet) */
	int version;
	int week, agents, quiz;
	char linked[200];
	int cases, cases_right;
	struct {
		bool ok;
		char text[200]; /* msgid */
		char detail[160];
	} checks[MODEL_CHECKS];
	int n_checks;
};

#define MODEL_FAULTS 64

struct model_fault {
	int line;
	char what[200], fix[200]; /* msgids, or words */
};

/* What the office says of a text that is written. */
struct model_check {
	bool known;
	struct model_fault v[MODEL_FAULTS];
	int n;
	char lacks[64]; /* what a confirmed entry would need */
};

#define MODEL_LOST 32

/* What a release would be. */
struct model_dry {
	bool known, loading;
	char id[40];
	char *entries; /* as of a release */
	int n;
	bool cases;
	int before, after, of, n_lost;
	struct {
		char question[160], entry[MODEL_ID], got[MODEL_ID];
	} lost[MODEL_LOST];
};

#define MODEL_CHOICES	6
#define MODEL_QUESTIONS 20

/* What I read, with what has changed in it and its questions. */
struct model_lesson {
	char id[MODEL_ID]; /* "" : none */
	int version, from;
	char title[160];
	char *before, *text;
	struct {
		char question[240];
		char choices[MODEL_CHOICES][160];
		int n;
	} questions[MODEL_QUESTIONS];
	int n_questions;
	/* how the last attempt went; of 0: there was none */
	bool passed;
	int right, of;
};

enum model_write_state {
	WRITE_NONE,
	WRITE_LOADING,
	WRITE_OPEN,
	WRITE_SENDING,
	WRITE_SAVED,
	WRITE_FAILED,	/* fault says why */
	WRITE_CONFLICT, /* somebody else's text came meanwhile: theirs */
};

/* The entry that is written. What is typed is the view's; here stands what
 * the office has. */
struct model_write {
	char id[MODEL_ID]; /* "" : a new one */
	int version;	   /* the newest there is */
	char state[16];	   /* of that */
	char author[MODEL_ID];
	int64_t known_us; /* when its text came */
	char *text;
	char *theirs; /* in a conflict: what is there now */
	int64_t theirs_us;
	int theirs_version;
	char theirs_author[MODEL_ID];
	enum model_write_state at;
	int64_t saved_us;
	char fault[200], detail[200];
	unsigned turns; /* counts loads and saves */
};

struct model_kb {
	struct model_waiting_list waiting;
	struct model_learn_list learn;
	struct model_gap_list gaps;
	struct model_release_list releases;
	struct model_version_list versions;
	char versions_of[MODEL_ID];
	int must_read, late; /* as the office counts them */
	struct model_entry before, after;
	char compare[MODEL_ID]; /* what is compared */
	int compare_version, compare_was;
	bool compared; /* both texts are in */
	struct model_impact impact;
	struct model_check check;
	struct model_dry dry;
	struct model_lesson lesson;
	struct model_write write;
};
