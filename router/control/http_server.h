#ifndef ROUTER_CONTROL_HTTP_SERVER_H
#define ROUTER_CONTROL_HTTP_SERVER_H
/*
 * HTTP/1.1 on the control socket, with keep-alive.  A request is read whole
 * (its body up to a limit), handed over as an exchange, and answered then or
 * later; or answered by a stream that goes on until someone ends it.
 *
 * Everything has a limit: connections, heads, bodies, unsent bytes, and the
 * time in which a peer must make progress.
 *
 * Owned by: control.   Freed by: http_server_free, which cuts what is open.
 */
#include <ev.h>

#include "base/slice.h"
#include "router/control/peer.h"

#define HTTP_CONNECTIONS_MAX 512
#define HTTP_UNSENT_MAX      (48 * 1024 * 1024) /* one answer */
#define HTTP_STREAM_MAX      (1024 * 1024)      /* unsent bytes of a stream */
#define HTTP_PROGRESS_S      60.                /* sending or receiving */

struct http_server;
struct http_exchange; /* a request until it is answered */

struct http_server_ops {
	/* A request is complete and its peer is allowed.  Must end with
	 * http_answer, now or later, or go on as a stream (http_stream_begin).
	 */
	void (*on_request)(void *ctx, struct http_exchange *x);
	/* Limit of the body of a request to path. */
	size_t (*body_max)(void *ctx, struct slice path);
};

/* Takes fd, which listens.  policy and ops are loans for its life.  policy
 * NULL: no Unix socket, and everybody may. */
struct http_server *http_server_new(struct ev_loop *loop, int fd,
    const struct peer_policy *policy, const struct http_server_ops *ops,
    void *ctx);
/* Accepts no more, and ends each connection with the answer that it waits for;
 * on_quiet is called once, from the loop, when none is left. */
void http_server_drain(
    struct http_server *s, void (*on_quiet)(void *ctx), void *ctx);
void http_server_free(struct http_server *s); /* NULL is allowed */

/* The request; loans until the exchange ends. */
struct slice http_method(const struct http_exchange *x);
struct slice http_path(const struct http_exchange *x); /* without the query */
struct slice http_query(const struct http_exchange *x);
struct slice http_body(const struct http_exchange *x);
/* The first field of that name; .p NULL when there is none. */
struct slice http_field(const struct http_exchange *x, struct slice name);
const struct peer *http_peer(const struct http_exchange *x);

struct http_reply {
	int status;
	const char *type;  /* Content-Type; NULL: no body */
	const char *extra; /* whole fields with CRLF, or NULL */
	struct slice body;
};

/* Answers and ends the exchange; harmless when the client is gone. */
void http_answer(struct http_exchange *x, const struct http_reply *reply);

/*
 * Begins a stream of that type.  on_gone is called, from the loop, when the
 * client left or cannot keep up: the exchange is over then.  False: it has left
 * already, and the exchange is over.
 */
typedef void http_gone(void *ctx);
bool http_stream_begin(
    struct http_exchange *x, const char *type, http_gone *on_gone, void *ctx);
/* Bytes that may be sent now without losing a slow client. */
size_t http_stream_room(const struct http_exchange *x);
/* More than the room may cost the client its stream. */
void http_stream_send(struct http_exchange *x, struct slice bytes);

#endif
