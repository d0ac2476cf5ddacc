#include "router/edge/lru.h"

#include <assert.h>

void
lru_init(struct lru *l, size_t max, void (*drop)(struct lru_item *item))
{
	map_init(&l->map, max + 1);
	list_init(&l->order);
	l->max = max;
	l->drop = drop;
}

static void
drop_item(struct lru_item *item)
{
	struct lru *l = item->lru;

	lru_remove(item);
	l->drop(item);
}

void
lru_clear(struct lru *l)
{
	struct list *last;

	while ((last = list_last(&l->order)) != NULL)
		drop_item(container_of(last, struct lru_item, link));
	map_clear(&l->map);
}

struct lru_item *
lru_get(struct lru *l, struct slice key)
{
	struct lru_item *item = map_get(&l->map, key);

	if (item != NULL) {
		list_remove(&item->link);
		list_push(&l->order, &item->link);
	}
	return item;
}

void
lru_put(struct lru *l, struct lru_item *item, struct slice key)
{
	struct lru_item *old = map_get(&l->map, key);
	enum err e;

	if (old != NULL)
		drop_item(old);
	item->key = key;
	item->lru = l;
	list_init(&item->link);
	list_push(&l->order, &item->link);
	e = map_put(&l->map, key, item);
	assert(e == ERR_OK);
	if (l->map.n > l->max)
		drop_item(
		    container_of(list_last(&l->order), struct lru_item, link));
}

void
lru_remove(struct lru_item *item)
{
	if (item->lru == NULL)
		return;
	(void)map_remove(&item->lru->map, item->key);
	list_remove(&item->link);
	item->lru = NULL;
}

size_t
lru_count(const struct lru *l)
{
	return l->map.n;
}
