/*
 * The response's half of an HTTP/2 front: what exchanges tell, as frames, and
 * bodies on their way to the client.
 */
#include "base/mem.h"
#include "router/edge/conn.h"
#include "router/edge/front_h2.h"

/* A stream is full when this much of its response waits for the client, or
 * anything at all while all of the connection's responses are beyond theirs. */
#define STREAM_FULL (64 * 1024)
#define FRONT_FULL  (512 * 1024)

/* A piece that is worth records of its own is not copied first. */
#define LARGE_PIECE      (8 * 1024)

#define PATIENCE_SECONDS 55. /* when no app says */

static ev_tstamp
now(const struct h2_stream *s)
{
	return ev_now(s->f->c->w->loop);
}

/* The loop will call step, which writes. */
static void
wake(struct h2_stream *s)
{
	if (s->is_waited) {
		s->is_waited = false;
		h2_session_resume(s->f->session, s->id);
	}
	conn_wake(s->f->c);
}

/* Its exchange hears of it when the session does not run. */
static void
tell_later(struct h2_stream *s)
{
	if (list_empty(&s->moved))
		list_append(&s->f->moved, &s->moved);
}

/* --- what becomes of it --------------------------------------------------- */

static void
complete(struct h2_stream *s)
{
	const struct app *app = s->ex->app;

	s->is_complete = true;
	s->moved_at = now(s);
	s->f->n_complete++;
	s->f->patience_s = app == NULL ? PATIENCE_SECONDS : app->set.idle_s;
}

/* It will not be sent to its end, and the client shall see that. */
static void
reset(struct h2_stream *s, enum h2_reason why)
{
	if (s->id == 0)
		return;
	s->f->n_waiting -= s->out.len;
	buf_reset(&s->out);
	s->loan = SLICE("");
	if (!s->is_complete)
		complete(s);
	h2_session_reset(s->f->session, s->id, why);
	conn_wake(s->f->c);
}

void
h2_stream_give_up(struct h2_stream *s)
{
	reset(s, H2_REASON_CANCEL);
}

/* --- heads ---------------------------------------------------------------- */

static void
on_interim(void *front, const struct response *r)
{
	struct h2_stream *s = front;

	if (s->id == 0)
		return;
	if (h2_session_interim(s->f->session, s->id, r) != ERR_OK)
		reset(s, H2_REASON_INTERNAL);
	conn_wake(s->f->c);
}

static bool
has_body(const struct h2_stream *s, const struct response *r)
{
	return r->has_body && r->status != 204 && r->status != 304 &&
	       !slice_eq(s->ex->request.method, SLICE("HEAD"));
}

/* Switched, as HTTP/2 says it (RFC 8441, 5): a success, and nothing of the
 * handshake that HTTP/1.1 has. */
static struct response
success(struct h2_stream *s, const struct response *r)
{
	struct response out = {.status = 200,
	    .headers = headers_new(&s->ex->arena, r->headers.n),
	    .content_length = -1,
	    .has_body = true};

	for (size_t i = 0; out.headers.items != NULL && i < r->headers.n; i++) {
		const struct header *h = &r->headers.items[i];

		if (!slice_eq_nocase(h->name, SLICE("sec-websocket-accept")) &&
		    !header_is_hop_by_hop(&r->headers, h->name))
			headers_add(&out.headers, h->name, h->value);
	}
	return out;
}

static void
on_head(void *front, const struct response *r)
{
	struct h2_stream *s = front;
	struct response head = *r;

	if (s->id == 0)
		return;
	if (r->status == 101) {
		s->opens = true;
		head = success(s, r);
		tell_later(s);
	}
	if (h2_session_respond(
		s->f->session, s->id, &head, has_body(s, &head)) != ERR_OK)
		reset(s, H2_REASON_INTERNAL);
	conn_wake(s->f->c);
}

/* --- bodies --------------------------------------------------------------- */

static void
keep(struct h2_stream *s, struct slice piece)
{
	if (buf_add(&s->out, piece) == ERR_OK)
		s->f->n_waiting += piece.n;
	else
		reset(s, H2_REASON_INTERNAL); /* the exchange did not stop */
}

static void
on_body(void *front, struct slice piece)
{
	struct h2_stream *s = front;

	if (s->id == 0 || s->is_complete)
		return;
	if (piece.n >= LARGE_PIECE && s->out.len == 0 && !s->f->is_locked) {
		s->loan = piece;
		wake(s);
		front_h2_send(s->f);
		piece = s->loan;
		s->loan = SLICE("");
		if (s->id == 0 || s->is_complete || piece.n == 0)
			return;
	}
	keep(s, piece);
	wake(s);
}

static void
on_end(void *front, const struct headers *trailers)
{
	struct h2_stream *s = front;

	if (s->id == 0 || s->is_complete)
		return;
	complete(s);
	s->last = trailers;
	wake(s);
}

static void
on_cut(void *front)
{
	reset(front, H2_REASON_INTERNAL);
}

static bool
is_full(void *front)
{
	struct h2_stream *s = front;
	bool full = s->out.len > STREAM_FULL ||
		    (s->out.len > 0 && s->f->n_waiting > FRONT_FULL);

	s->was_full |= full;
	return full;
}

static void
on_wanted(void *front)
{
	struct h2_stream *s = front;

	h2_stream_release(s);
	conn_wake(s->f->c);
}

const struct front_ops front_h2_ops = {
    .on_interim = on_interim,
    .on_head = on_head,
    .on_body = on_body,
    .on_end = on_end,
    .on_cut = on_cut,
    .is_full = is_full,
    .on_wanted = on_wanted,
};

/* --- what the session takes of them --------------------------------------- */

enum h2_more
h2_stream_wanted(void *stream, size_t max, struct slice *piece)
{
	struct h2_stream *s = stream;
	size_t waiting = s->out.len + s->loan.n;

	*piece = s->out.len > 0 ? buf_slice(&s->out) : s->loan;
	if (piece->n > max)
		piece->n = max;
	if (piece->n < waiting)
		return H2_MORE;
	if (!s->is_complete) {
		s->is_waited = piece->n == 0;
		return s->is_waited ? H2_LATER : H2_MORE;
	}
	if (s->last == NULL || s->last->n == 0)
		return H2_END;
	if (h2_session_trailers(s->f->session, s->id, s->last) != ERR_OK)
		reset(s, H2_REASON_INTERNAL);
	return H2_TRAILERS;
}

void
h2_stream_taken(void *stream, size_t n)
{
	struct h2_stream *s = stream;

	s->moved_at = s->f->moved_at = now(s);
	if (s->out.len > 0) {
		buf_consume(&s->out, n);
		s->f->n_waiting -= n;
	} else {
		s->loan = slice_from(s->loan, n);
	}
	if (s->was_full)
		tell_later(s);
}
