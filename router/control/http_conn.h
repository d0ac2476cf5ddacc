#ifndef ROUTER_CONTROL_HTTP_CONN_H
#define ROUTER_CONTROL_HTTP_CONN_H
/*
 * One connection of the control socket: reads requests, one at a time, and
 * writes answers.  Inside of http_server only.
 *
 * Owned by: http_server.   Freed by: http_conn_free, by the server's reaper.
 */
#include "base/buf.h"
#include "base/list.h"
#include "router/control/http_server.h"

struct http_conn;

/* What connections share; embedded in the server. */
struct http_shared {
	struct ev_loop *loop;
	const struct peer_policy *policy;
	const struct http_server_ops *ops;
	void *ctx;
	struct list conns; /* open ones */
	struct list dead;  /* closed ones, to be freed by the reaper */
	size_t n_conns;
	bool is_draining; /* each ends with the answer it owes */
};

/* --- for its exchange ----------------------------------------------------- */

struct buf *http_conn_out(struct http_conn *c); /* unsent bytes */
void http_conn_write_head(
    struct http_conn *c, const struct http_reply *r, bool has_length);
void http_conn_next(struct http_conn *c);    /* its exchange is over */
void http_conn_abandon(struct http_conn *c); /* the same, and it closes */
void http_conn_stream(struct http_conn *c);  /* its exchange goes on */
void http_conn_kick(struct http_conn *c);    /* sends from the loop */

/* --- for the server ------------------------------------------------------- */

/* Takes fd; puts itself among shared->conns. */
void http_conn_new(struct http_shared *shared, int fd);
/* Closes at once; memory goes with http_conns_reap. */
void http_conns_close(struct http_shared *shared);
/* Those that owe no answer end; the others with it, streams at once. */
void http_conns_drain(struct http_shared *shared);
void http_conns_reap(struct http_shared *shared);

#endif
