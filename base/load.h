#ifndef BASE_LOAD_H
#define BASE_LOAD_H
/*
 * Small counts that one process writes and others read while they change: how
 * many requests it has on a backend, how many wait for an app.  The count and
 * a tag of what it counts are one atomic word; a word whose count is 0 is free
 * for another.
 *
 * Owned by: a memory file (base/limits.h).   Freed by: it.
 */
#include <stdatomic.h>
#include <stdint.h>

#define LOAD_WAYS    8 /* a cache line */
#define LOAD_BUCKETS 1024

struct load_page {
	_Atomic uint64_t words[LOAD_BUCKETS * LOAD_WAYS];
};

/* The page's only writer: so many more, or fewer, of hash.  While its bucket
 * is full they are not told to anybody. */
void load_add(struct load_page *p, uint64_t hash, int change);

uint32_t load_get(const struct load_page *p, uint64_t hash);

#endif
