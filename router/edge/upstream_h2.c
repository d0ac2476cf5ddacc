#include "router/edge/upstream_h2.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "router/edge/worker.h"

#define IDLE_SECONDS  60.
#define YOUNG_SECONDS 1.
#define PENDING_MAX   STREAM_OUT_MAX
/* Of a body, so that the request can be asked again where nobody began it. */
#define KEPT_MAX (64 * 1024)

static struct upstream_h2 *
stream_of(struct h2_client_stream *s)
{
	return container_of(s, struct upstream_h2, stream);
}

static struct upstream_h2 *
h2_of(const struct upstream *base)
{
	return container_of(base, struct upstream_h2, base);
}

/* --- the connection ------------------------------------------------------- */

static void
set_idle(struct upstream_h2_conn *c, bool is_idle)
{
	if (c->is_idle == is_idle)
		return;
	c->is_idle = is_idle;
	c->backend->n_idle += is_idle ? 1u : -1u;
	c->w->n_idle += is_idle ? 1 : (size_t)-1;
	if (is_idle)
		deadline_set(&c->deadline, IDLE_SECONDS, 0);
	else
		deadline_none(&c->deadline);
}

static void
free_conn(struct upstream_ended *ended)
{
	struct upstream_h2_conn *c =
	    container_of(ended, struct upstream_h2_conn, ended);

	upstream_socket_clear(&c->socket);
	h2_client_free(c->session);
	free(c);
}

/* No stream is left on it. */
static void
close_conn(struct upstream_h2_conn *c)
{
	if (c->is_closed)
		return;
	set_idle(c, false);
	c->is_closed = true;
	deadline_clear(&c->deadline);
	upstream_socket_close(&c->socket);
	list_remove(&c->link);
	upstream_end(c->w, &c->ended, free_conn);
}

/* --- streams -------------------------------------------------------------- */

static void settle(struct upstream_h2_conn *c);

static void
free_stream(struct upstream_ended *ended)
{
	struct upstream_h2 *u = container_of(ended, struct upstream_h2, ended);

	buf_clear(&u->pending);
	free(u);
}

static void
lose(struct upstream_h2 *u, enum upstream_loss why, const char *cause)
{
	u->base.cause = cause;
	exchange_on_lost(u->base.ex, why);
}

/* All at once, for the connection ends; whoever tries again does not find it.
 */
static void
lose_all(struct upstream_h2_conn *c, enum upstream_loss why, const char *cause)
{
	struct list *first;

	close_conn(c);
	while ((first = list_first(&c->streams)) != NULL) {
		struct upstream_h2 *u =
		    container_of(first, struct upstream_h2, link);

		lose(u, u->is_responded ? LOST_CUT_BODY : why, cause);
	}
}

static void
on_interim(struct h2_client_stream *s, const struct response *r)
{
	exchange_on_interim(stream_of(s)->base.ex, r);
}

/* Nobody will ask for the request again. */
static void
stop_keeping(struct upstream_h2 *u)
{
	buf_consume(&u->pending, u->n_taken);
	u->n_taken = 0;
	u->keeps = false;
}

static void
on_head(struct h2_client_stream *s, const struct response *r)
{
	struct upstream_h2 *u = stream_of(s);

	u->is_responded = true;
	stop_keeping(u);
	exchange_on_head(u->base.ex, r);
}

static void
on_body(struct h2_client_stream *s, struct slice piece)
{
	struct upstream_h2 *u = stream_of(s);

	exchange_on_body(u->base.ex, piece);
	if (u->base.ex == NULL)
		return;
	if (u->is_paused)
		u->n_unconsumed += piece.n;
	else
		h2_client_consumed(u->conn->session, s, piece.n);
}

static void
on_end(struct h2_client_stream *s, const struct headers *trailers)
{
	exchange_on_response_end(stream_of(s)->base.ex, trailers);
}

static void
on_lost(struct h2_client_stream *s, enum h2_client_loss why, const char *cause)
{
	struct upstream_h2 *u = stream_of(s);

	switch (why) {
	case H2_CLIENT_UNPROCESSED:
		u->conn->has_refused = true;
		lose(u, LOST_UNPROCESSED, cause);
		break;
	case H2_CLIENT_RESET:
		lose(u, u->is_responded ? LOST_CUT_BODY : LOST_CUT_HEAD, cause);
		break;
	case H2_CLIENT_GARBAGE:
		lose(u, LOST_GARBAGE, cause);
		break;
	}
}

static size_t
on_wanted(struct h2_client_stream *s, char *out, size_t max,
    enum h2_client_more *more)
{
	struct upstream_h2 *u = stream_of(s);
	struct slice rest = slice_from(buf_slice(&u->pending), u->n_taken);
	size_t n = rest.n < max ? rest.n : max;

	*more = H2_CLIENT_BROKEN;
	if (u->is_overfull)
		return 0;
	memcpy(out, rest.p, n);
	u->n_taken += n;
	if (!u->keeps || u->n_taken > KEPT_MAX)
		stop_keeping(u);
	if (n < rest.n)
		*more = H2_CLIENT_MORE;
	else
		*more = u->has_ended ? H2_CLIENT_END : H2_CLIENT_LATER;
	return n;
}

static const struct headers *
trailers(struct h2_client_stream *s)
{
	return stream_of(s)->trailers;
}

static void
on_write(void *ctx, struct slice bytes)
{
	struct upstream_h2_conn *c = ctx;

	upstream_socket_write(&c->socket, bytes);
}

static bool
is_socket_full(void *ctx)
{
	struct upstream_h2_conn *c = ctx;

	return upstream_socket_is_full(&c->socket);
}

static const struct h2_client_ops session_ops = {
    .on_interim = on_interim,
    .on_head = on_head,
    .on_body = on_body,
    .on_end = on_end,
    .on_lost = on_lost,
    .on_wanted = on_wanted,
    .trailers = trailers,
    .on_write = on_write,
    .is_full = is_socket_full,
};

/* --- after every event ---------------------------------------------------- */

static struct upstream_h2 *
who_has_room(const struct upstream_h2_conn *c)
{
	LIST_FOREACH(it, &c->streams) {
		struct upstream_h2 *u =
		    container_of(it, struct upstream_h2, link);

		if (u->was_full && !upstream_is_full(&u->base))
			return u;
	}
	return NULL;
}

static void
tell_room(struct upstream_h2_conn *c)
{
	struct upstream_h2 *u;

	while ((u = who_has_room(c)) != NULL) {
		u->was_full = false;
		exchange_on_upstream_room(u->base.ex);
	}
}

/* Without streams: it waits for the next one, or is of no use. */
static void
rest(struct upstream_h2_conn *c)
{
	if (c->is_private || c->opened_at == 0 ||
	    h2_client_is_leaving(c->session) ||
	    (!c->is_idle && c->w->n_idle >= c->w->max_idle))
		close_conn(c);
	else
		set_idle(c, true);
}

/* What was made to be sent goes out, who waited hears of it. */
static void
settle(struct upstream_h2_conn *c)
{
	if (c->is_busy || c->is_closed)
		return;
	if (c->opened_at != 0) {
		c->is_busy = true;
		h2_client_send(c->session);
		c->is_busy = false;
		tell_room(c);
	}
	if (!c->is_closed && h2_client_is_over(c->session))
		lose_all(c, LOST_GARBAGE, NULL);
	if (!c->is_closed && c->n_streams == 0)
		rest(c);
}

/* --- what the socket tells ------------------------------------------------ */

static struct upstream_h2 *
who_waits(const struct upstream_h2_conn *c)
{
	LIST_FOREACH(it, &c->streams) {
		struct upstream_h2 *u =
		    container_of(it, struct upstream_h2, link);

		if (!u->base.is_connected)
			return u;
	}
	return NULL;
}

static void
on_open(struct upstream_socket *socket)
{
	struct upstream_h2_conn *c =
	    container_of(socket, struct upstream_h2_conn, socket);
	struct upstream_h2 *u;

	c->opened_at = ev_now(c->w->loop);
	while ((u = who_waits(c)) != NULL) {
		u->base.is_connected = true;
		exchange_on_connected(u->base.ex);
	}
	settle(c);
}

static void
on_bytes(struct upstream_socket *socket, struct slice bytes)
{
	struct upstream_h2_conn *c =
	    container_of(socket, struct upstream_h2_conn, socket);
	enum err e;

	c->is_busy = true;
	e = h2_client_receive(c->session, bytes);
	c->is_busy = false;
	settle(c); /* when it failed: says why */
	if (e != ERR_OK && !c->is_closed)
		lose_all(c, LOST_GARBAGE, NULL);
}

static void
on_room(struct upstream_socket *socket)
{
	settle(container_of(socket, struct upstream_h2_conn, socket));
}

static void
on_socket_end(struct upstream_socket *socket, enum err why)
{
	struct upstream_h2_conn *c =
	    container_of(socket, struct upstream_h2_conn, socket);

	if (c->opened_at != 0)
		lose_all(c, LOST_SILENT, NULL);
	else
		lose_all(c, why == ERR_DENIED ? LOST_REFUSED : LOST_UNREACHABLE,
		    NULL);
}

static const struct upstream_socket_ops socket_ops = {
    .on_open = on_open,
    .on_bytes = on_bytes,
    .on_room = on_room,
    .on_end = on_socket_end,
};

/* --- for the exchange ----------------------------------------------------- */

static void
send_head(struct upstream *base, const struct request *r,
    const struct headers *headers)
{
	struct upstream_h2 *u = h2_of(base);
	enum err e =
	    h2_client_request(u->conn->session, r, headers, &u->stream);

	assert(e == ERR_OK); /* it had room, and the head is within limits */
	settle(u->conn);
}

static bool
is_full(const struct upstream *base)
{
	const struct upstream_h2 *u = h2_of(base);

	return u->pending.len - u->n_taken > STREAM_HIGH_WATER;
}

static void
send_body(struct upstream *base, struct slice piece)
{
	struct upstream_h2 *u = h2_of(base);

	if (buf_add(&u->pending, piece) != ERR_OK)
		u->is_overfull = true; /* the front did not stop */
	u->was_full = is_full(base);
	h2_client_resume(u->conn->session, &u->stream);
	settle(u->conn);
}

static void
send_end(struct upstream *base, const struct headers *trailers_or_null)
{
	struct upstream_h2 *u = h2_of(base);

	u->has_ended = true;
	u->trailers = trailers_or_null;
	h2_client_resume(u->conn->session, &u->stream);
	settle(u->conn);
}

static void
pause_it(struct upstream *base, bool paused)
{
	struct upstream_h2 *u = h2_of(base);

	u->is_paused = paused;
	if (paused || u->n_unconsumed == 0)
		return;
	h2_client_consumed(u->conn->session, &u->stream, u->n_unconsumed);
	u->n_unconsumed = 0;
	settle(u->conn);
}

static bool
take_back(struct upstream *base, struct buf *out)
{
	struct upstream_h2 *u = h2_of(base);

	return u->keeps && buf_add(out, buf_slice(&u->pending)) == ERR_OK;
}

static void
let_go(struct upstream *base, bool reusable)
{
	struct upstream_h2 *u = h2_of(base);
	struct upstream_h2_conn *c = u->conn;

	(void)reusable; /* other streams know nothing of this one */
	base->ex = NULL;
	h2_client_reset(c->session, &u->stream);
	list_remove(&u->link);
	c->n_streams--;
	upstream_end(base->w, &u->ended, free_stream);
	settle(c);
}

static const struct upstream_ops upstream_ops = {
    .send_head = send_head,
    .send_body = send_body,
    .send_end = send_end,
    .is_full = is_full,
    .pause = pause_it,
    .take_back = take_back,
    .let_go = let_go,
};

/* --- opening -------------------------------------------------------------- */

static void
on_idle_too_long(struct deadline *d)
{
	close_conn(container_of(d, struct upstream_h2_conn, deadline));
}

static bool
will_do(const struct upstream_h2_conn *c, enum upstream_choice which)
{
	if (!h2_client_has_room(c->session, c->n_streams))
		return false;
	if (c->opened_at == 0)
		return true; /* nothing is newer */
	switch (which) {
	case UPSTREAM_ANY:
		return true;
	case UPSTREAM_SURE:
		return c->n_streams > 0 || upstream_socket_is_quiet(&c->socket);
	case UPSTREAM_FRESH:
		return !c->has_refused &&
		       ev_now(c->w->loop) - c->opened_at <= YOUNG_SECONDS;
	}
	return false;
}

static struct upstream_h2_conn *
find_conn(const struct backend *b, enum upstream_choice which)
{
	LIST_FOREACH(it, &b->shared) {
		struct upstream_h2_conn *c =
		    container_of(it, struct upstream_h2_conn, link);

		if (will_do(c, which))
			return c;
	}
	return NULL;
}

static enum err
connect_new(struct worker *w, struct backend *b, struct slice first,
    struct upstream_h2_conn **out)
{
	struct upstream_h2_conn *c = xcalloc(1, sizeof(*c));
	enum err e;

	e = upstream_socket_connect(&c->socket, w, b, first, &socket_ops);
	if (e != ERR_OK) {
		free(c);
		return e;
	}
	c->w = w;
	c->backend = b;
	c->session = h2_client_new(&session_ops, c);
	c->is_private = b->proxy != BACKEND_PROXY_OFF;
	list_init(&c->link);
	list_init(&c->streams);
	deadline_init(&c->deadline, w->loop, on_idle_too_long);
	if (!c->is_private)
		list_push(&b->shared, &c->link);
	*out = c;
	return ERR_OK;
}

enum err
upstream_h2_open(struct worker *w, struct backend *b, struct exchange *ex,
    const struct upstream_wish *wish, struct upstream **out)
{
	struct upstream_h2_conn *c = find_conn(b, wish->which);
	struct upstream_h2 *u;
	enum err e = ERR_OK;

	if (c == NULL)
		e = connect_new(w, b, wish->first, &c);
	if (e != ERR_OK)
		return e;
	set_idle(c, false);
	u = xcalloc(1, sizeof(*u));
	u->base = (struct upstream){.ops = &upstream_ops,
	    .w = w,
	    .backend = b,
	    .ex = ex,
	    .is_connected = c->opened_at != 0,
	    .was_used = c->opened_at != 0};
	u->conn = c;
	u->keeps = true;
	buf_init(&u->pending, PENDING_MAX);
	list_append(&c->streams, &u->link);
	c->n_streams++;
	*out = &u->base;
	return ERR_OK;
}

void
upstream_h2_close_idle(struct backend *b)
{
	struct list *first;

	while ((first = list_first(&b->shared)) != NULL)
		close_conn(container_of(first, struct upstream_h2_conn, link));
}
