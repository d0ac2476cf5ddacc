#ifndef BASE_MAP_H
#define BASE_MAP_H
/*
 * Hash map from bytes to a pointer.  Keys are copied; values are the caller's.
 * The hash is keyed with random bytes of the process (SipHash), so that no
 * client can choose names that collide.  Capped: map_put refuses past max.
 *
 * Owned by: whoever embeds it.   Freed by: map_clear (keys, never values).
 */
#include "base/slice.h"

struct map_slot;

struct map {
	struct map_slot *slots;
	size_t n;   /* entries */
	size_t cap; /* slots, a power of two, or 0 */
	size_t max; /* limit of n */
};

void map_init(struct map *m, size_t max);
void map_clear(struct map *m);

void *map_get(const struct map *m, struct slice key); /* NULL: none */

/* Sets or replaces.  value is never NULL.  ERR_TOO_BIG: full, not added. */
enum err map_put(struct map *m, struct slice key, void *value);

/* Takes the entry out and returns its value, NULL when there was none. */
void *map_remove(struct map *m, struct slice key);

/*
 * Walks all entries in no order; start with *at = 0.  Returns false at the
 * end.  The map must not change between calls.
 */
bool map_next(const struct map *m, size_t *at, struct slice *key, void **value);

/* An integer as a key, e.g. map_get(m, MAP_KEY(id)). */
#define MAP_KEY(lvalue) slice_of(&(lvalue), sizeof(lvalue))

#endif
