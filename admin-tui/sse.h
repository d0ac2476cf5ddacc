#ifndef ADMIN_TUI_SSE_H
#define ADMIN_TUI_SSE_H
/*
 * Server-sent events (WHATWG HTML, 9.2.6), sans-I/O: bytes in, the data of
 * each event out.  Comments, ids and names are passed over: the data of our
 * API says all of it.
 *
 * Owned by: whoever embeds it.   Freed by: sse_clear.
 */
#include "base/buf.h"

#define SSE_LINE_MAX (1024 * 1024) /* of one line and of one event's data */

struct sse {
	struct buf line; /* received so far, without its end */
	struct buf data; /* of the event under way */
	bool had_cr;     /* the last byte: a LF right behind is its rest */
};

typedef void sse_event(void *ctx, struct slice data);

void sse_init(struct sse *s);
void sse_clear(struct sse *s);

/* ERR_TOO_BIG: a line or an event past the limit; the stream is lost. */
enum err MUST_USE sse_feed(
    struct sse *s, struct slice bytes, sse_event *on_event, void *ctx);

#endif
