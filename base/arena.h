#ifndef BASE_ARENA_H
#define BASE_ARENA_H
/*
 * Memory of one lifetime: many small allocations, one release.  Used for the
 * exchange (a request and its response) only.  Blocks are kept on reset, so a
 * keep-alive connection allocates nothing per request once warm.
 *
 * Owned by: whoever embeds it.   Freed by: arena_clear.
 */
#include "base/slice.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	size_t used;                /* bytes handed out since the last reset */
	size_t max;                 /* limit of used */
};

void arena_init(struct arena *a, size_t max);
void arena_reset(struct arena *a); /* forgets all, keeps one block */
void arena_clear(struct arena *a); /* frees all */

/* n bytes aligned for anything, not zeroed; NULL past the limit. */
void *arena_alloc(struct arena *a, size_t n);

/* Copies; the result has .p == NULL past the limit. */
struct slice arena_copy(struct arena *a, struct slice s);
struct slice arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);

#endif
