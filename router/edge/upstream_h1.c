#include "router/edge/upstream_h1.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "router/edge/h1_write.h"
#include "router/edge/worker.h"

#define IDLE_SECONDS 60.
#define SURE_SECONDS 1.
#define IDLE_MAX     128 /* connections of one backend and worker */

static struct upstream_h1 *
h1_of(const struct upstream *base)
{
	return container_of(base, struct upstream_h1, base);
}

static void
count_idle(struct upstream_h1 *u, int change)
{
	u->base.backend->n_idle += (unsigned)change;
	u->base.w->n_idle += (size_t)change;
}

static void
free_it(struct upstream_ended *ended)
{
	struct upstream_h1 *u = container_of(ended, struct upstream_h1, ended);

	upstream_socket_clear(&u->socket);
	readers_give(&u->base.w->readers, HTTP1_RESPONSE, u->reader);
	buf_clear(&u->in);
	free(u);
}

void
upstream_h1_close(struct upstream_h1 *u)
{
	if (u->state == UPSTREAM_H1_CLOSED)
		return;
	if (u->state == UPSTREAM_H1_IDLE)
		count_idle(u, -1);
	u->state = UPSTREAM_H1_CLOSED;
	u->base.ex = NULL;
	deadline_clear(&u->deadline);
	upstream_socket_close(&u->socket);
	list_remove(&u->link);
	upstream_end(u->base.w, &u->ended, free_it);
}

/* --- sending the request -------------------------------------------------- */

static void
send_head(struct upstream *base, const struct request *r,
    const struct headers *headers)
{
	struct upstream_h1 *u = h1_of(base);
	struct buf *b = &base->w->scratch;
	enum h1_framing framing = H1_NO_BODY;
	enum err e;

	if (r->has_body)
		framing = r->content_length >= 0 ? H1_LENGTH : H1_CHUNKED;
	u->is_chunked = framing == H1_CHUNKED;
	u->is_head_request = slice_eq(r->method, SLICE("HEAD"));
	u->asks_for_upgrade = r->upgrade.n > 0;
	buf_reset(b);
	e = h1_write_request(b, r, headers, framing);
	assert(e == ERR_OK); /* the head that came in was smaller */
	upstream_socket_write(&u->socket, buf_slice(b));
}

static void
send_body(struct upstream *base, struct slice piece)
{
	struct upstream_h1 *u = h1_of(base);
	char head[H1_CHUNK_HEAD_SIZE];

	if (piece.n == 0)
		return;
	if (u->is_chunked)
		upstream_socket_write(&u->socket, h1_chunk_head(piece.n, head));
	upstream_socket_write(&u->socket, piece);
	if (u->is_chunked)
		upstream_socket_write(&u->socket, SLICE("\r\n"));
}

static void
send_end(struct upstream *base, const struct headers *trailers)
{
	struct upstream_h1 *u = h1_of(base);
	struct buf *b = &base->w->scratch;

	if (u->state == UPSTREAM_H1_TUNNEL)
		upstream_socket_shut_down(&u->socket);
	if (!u->is_chunked)
		return;
	buf_reset(b);
	if (h1_write_last_chunk(b, trailers) == ERR_OK)
		upstream_socket_write(&u->socket, buf_slice(b));
}

static bool
is_full(const struct upstream *base)
{
	return upstream_socket_is_full(&h1_of(base)->socket);
}

static void
pause_it(struct upstream *base, bool paused)
{
	upstream_socket_pause(&h1_of(base)->socket, paused);
}

static bool
may_serve_again(struct upstream_h1 *u)
{
	return u->state == UPSTREAM_H1_COMPLETE && u->keeps_alive &&
	       u->base.backend->proxy == BACKEND_PROXY_OFF &&
	       upstream_socket_is_drained(&u->socket) &&
	       u->base.backend->n_idle < IDLE_MAX &&
	       u->base.w->n_idle < u->base.w->max_idle;
}

/* Into the pool when it can serve again. */
static void
let_go(struct upstream *base, bool reusable)
{
	struct upstream_h1 *u = h1_of(base);

	base->ex = NULL;
	if (!reusable || !may_serve_again(u)) {
		upstream_h1_close(u);
		return;
	}
	u->state = UPSTREAM_H1_IDLE;
	u->idle_since = ev_now(base->w->loop);
	readers_give(&base->w->readers, HTTP1_RESPONSE, u->reader);
	u->reader = NULL;
	buf_clear(&u->in);
	list_push(&base->backend->idle, &u->link);
	count_idle(u, 1);
	upstream_socket_pause(&u->socket, false);
	deadline_set(&u->deadline, IDLE_SECONDS, 0);
}

static const struct upstream_ops upstream_ops = {
    .send_head = send_head,
    .send_body = send_body,
    .send_end = send_end,
    .is_full = is_full,
    .pause = pause_it,
    .let_go = let_go,
};

/* --- the pool ------------------------------------------------------------- */

static void
on_idle_too_long(struct deadline *d)
{
	upstream_h1_close(container_of(d, struct upstream_h1, deadline));
}

/* Not about to be closed, as far as can be seen from here. */
static bool
is_sure(const struct upstream_h1 *u)
{
	return ev_now(u->base.w->loop) - u->idle_since <= SURE_SECONDS &&
	       upstream_socket_is_quiet(&u->socket);
}

/* The latest used is the least likely to be dead. */
static struct upstream_h1 *
take_idle(struct backend *b, enum upstream_choice which)
{
	struct list *first = list_first(&b->idle);
	struct upstream_h1 *u;

	if (first == NULL || which == UPSTREAM_FRESH)
		return NULL;
	u = container_of(first, struct upstream_h1, link);
	if (which == UPSTREAM_SURE && !is_sure(u))
		return NULL;
	list_remove(&u->link);
	count_idle(u, -1);
	deadline_none(&u->deadline);
	u->base.was_used = true;
	u->state = UPSTREAM_H1_HEAD;
	return u;
}

static enum err
connect_new(struct worker *w, struct backend *b, struct slice first,
    struct upstream_h1 **out)
{
	struct upstream_h1 *u = xcalloc(1, sizeof(*u));
	enum err e;

	u->base.ops = &upstream_ops;
	u->base.w = w;
	u->base.backend = b;
	list_init(&u->link);
	buf_init(&u->in, HTTP1_HEAD_MAX + STREAM_IO_SIZE);
	deadline_init(&u->deadline, w->loop, on_idle_too_long);
	e = upstream_socket_connect(
	    &u->socket, w, b, first, &upstream_h1_socket_ops);
	if (e != ERR_OK)
		free(u);
	else
		*out = u;
	return e;
}

enum err
upstream_h1_open(struct worker *w, struct backend *b, struct exchange *ex,
    const struct upstream_wish *wish, struct upstream **out)
{
	struct upstream_h1 *u = take_idle(b, wish->which);
	enum err e = ERR_OK;

	if (u == NULL)
		e = connect_new(w, b, wish->first, &u);
	if (e != ERR_OK)
		return e;
	u->base.ex = ex;
	if (u->reader == NULL)
		u->reader = readers_take(&w->readers, HTTP1_RESPONSE);
	*out = &u->base;
	return ERR_OK;
}

void
upstream_h1_close_idle(struct backend *b)
{
	struct list *first;

	while ((first = list_first(&b->idle)) != NULL)
		upstream_h1_close(
		    container_of(first, struct upstream_h1, link));
}
