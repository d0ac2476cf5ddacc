#include "base/map.h"

#include <sys/random.h>

#include <stdlib.h>

#include "base/mem.h"
#include "base/siphash.h"

/* Open addressing with linear probing; a removed entry's followers are moved
 * back, so there are no tombstones. */
struct map_slot {
	char *key; /* NULL: free */
	size_t key_n;
	void *value;
	uint64_t hash;
};

#define MAP_FIRST 16

/* With a key of this process. */
static uint64_t
hash_of(struct slice s)
{
	static uint64_t key[2];

	if (key[0] == 0 && getrandom(key, sizeof(key), 0) != sizeof(key))
		die("no random bytes");
	return siphash(key, s);
}

void
map_init(struct map *m, size_t max)
{
	*m = (struct map){.max = max};
}

void
map_clear(struct map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		free(m->slots[i].key);
	free(m->slots);
	map_init(m, m->max);
}

/* The slot that has the key, or the free one where it would go. */
static struct map_slot *
find(const struct map *m, struct slice key, uint64_t hash)
{
	size_t at = hash & (m->cap - 1);

	for (;; at = (at + 1) & (m->cap - 1)) {
		struct map_slot *s = &m->slots[at];

		if (s->key == NULL ||
		    (s->hash == hash &&
			slice_eq(slice_of(s->key, s->key_n), key)))
			return s;
	}
}

void *
map_get(const struct map *m, struct slice key)
{
	struct map_slot *s;

	if (m->n == 0)
		return NULL;
	s = find(m, key, hash_of(key));
	return s->key == NULL ? NULL : s->value;
}

static void
grow(struct map *m)
{
	struct map_slot *old = m->slots;
	size_t old_cap = m->cap;

	m->cap = old_cap == 0 ? MAP_FIRST : old_cap * 2;
	m->slots = xcalloc(m->cap, sizeof(*m->slots));
	for (size_t i = 0; i < old_cap; i++) {
		size_t at = old[i].hash & (m->cap - 1);

		if (old[i].key == NULL)
			continue;
		while (m->slots[at].key != NULL)
			at = (at + 1) & (m->cap - 1);
		m->slots[at] = old[i];
	}
	free(old);
}

enum err
map_put(struct map *m, struct slice key, void *value)
{
	uint64_t hash = hash_of(key);
	struct map_slot *s;

	if ((m->n + 1) * 4 > m->cap * 3)
		grow(m);
	s = find(m, key, hash);
	if (s->key != NULL) {
		s->value = value;
		return ERR_OK;
	}
	if (m->n >= m->max)
		return ERR_TOO_BIG;
	*s = (struct map_slot){
	    xmemdup(key.p == NULL ? "" : key.p, key.n), key.n, value, hash};
	m->n++;
	return ERR_OK;
}

void *
map_remove(struct map *m, struct slice key)
{
	struct map_slot *s;
	void *value;
	size_t hole, at;

	if (m->n == 0)
		return NULL;
	s = find(m, key, hash_of(key));
	if (s->key == NULL)
		return NULL;
	value = s->value;
	free(s->key);
	s->key = NULL;
	m->n--;
	hole = (size_t)(s - m->slots);
	for (at = (hole + 1) & (m->cap - 1); m->slots[at].key != NULL;
	     at = (at + 1) & (m->cap - 1)) {
		size_t home = m->slots[at].hash & (m->cap - 1);

		/* stays if its home lies behind the hole, cyclically */
		if (((at - home) & (m->cap - 1)) < ((at - hole) & (m->cap - 1)))
			continue;
		m->slots[hole] = m->slots[at];
		m->slots[at].key = NULL;
		hole = at;
	}
	return value;
}

bool
map_next(const struct map *m, size_t *at, struct slice *key, void **value)
{
	for (; *at < m->cap; (*at)++) {
		const struct map_slot *s = &m->slots[*at];

		if (s->key == NULL)
			continue;
		*key = slice_of(s->key, s->key_n);
		*value = s->value;
		(*at)++;
		return true;
	}
	return false;
}
