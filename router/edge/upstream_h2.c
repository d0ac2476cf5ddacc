#include "router/edge/upstream_h2.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "router/edge/upstream_h2_conn.h"
#include "router/edge/worker.h"

#define PENDING_MAX STREAM_OUT_MAX
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

/* --- streams -------------------------------------------------------------- */

static void
free_stream(struct upstream_ended *ended)
{
	struct upstream_h2 *u = container_of(ended, struct upstream_h2, ended);

	buf_clear(&u->pending);
	free(u);
}

void
upstream_h2_lose(
    struct upstream_h2 *u, enum upstream_loss why, const char *cause)
{
	u->base.cause = cause;
	exchange_on_lost(u->base.ex, why);
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
		/* whatever it says, it has begun with what it answers */
		upstream_h2_lose(u,
		    u->is_responded ? LOST_CUT_BODY : LOST_UNPROCESSED, cause);
		break;
	case H2_CLIENT_RESET:
		upstream_h2_lose(
		    u, u->is_responded ? LOST_CUT_BODY : LOST_CUT_HEAD, cause);
		break;
	case H2_CLIENT_GARBAGE:
		upstream_h2_lose(u, LOST_GARBAGE, cause);
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

const struct h2_client_ops upstream_h2_session_ops = {
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

/* --- for the exchange ----------------------------------------------------- */

static void
send_head(struct upstream *base, const struct request *r,
    const struct headers *headers)
{
	struct upstream_h2 *u = h2_of(base);
	enum err e =
	    h2_client_request(u->conn->session, r, headers, &u->stream);

	assert(e == ERR_OK); /* it had room, and the head is within limits */
	upstream_h2_conn_wake(u->conn);
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
	upstream_h2_conn_wake(u->conn);
}

static void
send_end(struct upstream *base, const struct headers *trailers_or_null)
{
	struct upstream_h2 *u = h2_of(base);

	u->has_ended = true;
	u->trailers = trailers_or_null;
	h2_client_resume(u->conn->session, &u->stream);
	upstream_h2_conn_wake(u->conn);
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
	upstream_h2_conn_wake(u->conn);
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
	upstream_h2_conn_remove(c, u);
	upstream_end(base->w, &u->ended, free_stream);
	upstream_h2_conn_wake(c);
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

enum err
upstream_h2_open(struct worker *w, struct backend *b, struct exchange *ex,
    const struct upstream_wish *wish, struct upstream **out)
{
	struct upstream_h2_conn *c = upstream_h2_conn_find(b, wish->which);
	struct upstream_h2 *u;
	enum err e = ERR_OK;

	if (c == NULL)
		e = upstream_h2_conn_new(w, b, wish->first, &c);
	if (e != ERR_OK)
		return e;
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
	upstream_h2_conn_add(c, u);
	*out = &u->base;
	return ERR_OK;
}
