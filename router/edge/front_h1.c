#include "router/edge/front_h1.h"

#include "base/mem.h"
#include "router/edge/conn.h"
#include "router/edge/trailers.h"

#define IN_MAX        (256 * 1024) /* a head, and what came with its end */
#define DRAIN_MAX     (64 * 1024)  /* of a body that nobody wants */
#define IDLE_SECONDS  75.
#define LAST_SECONDS  1. /* for a first request, while draining */
#define HEAD_SECONDS  10.
#define DRAIN_SECONDS 5.
#define TAIL_SECONDS  120. /* to take the rest of a response */

static struct conn *
conn_of(struct front_h1 *f)
{
	return container_of(f, struct conn, h1);
}

/* --- the request ---------------------------------------------------------- */

/* "http://host/path" as "/path" (RFC 9112, 3.2.2), "http://host?a=/b" as
 * "/?a=/b": the authority ends where base/http1 ends it. */
static struct slice
origin_form(struct arena *a, struct slice target)
{
	size_t at;

	if (target.n == 0 || target.p[0] == '/' || target.p[0] == '*')
		return target;
	at = slice_find(target, ':');
	if (!slice_starts_with(slice_from(target, at), SLICE("://")))
		return target; /* CONNECT's, which is refused */
	target = slice_from(target, at + 3);
	for (at = 0; at < target.n && strchr("/?#", target.p[at]) == NULL; at++)
		;
	target = slice_from(target, at);
	if (target.n > 0 && target.p[0] == '/')
		return target;
	return arena_printf(a, "/%" SLICE_FMT, SLICE_ARG(target));
}

static void
new_exchange(struct front_h1 *f)
{
	struct conn *c = conn_of(f);

	f->ex = exchange_new(c->w, &front_h1_ops, f, &c->client);
	f->ex->request.version = HTTP_11;
	f->ex->request.content_length = -1;
	f->has_served = true;
	f->is_cut = f->closes = f->is_ended = false;
	conn_no_deadline(c);
}

static bool
has_token(struct slice list, struct slice token)
{
	struct slice item;

	while (slice_cut(&list, ',', &item))
		if (slice_eq_nocase(slice_trim(item), token))
			return true;
	return false;
}

/* What it asks to go on with.  Never HTTP/2: its requests would then be seen
 * by the backend alone.  Nor is a body followed by another protocol. */
static struct slice
upgrade_of(const struct http1_head *head)
{
	struct slice wanted = http1_find(head, SLICE("upgrade"));

	if (!head->is_upgrade || head->has_body ||
	    has_token(wanted, SLICE("h2c")) || has_token(wanted, SLICE("h2")))
		return SLICE("");
	return wanted;
}

/* The head as ours, its bytes copied into the arena. */
static bool
take_head(
    struct exchange *ex, const struct http1_head *head, struct slice bytes)
{
	struct slice copy = arena_copy(&ex->arena, bytes);
	struct request *r = &ex->request;

	if (copy.p == NULL)
		return false;
	*r = (struct request){
	    .version = head->minor == 0 ? HTTP_10 : HTTP_11,
	    .method = h1_moved(head->method, bytes, copy),
	    .target =
		origin_form(&ex->arena, h1_moved(head->target, bytes, copy)),
	    .host = h1_moved(head->host, bytes, copy),
	    .headers = h1_headers(&ex->arena, head, bytes, copy),
	    .content_length = head->content_length,
	    .upgrade = h1_moved(upgrade_of(head), bytes, copy),
	    .takes_trailers =
		has_token(http1_find(head, SLICE("te")), SLICE("trailers")),
	    .has_body = head->has_body,
	    .expects_continue = head->expects_continue,
	    .expects_other = !head->expects_continue &&
			     http1_find(head, SLICE("expect")).p != NULL,
	};
	return r->headers.items != NULL && r->target.p != NULL;
}

static void
begin(struct front_h1 *f, const struct http1_head *head, struct slice bytes)
{
	new_exchange(f);
	f->is_http10 = head->minor == 0;
	f->keeps_alive = head->keep_alive;
	f->may_drain = !head->expects_continue && head->content_length >= 0 &&
		       head->content_length <= DRAIN_MAX;
	f->state = head->has_body ? H1_BODY : H1_ASKED;
	if (take_head(f->ex, head, bytes))
		exchange_begin(f->ex);
	else
		exchange_refuse(f->ex, 431, "head too large");
}

/* What came is no request: answered, and the end of the connection. */
static void
refuse(struct front_h1 *f, int status, const char *cause)
{
	f->state = H1_STOPPED;
	if (f->ex == NULL)
		new_exchange(f);
	f->keeps_alive = false;
	exchange_refuse(f->ex, status, cause);
}

/* True: there may be more to do with what is left of *in. */
static bool
read_head(struct front_h1 *f, struct slice *in)
{
	struct http1_head head;
	enum http1_cause why;
	size_t used;
	enum err e;

	/* who does not read answers is not given more of them */
	if (in->n == 0 || conn_is_full(conn_of(f)))
		return false;
	if (f->reader == NULL)
		f->reader =
		    readers_take(&conn_of(f)->w->readers, HTTP1_REQUEST);
	e = http1_head(f->reader, *in, &head, &used);
	if (e == ERR_AGAIN)
		return false;
	if (e != ERR_OK) {
		why = http1_why(f->reader);
		refuse(f, http1_cause_status(why), http1_cause_text(why));
		return false;
	}
	begin(f, &head, (struct slice){in->p, used});
	*in = slice_from(*in, used);
	return true;
}

static void
body_complete(struct front_h1 *f)
{
	const struct http1_field *fields;
	struct header items[HTTP1_TRAILERS_MAX];
	struct headers h;

	if (f->ex != NULL) {
		size_t n = http1_trailers(f->reader, &fields);

		f->state = H1_ASKED;
		h = trailers_sift(fields, n, items);
		exchange_body_end(f->ex, trailers_keep(&f->ex->arena, &h));
	} else { /* its response went out before */
		http1_next(f->reader);
		f->state = H1_HEAD;
	}
}

static bool
read_body(struct front_h1 *f, struct slice *in)
{
	struct slice piece;
	size_t used;
	bool end;

	if (http1_body(f->reader, *in, &piece, &used, &end) != ERR_OK) {
		enum http1_cause why = http1_why(f->reader);

		f->state = H1_STOPPED;
		f->closes = true;
		if (f->ex != NULL)
			exchange_refuse(f->ex, http1_cause_status(why),
			    http1_cause_text(why));
		else
			conn_wake(conn_of(f));
		return false;
	}
	*in = slice_from(*in, used);
	if (f->ex != NULL && piece.n > 0)
		exchange_body(f->ex, piece);
	if (end)
		body_complete(f);
	return end || used > 0;
}

/* All of it goes on when there is room, and waits here else. */
static void
relay(struct front_h1 *f, struct slice *in)
{
	if (in->n == 0 || exchange_is_done(f->ex) || exchange_is_full(f->ex))
		return;
	exchange_body(f->ex, *in);
	*in = slice_from(*in, in->n);
}

static bool
read_on(struct front_h1 *f, struct slice *in)
{
	switch (f->state) {
	case H1_HEAD:
		return read_head(f, in);
	case H1_BODY:
		return read_body(f, in);
	case H1_TUNNEL:
		relay(f, in);
		return false;
	case H1_STOPPED:
		*in = slice_from(*in, in->n);
		return false;
	case H1_ASKED:
		break;
	}
	return false;
}

/* Uses as much of the bytes as can be used now; how many is returned. */
static size_t
use(struct front_h1 *f, struct slice bytes)
{
	struct slice in = bytes;

	while (read_on(f, &in))
		;
	return bytes.n - in.n;
}

static void
use_kept(struct front_h1 *f)
{
	if (f->in.len == 0)
		return;
	buf_consume(&f->in, use(f, buf_slice(&f->in)));
	if (f->in.len == 0)
		buf_clear(&f->in);
}

/* --- between requests ----------------------------------------------------- */

/*
 * Nobody will be there soon.  In an upgrade there is all the time that a client
 * needs to hear of it: closing what it may just be writing to would lose the
 * request, so each connection ends with the answer to its next one.
 */
static bool
is_leaving(const struct conn *c)
{
	return c->w->is_draining && !c->w->is_replaced;
}

/* What is waited for now, and whether the client is read on. */
static void
update(struct front_h1 *f)
{
	struct conn *c = conn_of(f);

	if (c->state != CONN_OPEN)
		return;
	if (f->ex != NULL) {
		conn_pause(c, f->state == H1_ASKED ? f->in.len > 0
						   : exchange_is_full(f->ex));
		return;
	}
	conn_pause(c, f->in.len > 0 && conn_is_full(c));
	if (f->state != H1_HEAD)
		return;
	if (f->in.len == 0) {
		readers_give(&c->w->readers, HTTP1_REQUEST, f->reader);
		f->reader = NULL;
	}
	if (conn_is_waiting(c)) {
		/* not moved by the bytes that go: no trickle holds it */
		if (c->deadline.at == 0 ||
		    c->deadline.reason != CONN_DEADLINE_TAIL)
			conn_deadline(c, TAIL_SECONDS, CONN_DEADLINE_TAIL);
	} else if (f->in.len == 0) {
		conn_deadline(c, is_leaving(c) ? LAST_SECONDS : IDLE_SECONDS,
		    CONN_DEADLINE_IDLE);
	} else if (c->deadline.at == 0 ||
		   c->deadline.reason != CONN_DEADLINE_HEAD) {
		conn_deadline(c, HEAD_SECONDS, CONN_DEADLINE_HEAD);
	}
}

/* The exchange is over: the next request, or the end of the connection. */
static void
finish_exchange(struct front_h1 *f)
{
	struct conn *c = conn_of(f);
	bool is_whole = f->state == H1_ASKED || f->state == H1_TUNNEL;

	exchange_free(f->ex);
	f->ex = NULL;
	if (f->is_cut) {
		conn_abort(c, f->framing == H1_UNTIL_CLOSE);
		return;
	}
	if (f->closes || (is_leaving(c) && is_whole)) {
		f->state = H1_STOPPED;
		/* closing on unread bytes would be a reset, and the reset would
		 * take the answer from the client */
		conn_finish(c, !is_whole || f->in.len > 0);
		return;
	}
	if (is_whole) {
		http1_next(f->reader);
		f->state = H1_HEAD;
	} else {
		conn_deadline(c, DRAIN_SECONDS, CONN_DEADLINE_BODY);
	}
}

/* A tunnel's way to the backend, when the client has ended it and the last
 * byte is through. */
static void
end_way(struct front_h1 *f)
{
	if (f->is_ended && f->in.len == 0 && !exchange_is_done(f->ex) &&
	    !f->ex->body_ended)
		exchange_body_end(f->ex, NULL);
}

static void
on_step(struct conn *c)
{
	struct front_h1 *f = &c->h1;

	if (f->state == H1_TUNNEL) {
		use_kept(f);
		end_way(f);
	}
	if (f->ex != NULL && exchange_is_done(f->ex))
		finish_exchange(f);
	else if (f->ex == NULL && f->state == H1_STOPPED)
		conn_finish(c, true);
	if (c->state != CONN_OPEN)
		return;
	use_kept(f);
	update(f);
}

static void
on_bytes(struct conn *c, struct slice bytes)
{
	struct front_h1 *f = &c->h1;
	bool is_first = f->in.len == 0;

	if (is_first)
		bytes = slice_from(bytes, use(f, bytes));
	if (buf_add(&f->in, bytes) != ERR_OK) {
		buf_clear(&f->in);
		refuse(f, 431, "too much at once");
	} else if (!is_first) {
		use_kept(f);
	}
	update(f);
}

static void
on_room(struct conn *c)
{
	struct front_h1 *f = &c->h1;

	if (f->ex == NULL)
		conn_wake(c); /* it lives, and may ask again */
	else if (!exchange_is_done(f->ex))
		exchange_room(f->ex);
}

static void
on_gone(struct conn *c)
{
	if (c->h1.ex != NULL)
		exchange_client_gone(c->h1.ex);
}

/* As other servers do: who ends its half in the middle of an exchange has left
 * it.  To half-close after a request gains nobody anything, and a browser that
 * is closed looks just the same. */
static void
on_end(struct conn *c, enum err why)
{
	struct front_h1 *f = &c->h1;

	if (f->state == H1_TUNNEL && why == ERR_CLOSED) {
		f->is_ended = true;
		conn_wake(c);
		return;
	}
	f->state = H1_STOPPED;
	if (f->ex == NULL) {
		conn_finish(c, false);
		return;
	}
	f->closes = true;
	exchange_client_gone(f->ex);
}

static void
on_drain(struct conn *c, bool force)
{
	struct front_h1 *f = &c->h1;
	/* a head that has begun, or a first one, may still come */
	bool is_idle = f->has_served && f->in.len == 0 && is_leaving(c);

	if (f->ex != NULL && force)
		exchange_force_end(f->ex);
	else if (f->ex == NULL && (is_idle || force))
		conn_finish(c, false);
	else
		update(f);
}

/* Idle for long, a head or a body that does not come, a response that is not
 * taken. */
static void
on_late(struct conn *c)
{
	if (conn_is_waiting(c)) {
		conn_abort(c, true);
		return;
	}
	c->h1.state = H1_STOPPED;
	conn_finish(c, false);
}

/* --- life ----------------------------------------------------------------- */

static void
on_start(struct conn *c)
{
	c->h1 = (struct front_h1){.state = H1_HEAD};
	buf_init(&c->h1.in, IN_MAX);
	update(&c->h1);
}

static void
on_clear(struct conn *c)
{
	struct front_h1 *f = &c->h1;

	exchange_free(f->ex);
	f->ex = NULL;
	readers_give(&c->w->readers, HTTP1_REQUEST, f->reader);
	f->reader = NULL;
	buf_clear(&f->in);
}

/* A response goes to the socket as it comes. */
static size_t
on_held(const struct conn *c)
{
	(void)c;
	return 0;
}

const struct conn_front_ops front_h1_conn_ops = {
    .start = on_start,
    .bytes = on_bytes,
    .room = on_room,
    .end = on_end,
    .step = on_step,
    .drain = on_drain,
    .late = on_late,
    .held = on_held,
    .gone = on_gone,
    .clear = on_clear,
};
