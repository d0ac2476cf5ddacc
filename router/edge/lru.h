#ifndef ROUTER_EDGE_LRU_H
#define ROUTER_EDGE_LRU_H
/*
 * A capped cache: a map, and who was asked for least lately goes first.  Items
 * are embedded in what is cached.
 *
 * Owned by: whoever embeds it.   Freed by: lru_clear, which drops all items.
 */
#include "base/list.h"
#include "base/map.h"

struct lru_item {
	struct list link;
	struct slice key; /* bytes of the item; unchanged while it is in */
	struct lru *lru;  /* that it is in; NULL: none */
};

struct lru {
	struct map map;
	struct list order; /* latest first */
	size_t max;
	void (*drop)(struct lru_item *item); /* it is out now: unref it */
};

void lru_init(struct lru *l, size_t max, void (*drop)(struct lru_item *item));
void lru_clear(struct lru *l);

/* Marks it as used now; NULL: not there. */
struct lru_item *lru_get(struct lru *l, struct slice key);
/* Puts in; what had that key, and the oldest when full, is dropped. */
void lru_put(struct lru *l, struct lru_item *item, struct slice key);
void lru_remove(struct lru_item *item); /* without drop; safe when it is out */
size_t lru_count(const struct lru *l);

#endif
