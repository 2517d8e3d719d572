/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a function holds only while it runs: the variable lets go of it by
 * itself at every return. Initialise each at its declaration (NULL, -1) and
 * leave with take() when ownership moves to somebody else.
 *
 * json.h adds scoped_json; db.h adds scoped_stmt and scoped_tx.
 */
#pragma once

#include <stdlib.h>
#include <unistd.h>
#include "common/libre.h"

static inline void scope_mem(void *p)
{
	mem_deref(*(void **)p);
}

static inline void scope_str(char **p)
{
	free(*p);
}

static inline void scope_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* a libre object or mem_zalloc block: mem_deref at the end of the scope */
#define scoped_mem __attribute__((cleanup(scope_mem)))
/* a char * from malloc: free at the end of the scope */
#define scoped_str __attribute__((cleanup(scope_str)))
/* a file descriptor, -1 when there is none */
#define scoped_fd __attribute__((cleanup(scope_fd)))

/* Hand a scoped pointer on: yields it and leaves NULL behind. */
#define take(p)                            \
	__extension__({                    \
		__typeof__(p) took_ = (p); \
		(p) = NULL;                \
		took_;                     \
	})

/* The same for a scoped descriptor: leaves -1 behind. */
#define take_fd(fd)               \
	__extension__({           \
		int took_ = (fd); \
		(fd) = -1;        \
		took_;            \
	})
