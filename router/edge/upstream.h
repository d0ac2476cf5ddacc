#ifndef ROUTER_EDGE_UPSTREAM_H
#define ROUTER_EDGE_UPSTREAM_H
/*
 * A connection to a backend, HTTP/1.1: serves one exchange at a time, and waits
 * in its backend's pool between two.
 *
 * Owned by: the exchange, or the pool.   Freed by: upstream_let_go, or when an
 * idle one ends; always from the loop (upstreams_reap).
 */
#include "base/http1.h"
#include "router/edge/backend.h"
#include "router/edge/deadline.h"
#include "router/edge/message.h"
#include "router/edge/stream.h"

struct worker;
struct exchange;

enum upstream_state {
	UPSTREAM_CONNECTING,
	UPSTREAM_HEAD, /* a response's head is awaited */
	UPSTREAM_BODY,
	UPSTREAM_COMPLETE, /* the response is; the exchange will let go */
	UPSTREAM_IDLE,
	UPSTREAM_CLOSED,
};

/* Why an exchange's connection ended. */
enum upstream_loss {
	LOST_REFUSED,     /* nobody listens there */
	LOST_UNREACHABLE, /* no way, or no descriptor left */
	LOST_SILENT,      /* closed before a byte of the response */
	LOST_CUT_HEAD,    /* closed within the head */
	LOST_CUT_BODY,    /* closed within the body */
	LOST_GARBAGE,     /* that is not HTTP */
};

struct upstream {
	struct stream stream;
	struct list link; /* in the pool, or among the closed */
	struct worker *w;
	struct backend *backend;
	struct exchange *ex;      /* NULL: idle */
	struct deadline deadline; /* of idleness */
	ev_tstamp idle_since;
	enum upstream_state state;
	struct http1 *reader;
	struct buf in;        /* part of a head */
	bool was_used;        /* an old connection may be dead without saying */
	bool is_head_request; /* its response has no body */
	bool is_chunked;      /* as the request's body goes out */
	bool keeps_alive;     /* the backend is willing */
};

/* Which connections will do. */
enum upstream_choice {
	UPSTREAM_ANY,
	UPSTREAM_SURE,  /* no old one that may just be closing */
	UPSTREAM_FRESH, /* a new one */
};

/*
 * A connection for ex: an idle one, else a new one, which tells
 * exchange_on_connected.  ERR_DENIED, ERR_IO: as LOST_REFUSED,
 * LOST_UNREACHABLE.
 */
enum err MUST_USE upstream_open(struct worker *w, struct backend *b,
    struct exchange *ex, enum upstream_choice which, struct upstream **out);
bool upstream_is_connected(const struct upstream *u);

/* The request: its head, then pieces of its body, then its end. */
void upstream_send_head(
    struct upstream *u, const struct request *r, const struct headers *headers);
void upstream_send_body(struct upstream *u, struct slice piece);
/* trailers: NULL for none */
void upstream_send_end(struct upstream *u, const struct headers *trailers);
bool upstream_is_full(const struct upstream *u);

void upstream_pause(struct upstream *u, bool paused);

/* The exchange is through with it: into the pool when it can serve again. */
void upstream_let_go(struct upstream *u, bool reusable);

/* Closes what is idle: nobody refers to the backend any more. */
void upstreams_close_idle(struct backend *b);
void upstreams_reap(struct worker *w);

/* --- what it tells its exchange (exchange_response.c) ----------------------
 */

void exchange_on_connected(struct exchange *ex);
/* Loans: the head's slices lie in `bytes`, which end with the call. */
void exchange_on_interim(
    struct exchange *ex, const struct http1_head *head, struct slice bytes);
void exchange_on_head(
    struct exchange *ex, const struct http1_head *head, struct slice bytes);
void exchange_on_body(struct exchange *ex, struct slice piece);
void exchange_on_response_end(
    struct exchange *ex, const struct headers *trailers);
void exchange_on_upstream_room(struct exchange *ex);
void exchange_on_lost(struct exchange *ex, enum upstream_loss why);

#endif
