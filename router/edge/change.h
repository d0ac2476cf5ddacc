#ifndef ROUTER_EDGE_CHANGE_H
#define ROUTER_EDGE_CHANGE_H
/*
 * Whether something read from the store has changed since: the change counters
 * it depends on (base/shared.h), loaded before it was read, so that a change
 * between the two is seen as one.
 */
#include "base/shared.h"

#define CHANGE_SLOTS_MAX 4

struct change {
	struct {
		unsigned slot;
		uint64_t seen;
	} at[CHANGE_SLOTS_MAX];
	size_t n;
};

/* Forgets all, then watches each key added: before reading. */
static inline void
change_begin(struct change *c)
{
	c->n = 0;
}

static inline void
change_watch(struct change *c, const struct shared *s, struct slice key)
{
	if (c->n == CHANGE_SLOTS_MAX)
		return;
	c->at[c->n].slot = shared_slot(key);
	c->at[c->n].seen = shared_load(s, c->at[c->n].slot);
	c->n++;
}

static inline bool
change_happened(const struct change *c, const struct shared *s)
{
	for (size_t i = 0; i < c->n; i++)
		if (shared_load(s, c->at[i].slot) != c->at[i].seen)
			return true;
	return false;
}

#endif
