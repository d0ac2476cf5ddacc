#ifndef ROUTER_CONTROL_HTTP_EXCHANGE_H
#define ROUTER_CONTROL_HTTP_EXCHANGE_H
/*
 * A request until it is answered (the functions for handlers are those of
 * http_server.h).  It has copies of all that it says, so it outlives the bytes
 * it was read from, and its connection.
 *
 * Owned by: its connection while it is read; then by whoever answers it.
 * Freed by: http_exchange_free, which the answer calls.
 */
#include "base/http1.h"
#include "router/control/http_conn.h"

/* bytes: the head as it was received, into which h points. */
struct http_exchange *http_exchange_new(struct http_conn *c,
    const struct peer *peer, const struct http1_head *h, struct slice bytes);
void http_exchange_free(struct http_exchange *x);

/* The body comes now, in pieces.  ERR_TOO_BIG past max. */
void http_exchange_take_body(struct http_exchange *x, size_t max);
enum err MUST_USE http_exchange_add_body(
    struct http_exchange *x, struct slice piece);

/* The client is gone; a stream is told. */
void http_exchange_detach(struct http_exchange *x, bool is_stream);

#endif
