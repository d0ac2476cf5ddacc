#include "router/edge/upstream.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "router/edge/h1_write.h"
#include "router/edge/worker.h"

#define IDLE_SECONDS 60.
#define SURE_SECONDS 1.
#define IDLE_MAX     128 /* connections of one backend and worker */

static void
count_idle(struct upstream *u, int change)
{
	u->backend->n_idle += (unsigned)change;
	u->w->n_idle += (size_t)change;
}

static void
close_it(struct upstream *u)
{
	if (u->state == UPSTREAM_CLOSED)
		return;
	if (u->state == UPSTREAM_IDLE)
		count_idle(u, -1);
	u->state = UPSTREAM_CLOSED;
	u->ex = NULL;
	deadline_clear(&u->deadline);
	stream_close(&u->stream);
	list_remove(&u->link);
	list_append(&u->w->closed_upstreams, &u->link);
}

void
upstreams_reap(struct worker *w)
{
	struct list *first;

	while ((first = list_first(&w->closed_upstreams)) != NULL) {
		struct upstream *u = container_of(first, struct upstream, link);

		list_remove(first);
		readers_give(&w->readers, HTTP1_RESPONSE, u->reader);
		buf_clear(&u->in);
		free(u);
	}
}

/* --- reading the response ------------------------------------------------- */

static void
lose(struct upstream *u, enum upstream_loss why)
{
	struct exchange *ex = u->ex;

	stream_pause(&u->stream, true);
	exchange_on_lost(ex, why);
}

/* Everything has come: the exchange hears it and lets go. */
static void
complete(struct upstream *u, bool nothing_behind)
{
	u->state = UPSTREAM_COMPLETE;
	if (!nothing_behind)
		u->keeps_alive = false;
	exchange_on_response_end(u->ex, NULL);
}

static bool
is_interim(const struct http1_head *head)
{
	/* nothing was upgraded, so 101 is no answer to what was asked */
	return head->status >= 100 && head->status < 200 && head->status != 101;
}

/* The head, when it is whole.  False: no more can be done with *in now. */
static bool
read_head(struct upstream *u, struct slice *in)
{
	struct http1_head head;
	size_t used;
	enum err e;

	http1_expect_head_response(u->reader, u->is_head_request);
	e = http1_head(u->reader, *in, &head, &used);
	if (e == ERR_AGAIN)
		return false;
	if (e != ERR_OK || head.status == 101) {
		lose(u, LOST_GARBAGE);
		return false;
	}
	if (is_interim(&head)) {
		exchange_on_interim(u->ex, &head, (struct slice){in->p, used});
		http1_next(u->reader);
		*in = slice_from(*in, used);
		return u->ex != NULL && in->n > 0;
	}
	u->keeps_alive = head.keep_alive && !head.until_close;
	u->state = UPSTREAM_BODY;
	exchange_on_head(u->ex, &head, (struct slice){in->p, used});
	*in = slice_from(*in, used);
	if (u->ex != NULL && !head.has_body) {
		complete(u, in->n == 0);
		return false;
	}
	return u->ex != NULL;
}

static bool
read_body(struct upstream *u, struct slice *in)
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
		exchange_on_body(u->ex, piece);
	if (u->ex != NULL && end) {
		complete(u, in->n == 0);
		return false;
	}
	return u->ex != NULL && used > 0;
}

static void
on_bytes(struct stream *stream, struct slice bytes)
{
	struct upstream *u = container_of(stream, struct upstream, stream);
	struct slice in = bytes;
	bool is_kept = u->in.len > 0;

	if (u->ex == NULL || u->state == UPSTREAM_COMPLETE) {
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
	while (u->state == UPSTREAM_HEAD && read_head(u, &in))
		;
	if (u->ex != NULL && u->state == UPSTREAM_HEAD) {
		/* part of a head: kept until the rest is there */
		if (is_kept)
			buf_consume(&u->in, u->in.len - in.n);
		else if (buf_add(&u->in, in) != ERR_OK)
			lose(u, LOST_GARBAGE);
		return;
	}
	while (u->ex != NULL && u->state == UPSTREAM_BODY && read_body(u, &in))
		;
	if (is_kept)
		buf_clear(&u->in);
}

static void
on_room(struct stream *stream)
{
	struct upstream *u = container_of(stream, struct upstream, stream);

	if (u->ex == NULL)
		return;
	if (u->state == UPSTREAM_CONNECTING) {
		u->state = UPSTREAM_HEAD;
		exchange_on_connected(u->ex);
	} else {
		exchange_on_upstream_room(u->ex);
	}
}

static void
on_end(struct stream *stream, enum err why)
{
	struct upstream *u = container_of(stream, struct upstream, stream);

	if (u->ex == NULL) {
		close_it(u);
		return;
	}
	switch (u->state) {
	case UPSTREAM_CONNECTING:
		lose(u, why == ERR_DENIED ? LOST_REFUSED : LOST_UNREACHABLE);
		break;
	case UPSTREAM_HEAD:
		lose(u, u->in.len == 0 ? LOST_SILENT : LOST_CUT_HEAD);
		break;
	case UPSTREAM_BODY:
		u->keeps_alive = false;
		if (why == ERR_CLOSED && http1_eof(u->reader) == ERR_OK)
			complete(u, true);
		else
			lose(u, LOST_CUT_BODY);
		break;
	case UPSTREAM_COMPLETE:
	case UPSTREAM_IDLE:
	case UPSTREAM_CLOSED:
		break;
	}
}

static const struct stream_ops stream_ops = {
    .on_bytes = on_bytes,
    .on_room = on_room,
    .on_end = on_end,
};

/* --- sending the request -------------------------------------------------- */

void
upstream_send_head(
    struct upstream *u, const struct request *r, const struct headers *headers)
{
	struct buf *b = &u->w->scratch;
	enum h1_framing framing = H1_NO_BODY;
	enum err e;

	if (r->has_body)
		framing = r->content_length >= 0 ? H1_LENGTH : H1_CHUNKED;
	u->is_chunked = framing == H1_CHUNKED;
	u->is_head_request = slice_eq(r->method, SLICE("HEAD"));
	buf_reset(b);
	e = h1_write_request(b, r, headers, framing);
	assert(e == ERR_OK); /* the head that came in was smaller */
	stream_write(&u->stream, buf_slice(b));
}

void
upstream_send_body(struct upstream *u, struct slice piece)
{
	char head[H1_CHUNK_HEAD_SIZE];

	if (piece.n == 0)
		return;
	if (u->is_chunked)
		stream_write(&u->stream, h1_chunk_head(piece.n, head));
	stream_write(&u->stream, piece);
	if (u->is_chunked)
		stream_write(&u->stream, SLICE("\r\n"));
}

void
upstream_send_end(struct upstream *u, const struct headers *trailers)
{
	struct buf *b = &u->w->scratch;

	if (!u->is_chunked)
		return;
	buf_reset(b);
	if (h1_write_last_chunk(b, trailers) == ERR_OK)
		stream_write(&u->stream, buf_slice(b));
}

bool
upstream_is_full(const struct upstream *u)
{
	return stream_is_full(&u->stream);
}

void
upstream_pause(struct upstream *u, bool paused)
{
	stream_pause(&u->stream, paused);
}

/* --- the pool ------------------------------------------------------------- */

static void
on_idle_too_long(struct deadline *d)
{
	close_it(container_of(d, struct upstream, deadline));
}

/* Not about to be closed, as far as can be seen from here. */
static bool
is_sure(const struct upstream *u)
{
	return ev_now(u->w->loop) - u->idle_since <= SURE_SECONDS &&
	       stream_is_quiet(&u->stream);
}

/* The latest used is the least likely to be dead. */
static struct upstream *
take_idle(struct backend *b, enum upstream_choice which)
{
	struct list *first = list_first(&b->idle);
	struct upstream *u;

	if (first == NULL || which == UPSTREAM_FRESH)
		return NULL;
	u = container_of(first, struct upstream, link);
	if (which == UPSTREAM_SURE && !is_sure(u))
		return NULL;
	list_remove(&u->link);
	count_idle(u, -1);
	deadline_none(&u->deadline);
	u->was_used = true;
	u->state = UPSTREAM_HEAD;
	return u;
}

enum err
upstream_open(struct worker *w, struct backend *b, struct exchange *ex,
    enum upstream_choice which, struct upstream **out)
{
	struct upstream *u = take_idle(b, which);
	enum err e;

	if (u == NULL) {
		u = xcalloc(1, sizeof(*u));
		u->w = w;
		u->backend = b;
		list_init(&u->link);
		buf_init(&u->in, HTTP1_HEAD_MAX + STREAM_IO_SIZE);
		deadline_init(&u->deadline, w->loop, on_idle_too_long);
		e = stream_connect(&u->stream, w->io, &b->addr, &stream_ops);
		if (e != ERR_OK) {
			buf_clear(&u->in);
			free(u);
			return e;
		}
	}
	u->ex = ex;
	if (u->reader == NULL)
		u->reader = readers_take(&w->readers, HTTP1_RESPONSE);
	*out = u;
	return ERR_OK;
}

bool
upstream_is_connected(const struct upstream *u)
{
	return u->state != UPSTREAM_CONNECTING;
}

void
upstream_let_go(struct upstream *u, bool reusable)
{
	struct backend *b = u->backend;

	u->ex = NULL;
	if (!reusable || u->state != UPSTREAM_COMPLETE || !u->keeps_alive ||
	    !stream_is_drained(&u->stream) || b->n_idle >= IDLE_MAX ||
	    u->w->n_idle >= u->w->max_idle) {
		close_it(u);
		return;
	}
	u->state = UPSTREAM_IDLE;
	u->idle_since = ev_now(u->w->loop);
	readers_give(&u->w->readers, HTTP1_RESPONSE, u->reader);
	u->reader = NULL;
	buf_clear(&u->in);
	list_push(&b->idle, &u->link);
	count_idle(u, 1);
	stream_pause(&u->stream, false);
	deadline_set(&u->deadline, IDLE_SECONDS, 0);
}

void
upstreams_close_idle(struct backend *b)
{
	struct list *first;

	while ((first = list_first(&b->idle)) != NULL)
		close_it(container_of(first, struct upstream, link));
}
