/*
 * The request's half of an HTTP/2 front: what the session tells, as exchanges.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "router/edge/conn.h"
#include "router/edge/front_h2.h"
#include "router/edge/random.h"

#define STREAMS_KEPT 64                /* warm, of the worker */
#define OUT_KEPT     (16 * 1024)       /* storage of a warm one */
#define OUT_MAX      (4 * 1024 * 1024) /* far beyond what is full: a bug */
#define EARLY_MAX    H2_WINDOW_STREAM
#define KEY_BYTES    16 /* of Sec-WebSocket-Key */
#define KEY_SIZE     24 /* of them in base64 */

/* --- life ----------------------------------------------------------------- */

static struct h2_stream *
take_free(struct worker *w)
{
	struct list *first = list_first(&w->free_h2_streams);
	struct h2_stream *s;

	if (first == NULL) {
		s = xcalloc(1, sizeof(*s));
		buf_init(&s->out, OUT_MAX);
		return s;
	}
	list_remove(first);
	w->n_free_h2_streams--;
	return container_of(first, struct h2_stream, link);
}

struct h2_stream *
h2_stream_new(struct front_h2 *f, int32_t id)
{
	struct conn *c = f->c;
	struct h2_stream *s = take_free(c->w);
	struct buf out = s->out;

	*s = (struct h2_stream){.f = f, .id = id, .out = out};
	buf_init(&s->early, EARLY_MAX);
	list_init(&s->moved);
	list_append(&f->streams, &s->link);
	f->n_streams++;
	s->ex = exchange_new(c->w, &front_h2_ops, s, &c->client);
	return s;
}

void
h2_stream_free(struct h2_stream *s)
{
	struct worker *w = s->f->c->w;

	exchange_free(s->ex);
	buf_clear(&s->early);
	list_remove(&s->link);
	list_remove(&s->moved);
	s->f->n_waiting -= s->out.len;
	buf_reset(&s->out);
	if (s->out.cap > OUT_KEPT)
		buf_clear(&s->out);
	if (w->n_free_h2_streams >= STREAMS_KEPT) {
		buf_clear(&s->out);
		free(s);
		return;
	}
	list_push(&w->free_h2_streams, &s->link);
	w->n_free_h2_streams++;
}

void
h2_streams_clear(struct worker *w)
{
	struct list *first;

	while ((first = list_first(&w->free_h2_streams)) != NULL) {
		struct h2_stream *s =
		    container_of(first, struct h2_stream, link);

		list_remove(first);
		buf_clear(&s->out);
		free(s);
	}
	w->n_free_h2_streams = 0;
}

static struct request *
request_of(struct h2_stream *s)
{
	return &s->ex->request;
}

void
h2_stream_abandon(struct h2_stream *s)
{
	int status;

	if (exchange_is_done(s->ex))
		return;
	if (!s->has_begun) { /* for the router line: what was understood */
		(void)h2_head_request(
		    &s->head, &s->ex->arena, request_of(s), &status);
		request_of(s)->version = HTTP_2;
	}
	if (s->has_head)
		exchange_client_gone(s->ex);
	else
		exchange_refuse(s->ex, 400, "malformed request");
}

/* --- its head ------------------------------------------------------------- */

static void *
on_stream(void *ctx, int32_t id)
{
	struct front_h2 *f = ctx;

	f->n_heads++;
	return h2_stream_new(f, id);
}

static bool
on_field(void *stream, struct slice name, struct slice value)
{
	struct h2_stream *s = stream;

	if (s->has_head && !s->has_begun) /* these are trailers */
		h2_stream_begin(s);
	return h2_head_add(&s->head, &s->ex->arena, name, value);
}

/* What HTTP/1.1 wants for a WebSocket and HTTP/2 has no use for (RFC 8441, 5):
 * a key, whose answer nobody asks for. */
static bool
add_websocket_key(struct h2_stream *s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
				     "nopqrstuvwxyz0123456789+/";
	struct headers *old = &request_of(s)->headers;
	struct headers fields = headers_new(&s->ex->arena, old->n + 1);
	uint8_t bytes[KEY_BYTES + 2] = {0};
	char key[KEY_SIZE];
	struct slice text;

	random_bytes(&s->f->c->w->random, bytes, KEY_BYTES);
	for (size_t i = 0; i < KEY_SIZE; i++) {
		size_t bit = i * 6;
		unsigned pair = (unsigned)bytes[bit / 8] << 8;

		pair |= bit / 8 + 1 < sizeof(bytes) ? bytes[bit / 8 + 1] : 0U;
		key[i] = digits[pair >> (10 - bit % 8) & 63];
	}
	key[KEY_SIZE - 2] = key[KEY_SIZE - 1] = '=';
	text = arena_copy(&s->ex->arena, slice_of(key, sizeof(key)));
	if (fields.items == NULL || text.p == NULL)
		return false;
	for (size_t i = 0; i < old->n; i++)
		headers_add(&fields, old->items[i].name, old->items[i].value);
	headers_add(&fields, SLICE("sec-websocket-key"), text);
	*old = fields;
	return true;
}

void
h2_stream_begin(struct h2_stream *s)
{
	struct request *r = request_of(s);
	int status;
	const char *cause =
	    h2_head_request(&s->head, &s->ex->arena, r, &status);

	list_remove(&s->moved);
	s->has_begun = true;
	r->version = HTTP_2;
	r->has_body = !s->ends_at_head && r->upgrade.n == 0;
	if (cause == NULL && slice_eq(r->upgrade, SLICE("websocket")) &&
	    !add_websocket_key(s)) {
		cause = "head too large";
		status = 431;
	}
	s->head = (struct h2_head){0}; /* for trailers */
	if (cause == NULL)
		exchange_begin(s->ex);
	else
		exchange_refuse(s->ex, status, cause);
}

static void
on_head(void *stream, bool ends)
{
	struct h2_stream *s = stream;

	s->f->n_heads--;
	s->has_head = true;
	s->has_ended = s->ends_at_head = ends;
	list_append(&s->f->fresh, &s->moved);
}

/* --- its body ------------------------------------------------------------- */

static bool
waits_for_tunnel(const struct h2_stream *s)
{
	return s->ex->request.upgrade.n > 0 && !s->is_tunnel &&
	       !exchange_is_done(s->ex);
}

void
h2_stream_release(struct h2_stream *s)
{
	if (s->unconsumed == 0 || s->id == 0 || waits_for_tunnel(s) ||
	    exchange_is_full(s->ex))
		return;
	h2_session_consumed(s->f->session, s->id, s->unconsumed);
	s->unconsumed = 0;
	if (!s->is_wide && s->received >= H2_WINDOW_STREAM / 2 &&
	    !exchange_is_done(s->ex)) {
		s->is_wide = true;
		h2_session_widen(s->f->session, s->id);
	}
}

static void
on_data(void *stream, struct slice piece)
{
	struct h2_stream *s = stream;

	if (!s->has_begun)
		h2_stream_begin(s);
	s->unconsumed += piece.n;
	s->received += piece.n;
	if (waits_for_tunnel(s))
		(void)buf_add(&s->early, piece); /* as the window is */
	else
		exchange_body(s->ex, piece);
	h2_stream_release(s);
}

static void
on_end(void *stream)
{
	struct h2_stream *s = stream;
	const struct headers *trailers = NULL;

	if (!s->has_begun)
		h2_stream_begin(s);
	s->has_ended = true;
	if (s->head.is_too_large) {
		exchange_refuse(s->ex, 431, "trailers too large");
		return;
	}
	if (s->head.fields.n > 0) {
		s->trailers = h2_head_trailers(&s->head);
		trailers = &s->trailers;
	}
	if (!waits_for_tunnel(s))
		exchange_body_end(s->ex, trailers);
}

void
h2_stream_open_tunnel(struct h2_stream *s)
{
	s->is_tunnel = true;
	if (s->early.len > 0 && !exchange_is_done(s->ex))
		exchange_body(s->ex, buf_slice(&s->early));
	buf_clear(&s->early);
	if (s->has_ended && !exchange_is_done(s->ex))
		exchange_body_end(s->ex, NULL);
	h2_stream_release(s);
}

/* --- its end -------------------------------------------------------------- */

/* An early answer is complete: the rest of the request is not wanted. */
static void
on_sent(void *stream)
{
	struct h2_stream *s = stream;

	if (!s->has_ended && exchange_is_done(s->ex))
		h2_session_reset(s->f->session, s->id, H2_REASON_NONE);
}

static void
on_closed(void *stream, bool is_whole)
{
	struct h2_stream *s = stream;
	struct front_h2 *f = s->f;

	(void)is_whole;
	s->id = 0;
	if (s->unconsumed > 0)
		h2_session_consumed(f->session, 0, s->unconsumed);
	s->unconsumed = 0;
	f->n_heads -= !s->has_head;
	f->n_complete -= s->is_complete;
	f->n_streams--;
	list_remove(&s->moved);
	list_remove(&s->link);
	list_append(&f->over, &s->link);
	h2_stream_abandon(s);
	conn_wake(f->c);
}

/* --- the client's side of writing ----------------------------------------- */

static void
on_write(void *ctx, struct slice bytes)
{
	struct front_h2 *f = ctx;

	conn_write(f->c, bytes);
}

static bool
is_full(void *ctx)
{
	struct front_h2 *f = ctx;

	return conn_is_full(f->c);
}

const struct h2_ops front_h2_session_ops = {
    .on_stream = on_stream,
    .on_field = on_field,
    .on_head = on_head,
    .on_data = on_data,
    .on_end = on_end,
    .on_sent = on_sent,
    .on_closed = on_closed,
    .on_wanted = h2_stream_wanted,
    .on_taken = h2_stream_taken,
    .on_write = on_write,
    .is_full = is_full,
};
