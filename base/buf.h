#ifndef BASE_BUF_H
#define BASE_BUF_H
/*
 * A growing byte buffer that was born with its limit.  Bytes are added at the
 * end and consumed from the front.  One add that would exceed the limit fails
 * as a whole and marks the buffer, so a writer may add many times and ask once
 * (buf_failed).
 *
 * Owned by: whoever embeds it.   Freed by: buf_clear, or buf_take.
 */
#include <stdarg.h>

#include "base/slice.h"

struct buf {
	char *p;     /* storage, NULL until first used */
	size_t off;  /* first byte that is not consumed */
	size_t len;  /* bytes from off */
	size_t cap;  /* size of storage */
	size_t max;  /* limit of len */
	bool failed; /* an add was refused */
};

void buf_init(struct buf *b, size_t max);
void buf_clear(struct buf *b); /* frees storage; usable again, same limit */
void buf_wipe(struct buf *b);  /* the same, and no copy of the bytes is left */
void buf_reset(struct buf *b); /* empties, keeps storage */

/* ERR_TOO_BIG, and nothing is added, when the limit would be exceeded. */
enum err buf_add(struct buf *b, struct slice s);
enum err buf_add_str(struct buf *b, const char *s);
enum err buf_add_char(struct buf *b, char c);
enum err buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
enum err buf_vprintf(struct buf *b, const char *fmt, va_list ap);

/*
 * Room for n more bytes to be written in place; then tell how many were.
 * NULL when the limit does not allow it.
 */
char *buf_room(struct buf *b, size_t n);
void buf_added(struct buf *b, size_t n);

void buf_consume(struct buf *b, size_t n); /* n <= len */

static inline struct slice
buf_slice(const struct buf *b)
{
	return (struct slice){b->p == NULL ? "" : b->p + b->off, b->len};
}

static inline bool
buf_failed(const struct buf *b)
{
	return b->failed;
}

/* The bytes as a terminated string that the caller frees; b is then empty. */
char *buf_take(struct buf *b);

#endif
