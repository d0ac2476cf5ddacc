#include "router/control/http_exchange.h"

#include <stdlib.h>

#include "base/mem.h"

struct http_exchange {
	struct http_conn *conn; /* NULL: the client is gone */
	char *head;             /* own copy; fields point into it */
	struct http1_field *fields;
	size_t n_fields;
	struct slice method, path, query;
	struct buf body;
	struct peer peer;
	http_gone *on_gone; /* of a stream */
	void *gone_ctx;
};

void
http_exchange_free(struct http_exchange *x)
{
	free(x->head);
	free(x->fields);
	buf_wipe(&x->body); /* may hold a private key */
	free(x);
}

static struct slice
moved(struct slice s, const char *from, const char *to)
{
	return s.p == NULL ? s : slice_of(to + (s.p - from), s.n);
}

/* The exchange has its own copy of the head: it may outlive the connection. */
struct http_exchange *
http_exchange_new(struct http_conn *c, const struct peer *peer,
    const struct http1_head *h, struct slice bytes)
{
	struct http_exchange *x = xcalloc(1, sizeof(*x));
	const char *from = bytes.p;
	struct slice target;

	x->conn = c;
	x->peer = *peer;
	x->head = xmemdup(from, bytes.n);
	x->n_fields = h->n_fields;
	x->fields = xcalloc(h->n_fields + 1, sizeof(*x->fields));
	for (size_t i = 0; i < h->n_fields; i++) {
		x->fields[i].name = moved(h->fields[i].name, from, x->head);
		x->fields[i].value = moved(h->fields[i].value, from, x->head);
	}
	x->method = moved(h->method, from, x->head);
	target = moved(h->target, from, x->head);
	slice_cut(&target, '?', &x->path);
	x->query = target;
	return x;
}

void
http_exchange_take_body(struct http_exchange *x, size_t max)
{
	buf_init(&x->body, max);
}

enum err
http_exchange_add_body(struct http_exchange *x, struct slice piece)
{
	return buf_add(&x->body, piece);
}

void
http_exchange_detach(struct http_exchange *x, bool is_stream)
{
	x->conn = NULL;
	if (is_stream)
		x->on_gone(x->gone_ctx);
}

struct slice
http_method(const struct http_exchange *x)
{
	return x->method;
}

struct slice
http_path(const struct http_exchange *x)
{
	return x->path;
}

struct slice
http_query(const struct http_exchange *x)
{
	return x->query;
}

struct slice
http_body(const struct http_exchange *x)
{
	return buf_slice(&x->body);
}

struct slice
http_field(const struct http_exchange *x, struct slice name)
{
	for (size_t i = 0; i < x->n_fields; i++)
		if (slice_eq_nocase(x->fields[i].name, name))
			return x->fields[i].value;
	return slice_of(NULL, 0);
}

const struct peer *
http_peer(const struct http_exchange *x)
{
	return &x->peer;
}

/* It is over; the connection goes on with the next, or ends. */
static void
finish(struct http_exchange *x)
{
	struct http_conn *c = x->conn;

	http_exchange_free(x);
	http_conn_next(c);
}

void
http_answer(struct http_exchange *x, const struct http_reply *reply)
{
	struct http_conn *c = x->conn;
	struct buf *out;

	if (c == NULL) {
		http_exchange_free(x);
		return;
	}
	out = http_conn_out(c);
	http_conn_write_head(c, reply, true);
	if (!slice_eq(x->method, SLICE("HEAD")) && reply->status != 204)
		(void)buf_add(out, reply->body);
	if (buf_failed(out)) {
		http_exchange_free(x);
		http_conn_abandon(c);
		return;
	}
	finish(x);
}

bool
http_stream_begin(
    struct http_exchange *x, const char *type, http_gone *on_gone, void *ctx)
{
	struct http_reply r = {.status = 200, .type = type};

	if (x->conn == NULL) {
		http_exchange_free(x);
		return false;
	}
	x->on_gone = on_gone;
	x->gone_ctx = ctx;
	http_conn_stream(x->conn);
	http_conn_write_head(x->conn, &r, false);
	http_conn_kick(x->conn);
	return true;
}

size_t
http_stream_room(const struct http_exchange *x)
{
	size_t unsent = http_conn_out(x->conn)->len;

	return unsent >= HTTP_STREAM_MAX ? 0 : HTTP_STREAM_MAX - unsent;
}

void
http_stream_send(struct http_exchange *x, struct slice bytes)
{
	(void)buf_add(http_conn_out(x->conn), bytes);
	/* sent from the loop: the caller may not lose x under its hands */
	http_conn_kick(x->conn);
}
