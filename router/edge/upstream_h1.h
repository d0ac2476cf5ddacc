#ifndef ROUTER_EDGE_UPSTREAM_H1_H
#define ROUTER_EDGE_UPSTREAM_H1_H
/*
 * A connection to a backend that speaks HTTP/1.1: serves one exchange at a
 * time, and waits in its backend's pool between two.
 *
 * A response of status 101 to a request that asked for it makes it a tunnel:
 * bytes both ways, and the backend's FIN is the response's end.
 *
 * Owned by: the exchange, or the pool.   Freed by: upstream_let_go, or when an
 * idle one ends; always from the loop (upstreams_reap).
 */
#include "base/http1.h"
#include "router/edge/deadline.h"
#include "router/edge/upstream.h"
#include "router/edge/upstream_socket.h"

enum upstream_h1_state {
	UPSTREAM_H1_CONNECTING,
	UPSTREAM_H1_HEAD, /* a response's head is awaited */
	UPSTREAM_H1_BODY,
	UPSTREAM_H1_TUNNEL,
	UPSTREAM_H1_COMPLETE, /* the response is; the exchange will let go */
	UPSTREAM_H1_IDLE,
	UPSTREAM_H1_CLOSED,
};

struct upstream_h1 {
	struct upstream base;
	struct upstream_socket socket;
	struct list link; /* in the pool */
	struct upstream_ended ended;
	struct deadline deadline; /* of idleness */
	ev_tstamp idle_since;
	enum upstream_h1_state state;
	struct http1 *reader;
	struct buf in;         /* part of a head */
	bool is_head_request;  /* its response has no body */
	bool asks_for_upgrade; /* 101 would be an answer */
	bool is_chunked;       /* as the request's body goes out */
	bool keeps_alive;      /* the backend is willing */
};

/* As upstream_open. */
enum err MUST_USE upstream_h1_open(struct worker *w, struct backend *b,
    struct exchange *ex, const struct upstream_wish *wish,
    struct upstream **out);

void upstream_h1_close_idle(struct backend *b);

/* --- between its files ---------------------------------------------------- */

void upstream_h1_close(struct upstream_h1 *u);
/* What its socket tells: the response (upstream_h1_response.c). */
extern const struct upstream_socket_ops upstream_h1_socket_ops;

#endif
