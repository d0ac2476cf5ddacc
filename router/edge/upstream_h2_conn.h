#ifndef ROUTER_EDGE_UPSTREAM_H2_CONN_H
#define ROUTER_EDGE_UPSTREAM_H2_CONN_H
/*
 * A connection to a backend that speaks HTTP/2, with the streams
 * (upstream_h2.h) that exchanges have on it.
 *
 * Owned by: the backend's list, or its one stream.   Freed by: upstreams_reap,
 * after it was closed: when it ends, or has had no stream for a minute, or
 * nobody refers to the backend.
 */
#include "router/edge/deadline.h"
#include "router/edge/h2_client.h"
#include "router/edge/upstream.h"
#include "router/edge/upstream_socket.h"

struct upstream_h2;

struct upstream_h2_conn {
	struct upstream_socket socket;
	struct h2_client *session;
	struct worker *w;
	struct backend *backend;
	struct list woken; /* in the worker's, when there is something to do */
	struct list link;  /* in the backend's list */
	struct list streams; /* struct upstream_h2, not let go of */
	size_t n_streams;
	struct upstream_ended ended;
	struct deadline deadline; /* of idleness */
	ev_tstamp opened_at;      /* 0: not yet */
	bool has_refused;         /* a stream */
	bool is_private;          /* of one exchange alone */
	bool is_idle;             /* counted so */
	bool is_closed;
};

/* One that is there and will do; NULL: none. */
struct upstream_h2_conn *upstream_h2_conn_find(
    const struct backend *b, enum upstream_choice which);
/* A new one, still to be connected.  first, errors: as upstream_open. */
enum err MUST_USE upstream_h2_conn_new(struct worker *w, struct backend *b,
    struct slice first, struct upstream_h2_conn **out);

void upstream_h2_conn_add(struct upstream_h2_conn *c, struct upstream_h2 *u);
void upstream_h2_conn_remove(struct upstream_h2_conn *c, struct upstream_h2 *u);

/* Something was done with its session, so that from the loop, soon, what was
 * made to be sent goes out, who waited for room hears of it, and the connection
 * rests or ends. */
void upstream_h2_conn_wake(struct upstream_h2_conn *c);
/* Steps what is woken; false when nothing was. */
bool upstream_h2_conns_step(struct worker *w);

#endif
