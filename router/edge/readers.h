#ifndef ROUTER_EDGE_READERS_H
#define ROUTER_EDGE_READERS_H
/*
 * HTTP/1 readers that are in nobody's use: an idle connection gives its own
 * back, so that it costs no memory.
 *
 * Owned by: the worker (zeroed at first).   Freed by: readers_clear.
 */
#include "base/http1.h"

#define READERS_KEPT 64 /* of each kind */

struct readers {
	struct http1 *kept[2][READERS_KEPT];
	size_t n[2];
};

struct http1 *readers_take(struct readers *rs, enum http1_kind kind);
/* Takes h, at any point of a message; NULL is allowed. */
void readers_give(struct readers *rs, enum http1_kind kind, struct http1 *h);
void readers_clear(struct readers *rs);

#endif
