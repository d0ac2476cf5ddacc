#include "base/buf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

#define BUF_FIRST 256

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void
buf_clear(struct buf *b)
{
	free(b->p);
	buf_init(b, b->max);
}

void
buf_wipe(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->cap);
	buf_clear(b);
}

void
buf_reset(struct buf *b)
{
	b->off = b->len = 0;
	b->failed = false;
}

/* The bytes to new storage.  The old one is wiped: realloc would leave copies
 * of a key behind that buf_wipe never sees. */
static void
move_to(struct buf *b, size_t cap)
{
	char *p = xmalloc(cap);

	if (b->p != NULL) {
		memcpy(p, b->p, b->len);
		explicit_bzero(b->p, b->cap);
		free(b->p);
	}
	b->p = p;
	b->cap = cap;
}

/* Storage for n more bytes behind the present ones, moved to the front first
 * when that alone makes room. */
static void
make_room(struct buf *b, size_t n)
{
	size_t cap;

	if (b->p != NULL && b->off + b->len + n <= b->cap)
		return;
	if (b->p != NULL && b->off > 0) {
		memmove(b->p, b->p + b->off, b->len);
		b->off = 0;
		if (b->len + n <= b->cap)
			return;
	}
	cap = b->cap == 0 ? BUF_FIRST : b->cap;
	while (cap < b->len + n)
		cap *= 2;
	move_to(b, cap);
}

char *
buf_room(struct buf *b, size_t n)
{
	if (n > b->max - b->len) {
		b->failed = true;
		return NULL;
	}
	make_room(b, n);
	return b->p + b->off + b->len;
}

void
buf_added(struct buf *b, size_t n)
{
	assert(b->off + b->len + n <= b->cap);
	b->len += n;
}

enum err
buf_add(struct buf *b, struct slice s)
{
	char *to = buf_room(b, s.n);

	if (to == NULL)
		return ERR_TOO_BIG;
	if (s.n > 0)
		memcpy(to, s.p, s.n);
	b->len += s.n;
	return ERR_OK;
}

enum err
buf_add_str(struct buf *b, const char *s)
{
	return buf_add(b, slice_str(s));
}

enum err
buf_add_char(struct buf *b, char c)
{
	return buf_add(b, slice_of(&c, 1));
}

enum err
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	char *to;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return ERR_SYNTAX;
	/* vsnprintf ends with a NUL that is not part of the bytes */
	if ((size_t)n > b->max - b->len) {
		b->failed = true;
		return ERR_TOO_BIG;
	}
	make_room(b, (size_t)n + 1);
	to = b->p + b->off + b->len;
	(void)vsnprintf(to, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
	return ERR_OK;
}

enum err
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	enum err e;

	va_start(ap, fmt);
	e = buf_vprintf(b, fmt, ap);
	va_end(ap);
	return e;
}

void
buf_consume(struct buf *b, size_t n)
{
	assert(n <= b->len);
	b->off += n;
	b->len -= n;
	if (b->len == 0)
		b->off = 0;
}

char *
buf_take(struct buf *b)
{
	char *text;

	make_room(b, 1);
	b->p[b->off + b->len] = '\0';
	if (b->off > 0)
		memmove(b->p, b->p + b->off, b->len + 1);
	text = b->p;
	b->p = NULL;
	buf_init(b, b->max);
	return text;
}
