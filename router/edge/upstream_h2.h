#ifndef ROUTER_EDGE_UPSTREAM_H2_H
#define ROUTER_EDGE_UPSTREAM_H2_H
/*
 * Streams of a backend that speaks HTTP/2 without TLS and without asking first
 * (h2c://, gRPC).  A connection serves as many exchanges at once as the backend
 * allows, and the next ones as long as it lives; one that carries a PROXY
 * header is a single client's, and serves one exchange.
 *
 * Bodies go at the pace of who takes them: what the client has not taken keeps
 * the stream's window small, what the backend has not taken stays in `pending`
 * until upstream_is_full stops the client.
 *
 * A request that asks for an upgrade goes on without asking: what it is
 * answered is an answer.
 */
#include "router/edge/h2_client.h"
#include "router/edge/upstream.h"

struct upstream_h2_conn;

/* Owned by: the exchange.   Freed by: upstreams_reap, after let_go. */
struct upstream_h2 {
	struct upstream base;
	struct h2_client_stream stream;
	struct upstream_h2_conn *conn;
	struct list link; /* in its streams */
	struct upstream_ended ended;
	struct buf pending;             /* of the body */
	size_t n_taken;                 /* of that, sent and kept */
	const struct headers *trailers; /* a loan of the exchange's */
	size_t n_unconsumed;            /* bytes given while paused */
	bool is_paused;
	bool has_ended;    /* the request is complete */
	bool keeps;        /* what is sent, to ask again elsewhere */
	bool is_overfull;  /* past every limit of pending */
	bool was_full;     /* the exchange waits to hear of room */
	bool is_responded; /* a head was told */
};

/* As upstream_open. */
enum err MUST_USE upstream_h2_open(struct worker *w, struct backend *b,
    struct exchange *ex, const struct upstream_wish *wish,
    struct upstream **out);

void upstream_h2_close_idle(struct backend *b);

/* --- for its connection (upstream_h2_conn.h) ------------------------------ */

/* What the session of a struct upstream_h2_conn tells. */
extern const struct h2_client_ops upstream_h2_session_ops;

/* cause: NULL for none. */
void upstream_h2_lose(
    struct upstream_h2 *u, enum upstream_loss why, const char *cause);

#endif
