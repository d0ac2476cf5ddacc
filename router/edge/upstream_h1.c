#include "router/edge/upstream_h1.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "router/edge/h1_write.h"
#include "router/edge/trailers.h"
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

static void
close_it(struct upstream_h1 *u)
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

/* --- reading the response ------------------------------------------------- */

static void
lose(struct upstream_h1 *u, enum upstream_loss why)
{
	struct exchange *ex = u->base.ex;

	upstream_socket_pause(&u->socket, true);
	exchange_on_lost(ex, why);
}

/* Everything has come: the exchange hears it and lets go. */
static void
complete(struct upstream_h1 *u, bool nothing_behind)
{
	const struct http1_field *fields;
	size_t n = http1_trailers(u->reader, &fields);
	struct header items[HTTP1_TRAILERS_MAX];
	struct headers trailers = trailers_sift(fields, n, items);

	u->state = UPSTREAM_H1_COMPLETE;
	if (!nothing_behind)
		u->keeps_alive = false;
	exchange_on_response_end(u->base.ex, trailers.n > 0 ? &trailers : NULL);
}

static struct response
as_response(const struct http1_head *head, struct header *items)
{
	struct response r = {
	    .status = head->status,
	    .reason = head->reason,
	    .headers = {items, head->n_fields, head->n_fields},
	    .content_length = head->content_length,
	    .has_body = head->has_body,
	};

	for (size_t i = 0; i < head->n_fields; i++)
		items[i] = (struct header){
		    head->fields[i].name, head->fields[i].value};
	if (head->status == 101)
		r.upgrade = http1_find(head, SLICE("upgrade"));
	return r;
}

/* What is told of a head; the rest of the answer follows, or not. */
enum head_kind {
	HEAD_INTERIM,
	HEAD_FINAL,
	HEAD_TUNNEL,
	HEAD_WRONG,
};

static enum head_kind
kind_of(const struct upstream_h1 *u, const struct http1_head *head)
{
	if (head->status == 101)
		/* where nothing asked for it, it is no answer */
		return u->asks_for_upgrade && head->is_upgrade ? HEAD_TUNNEL
							       : HEAD_WRONG;
	return head->status < 200 ? HEAD_INTERIM : HEAD_FINAL;
}

/* True: there may be more to do with what is left of *in. */
static bool
take_head(struct upstream_h1 *u, const struct http1_head *head, size_t used,
    struct slice *in)
{
	struct header items[HTTP1_FIELDS_MAX];
	struct response r = as_response(head, items);

	switch (kind_of(u, head)) {
	case HEAD_WRONG:
		lose(u, LOST_GARBAGE);
		return false;
	case HEAD_INTERIM:
		exchange_on_interim(u->base.ex, &r);
		http1_next(u->reader);
		break;
	case HEAD_TUNNEL:
		r.has_body = true;
		u->state = UPSTREAM_H1_TUNNEL;
		u->is_chunked = false;
		u->keeps_alive = false;
		exchange_on_head(u->base.ex, &r);
		break;
	case HEAD_FINAL:
		u->state = UPSTREAM_H1_BODY;
		u->keeps_alive = head->keep_alive && !head->until_close;
		exchange_on_head(u->base.ex, &r);
		if (u->base.ex != NULL && !head->has_body) {
			complete(u, in->n == used);
			return false;
		}
		break;
	}
	*in = slice_from(*in, used);
	return u->base.ex != NULL && in->n > 0;
}

static bool
read_head(struct upstream_h1 *u, struct slice *in)
{
	struct http1_head head;
	size_t used;
	enum err e;

	http1_expect_head_response(u->reader, u->is_head_request);
	e = http1_head(u->reader, *in, &head, &used);
	if (e == ERR_AGAIN)
		return false;
	if (e != ERR_OK) {
		lose(u, LOST_GARBAGE);
		return false;
	}
	return take_head(u, &head, used, in);
}

static bool
read_body(struct upstream_h1 *u, struct slice *in)
{
	struct slice piece;
	size_t used;
	bool end;

	if (http1_body(u->reader, *in, &piece, &used, &end) != ERR_OK) {
		lose(u, LOST_GARBAGE);
		return false;
	}
	*in = slice_from(*in, used);
	if (piece.n > 0)
		exchange_on_body(u->base.ex, piece);
	if (u->base.ex != NULL && end) {
		complete(u, in->n == 0);
		return false;
	}
	return u->base.ex != NULL && used > 0;
}

/* Part of a head: kept until the rest is there. */
static void
keep_head(struct upstream_h1 *u, struct slice in, bool is_kept)
{
	if (is_kept)
		buf_consume(&u->in, u->in.len - in.n);
	else if (buf_add(&u->in, in) != ERR_OK)
		lose(u, LOST_GARBAGE);
}

static void
on_bytes(struct upstream_socket *s, struct slice bytes)
{
	struct upstream_h1 *u = container_of(s, struct upstream_h1, socket);
	struct slice in = bytes;
	bool is_kept = u->in.len > 0;

	if (u->base.ex == NULL || u->state == UPSTREAM_H1_COMPLETE) {
		close_it(u); /* nobody asked */
		return;
	}
	if (is_kept) {
		if (buf_add(&u->in, bytes) != ERR_OK) {
			lose(u, LOST_GARBAGE);
			return;
		}
		in = buf_slice(&u->in);
	}
	while (u->state == UPSTREAM_H1_HEAD && read_head(u, &in))
		;
	if (u->base.ex != NULL && u->state == UPSTREAM_H1_HEAD) {
		keep_head(u, in, is_kept);
		return;
	}
	while (u->base.ex != NULL && u->state == UPSTREAM_H1_BODY &&
	       read_body(u, &in))
		;
	if (u->base.ex != NULL && u->state == UPSTREAM_H1_TUNNEL && in.n > 0)
		exchange_on_body(u->base.ex, in);
	if (is_kept)
		buf_clear(&u->in);
}

static void
on_open(struct upstream_socket *s)
{
	struct upstream_h1 *u = container_of(s, struct upstream_h1, socket);

	u->state = UPSTREAM_H1_HEAD;
	u->base.is_connected = true;
	exchange_on_connected(u->base.ex);
}

static void
on_room(struct upstream_socket *s)
{
	struct upstream_h1 *u = container_of(s, struct upstream_h1, socket);

	if (u->base.ex != NULL)
		exchange_on_upstream_room(u->base.ex);
}

static enum upstream_loss
loss_of(enum err why)
{
	if (why == ERR_TLS)
		return LOST_UNPROVED;
	return why == ERR_DENIED ? LOST_REFUSED : LOST_UNREACHABLE;
}

static void
on_end(struct upstream_socket *s, enum err why)
{
	struct upstream_h1 *u = container_of(s, struct upstream_h1, socket);

	if (u->base.ex == NULL) {
		close_it(u);
		return;
	}
	switch (u->state) {
	case UPSTREAM_H1_CONNECTING:
		u->base.cause = s->cause;
		lose(u, loss_of(why));
		break;
	case UPSTREAM_H1_HEAD:
		lose(u, u->in.len == 0 ? LOST_SILENT : LOST_CUT_HEAD);
		break;
	case UPSTREAM_H1_BODY:
		u->keeps_alive = false;
		if (why == ERR_CLOSED && http1_eof(u->reader) == ERR_OK)
			complete(u, true);
		else
			lose(u, LOST_CUT_BODY);
		break;
	case UPSTREAM_H1_TUNNEL:
		if (why == ERR_CLOSED)
			exchange_on_response_end(u->base.ex, NULL);
		else
			lose(u, LOST_CUT_BODY);
		break;
	case UPSTREAM_H1_COMPLETE:
	case UPSTREAM_H1_IDLE:
	case UPSTREAM_H1_CLOSED:
		break;
	}
}

static const struct upstream_socket_ops socket_ops = {
    .on_open = on_open,
    .on_bytes = on_bytes,
    .on_room = on_room,
    .on_end = on_end,
};

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
		close_it(u);
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
	close_it(container_of(d, struct upstream_h1, deadline));
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
	e = upstream_socket_connect(&u->socket, w, b, first, &socket_ops);
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
		close_it(container_of(first, struct upstream_h1, link));
}
