#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

/* Each block is twice the one before, so that one block soon holds all of an
 * exchange, and a reset keeps it unless it is unusually large. */
#define ARENA_BLOCK_MIN 4096
#define ARENA_BLOCK_MAX (64 * 1024)

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	alignas(max_align_t) char bytes[];
};

void
arena_init(struct arena *a, size_t max)
{
	*a = (struct arena){.max = max};
}

static void
free_blocks(struct arena_block *b)
{
	while (b != NULL) {
		struct arena_block *next = b->next;

		free(b);
		b = next;
	}
}

void
arena_reset(struct arena *a)
{
	a->used = 0;
	if (a->blocks == NULL)
		return;
	if (a->blocks->size > ARENA_BLOCK_MAX) {
		arena_clear(a);
		return;
	}
	/* the newest is the largest of ordinary ones */
	free_blocks(a->blocks->next);
	a->blocks->next = NULL;
	a->blocks->used = 0;
}

void
arena_clear(struct arena *a)
{
	free_blocks(a->blocks);
	a->blocks = NULL;
	a->used = 0;
}

static struct arena_block *
add_block(struct arena *a, size_t room)
{
	size_t size = a->blocks == NULL ? ARENA_BLOCK_MIN : a->blocks->size * 2;
	struct arena_block *b;

	if (size > ARENA_BLOCK_MAX)
		size = ARENA_BLOCK_MAX;
	if (size < room)
		size = room;
	b = xmalloc(sizeof(*b) + size);
	b->size = size;
	b->used = 0;
	b->next = a->blocks;
	a->blocks = b;
	return b;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *b = a->blocks;
	size_t room =
	    (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	void *p;

	if (n > a->max || room > a->max - a->used)
		return NULL;
	if (b == NULL || room > b->size - b->used)
		b = add_block(a, room);
	p = b->bytes + b->used;
	b->used += room;
	a->used += room;
	return p;
}

struct slice
arena_copy(struct arena *a, struct slice s)
{
	char *p = arena_alloc(a, s.n == 0 ? 1 : s.n);

	if (p == NULL)
		return slice_of(NULL, 0);
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return slice_of(p, s.n);
}

struct slice
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || (p = arena_alloc(a, (size_t)n + 1)) == NULL)
		return slice_of(NULL, 0);
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return slice_of(p, (size_t)n);
}
