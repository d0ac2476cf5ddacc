/* A backend's answer in HTTP/1.1, from bytes to what the exchange is told. */
#include "base/mem.h"
#include "router/edge/trailers.h"
#include "router/edge/upstream_h1.h"

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
		upstream_h1_close(u); /* nobody asked */
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
		upstream_h1_close(u);
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

const struct upstream_socket_ops upstream_h1_socket_ops = {
    .on_open = on_open,
    .on_bytes = on_bytes,
    .on_room = on_room,
    .on_end = on_end,
};
