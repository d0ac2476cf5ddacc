/*
 * The response's half of an HTTP/1.1 front: what an exchange tells, as bytes to
 * the client.
 */
#include "base/mem.h"
#include "router/edge/conn.h"

static struct conn *
conn_of(struct front_h1 *f)
{
	return container_of(f, struct conn, h1);
}

static void
write_head(struct front_h1 *f, const struct response *r,
    const struct h1_response_options *o)
{
	struct conn *c = conn_of(f);
	struct buf *b = &c->w->scratch;

	buf_reset(b);
	if (h1_write_response(b, r, o) == ERR_OK) {
		conn_write(c, buf_slice(b));
		return;
	}
	f->is_cut = true; /* past every limit of heads */
	conn_wake(c);
}

static void
on_interim(void *front, const struct response *r)
{
	struct front_h1 *f = front;
	struct h1_response_options o = {.framing = H1_NO_BODY, .length = -1};

	if (!f->is_http10) /* RFC 9110, 15.2: it would not understand */
		write_head(f, r, &o);
}

static bool
never_has_body(int status)
{
	return status == 204 || status == 304;
}

/* How the body will end is told to the client (RFC 9112, 6). */
static enum h1_framing
choose_framing(const struct front_h1 *f, const struct response *r)
{
	if (slice_eq(f->ex->request.method, SLICE("HEAD")) ||
	    never_has_body(r->status))
		return H1_NO_BODY;
	if (r->content_length >= 0)
		return H1_LENGTH;
	if (!r->has_body)
		return H1_LENGTH; /* of nothing */
	return f->is_http10 ? H1_UNTIL_CLOSE : H1_CHUNKED;
}

/* From now on it is a tunnel; what the client sent behind its head goes
 * through it first. */
static void
switch_protocols(struct front_h1 *f, const struct response *r)
{
	struct h1_response_options o = {
	    .framing = H1_NO_BODY, .length = -1, .upgrade = r->upgrade};

	if (o.upgrade.n == 0)
		o.upgrade = f->ex->request.upgrade;
	f->state = H1_TUNNEL;
	f->framing = H1_UNTIL_CLOSE;
	f->closes = true;
	write_head(f, r, &o);
	conn_wake(conn_of(f));
}

static void
on_head(void *front, const struct response *r)
{
	struct front_h1 *f = front;
	struct h1_response_options o = {0};

	if (r->status == 101) {
		switch_protocols(f, r);
		return;
	}
	f->framing = choose_framing(f, r);
	f->closes = !f->keeps_alive || f->framing == H1_UNTIL_CLOSE ||
		    conn_of(f)->w->is_draining ||
		    (f->state == H1_BODY && !f->may_drain) ||
		    f->state == H1_STOPPED;
	o.framing = f->framing;
	o.length = r->content_length;
	if (f->framing == H1_LENGTH && o.length < 0)
		o.length = 0;
	if (r->status == 204)
		o.length = -1; /* RFC 9110, 8.6 */
	o.close = f->closes;
	o.keep_alive = f->is_http10;
	write_head(f, r, &o);
}

static void
on_body(void *front, struct slice piece)
{
	struct front_h1 *f = front;
	struct conn *c = conn_of(f);
	char head[H1_CHUNK_HEAD_SIZE];

	if (f->framing == H1_CHUNKED)
		conn_write(c, h1_chunk_head(piece.n, head));
	if (f->framing != H1_NO_BODY)
		conn_write(c, piece);
	if (f->framing == H1_CHUNKED)
		conn_write(c, SLICE("\r\n"));
}

static void
on_end(void *front, const struct headers *trailers)
{
	struct front_h1 *f = front;
	struct conn *c = conn_of(f);
	struct buf *b = &c->w->scratch;

	if (f->state == H1_TUNNEL)
		conn_shut_down(c);
	if (f->framing == H1_CHUNKED) {
		buf_reset(b);
		if (h1_write_last_chunk(b, trailers) == ERR_OK)
			conn_write(c, buf_slice(b));
	}
	conn_wake(c);
}

static void
on_cut(void *front)
{
	struct front_h1 *f = front;

	f->is_cut = true;
	conn_wake(conn_of(f));
}

static bool
is_full(void *front)
{
	return conn_is_full(conn_of(front));
}

static void
on_wanted(void *front)
{
	conn_wake(conn_of(front));
}

const struct front_ops front_h1_ops = {
    .on_interim = on_interim,
    .on_head = on_head,
    .on_body = on_body,
    .on_end = on_end,
    .on_cut = on_cut,
    .is_full = is_full,
    .on_wanted = on_wanted,
};
