#ifndef BASE_LIST_H
#define BASE_LIST_H
/*
 * Intrusive doubly linked ring: the head and every member are the same struct.
 * A member knows its neighbours, so it unlinks itself without the head; a
 * member that is in no list points at itself.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct list {
	struct list *next, *prev;
};

static inline void
list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool
list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void
list_insert_after(struct list *at, struct list *l)
{
	l->prev = at;
	l->next = at->next;
	at->next->prev = l;
	at->next = l;
}

static inline void
list_push(struct list *head, struct list *l) /* first */
{
	list_insert_after(head, l);
}

static inline void
list_append(struct list *head, struct list *l) /* last */
{
	list_insert_after(head->prev, l);
}

/* Leaves l in no list; safe when it already is. */
static inline void
list_remove(struct list *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	list_init(l);
}

/* Links of the first and last member, NULL when empty. */
static inline struct list *
list_first(const struct list *head)
{
	return list_empty(head) ? NULL : head->next;
}

static inline struct list *
list_last(const struct list *head)
{
	return list_empty(head) ? NULL : head->prev;
}

#define LIST_FOREACH(it, head)                                                 \
	for (struct list *it = (head)->next; it != (head); it = it->next)

/* The body may remove (and free) `it`, nothing else. */
#define LIST_FOREACH_SAFE(it, head)                                            \
	for (struct list *it = (head)->next, *it##_next = it->next;            \
	     it != (head); it = it##_next, it##_next = it->next)

#endif
