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
#include "router/edge/deadline.h"
#include "router/edge/h2_client.h"
#include "router/edge/upstream.h"
#include "router/edge/upstream_socket.h"

/*
 * Owned by: the backend's list, or its one stream.   Freed by: upstreams_reap,
 * after it was closed.
 */
struct upstream_h2_conn {
	struct upstream_socket socket;
	struct h2_client *session;
	struct worker *w;
	struct backend *backend;
	struct list link;    /* in the backend's list */
	struct list streams; /* struct upstream_h2, not let go of */
	size_t n_streams;
	struct upstream_ended ended;
	struct deadline deadline; /* of idleness */
	ev_tstamp opened_at;      /* 0: not yet */
	bool has_refused;         /* a stream */
	bool is_private;          /* of one exchange alone */
	bool is_idle;             /* counted so */
	bool is_busy;             /* within the session: it sends later */
	bool is_closed;
};

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

#endif
