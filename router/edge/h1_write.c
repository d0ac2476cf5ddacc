#include "router/edge/h1_write.h"

#include <stdio.h>

#include "router/edge/decimal.h"

static void
put_headers(struct buf *b, const struct headers *h)
{
	for (size_t i = 0; i < h->n; i++) {
		struct slice name = h->items[i].name, value = h->items[i].value;
		char *p = buf_room(b, name.n + value.n + 4);

		if (p == NULL)
			return;
		memcpy(p, name.p, name.n);
		p += name.n;
		*p++ = ':';
		*p++ = ' ';
		memcpy(p, value.p, value.n);
		p += value.n;
		*p++ = '\r';
		*p++ = '\n';
		buf_added(b, name.n + value.n + 4);
	}
}

static void
put_length(struct buf *b, uint64_t length)
{
	char digits[DECIMAL_SIZE];

	(void)buf_add(b, SLICE("Content-Length: "));
	(void)buf_add(b, decimal(length, digits));
	(void)buf_add(b, SLICE("\r\n"));
}

static void
put_framing(struct buf *b, enum h1_framing framing, int64_t length)
{
	switch (framing) {
	case H1_LENGTH:
	case H1_NO_BODY:
		if (length >= 0)
			put_length(b, (uint64_t)length);
		break;
	case H1_CHUNKED:
		(void)buf_add(b, SLICE("Transfer-Encoding: chunked\r\n"));
		break;
	case H1_UNTIL_CLOSE:
		break;
	}
}

/* What this hop asks the next one for (RFC 9110, 7.6.1, 7.8, 10.1.4). */
static void
put_wishes(struct buf *b, const struct request *r)
{
	if (r->upgrade.n == 0 && !r->takes_trailers)
		return;
	(void)buf_add(b, SLICE("Connection: "));
	if (r->upgrade.n > 0)
		(void)buf_add(b, SLICE("Upgrade"));
	if (r->upgrade.n > 0 && r->takes_trailers)
		(void)buf_add(b, SLICE(", "));
	if (r->takes_trailers)
		(void)buf_add(b, SLICE("TE"));
	(void)buf_add(b, SLICE("\r\n"));
	if (r->upgrade.n > 0) {
		(void)buf_add(b, SLICE("Upgrade: "));
		(void)buf_add(b, r->upgrade);
		(void)buf_add(b, SLICE("\r\n"));
	}
	if (r->takes_trailers)
		(void)buf_add(b, SLICE("TE: trailers\r\n"));
}

enum err
h1_write_request(struct buf *b, const struct request *r,
    const struct headers *headers, enum h1_framing framing)
{
	(void)buf_add(b, r->method);
	(void)buf_add_char(b, ' ');
	(void)buf_add(b, r->target);
	(void)buf_add(b, SLICE(" HTTP/1.1\r\n"));
	put_headers(b, headers);
	put_wishes(b, r);
	put_framing(b, framing, r->content_length);
	(void)buf_add(b, SLICE("\r\n"));
	return buf_failed(b) ? ERR_TOO_BIG : ERR_OK;
}

enum err
h1_write_response(struct buf *b, const struct response *r,
    const struct h1_response_options *o)
{
	struct slice reason = r->reason;
	char digits[DECIMAL_SIZE];

	if (reason.n == 0)
		reason = slice_str(http1_reason(r->status));
	(void)buf_add(b, SLICE("HTTP/1.1 "));
	(void)buf_add(b, decimal((uint64_t)r->status, digits));
	(void)buf_add_char(b, ' ');
	(void)buf_add(b, reason);
	(void)buf_add(b, SLICE("\r\n"));
	put_headers(b, &r->headers);
	put_framing(b, o->framing, o->length);
	if (o->upgrade.n > 0) {
		(void)buf_add(b, SLICE("Connection: Upgrade\r\nUpgrade: "));
		(void)buf_add(b, o->upgrade);
		(void)buf_add(b, SLICE("\r\n"));
	} else if (o->close)
		(void)buf_add(b, SLICE("Connection: close\r\n"));
	else if (o->keep_alive)
		(void)buf_add(b, SLICE("Connection: keep-alive\r\n"));
	(void)buf_add(b, SLICE("\r\n"));
	return buf_failed(b) ? ERR_TOO_BIG : ERR_OK;
}

struct slice
h1_chunk_head(size_t n, char out[H1_CHUNK_HEAD_SIZE])
{
	int len = snprintf(out, H1_CHUNK_HEAD_SIZE, "%zx\r\n", n);

	return slice_of(out, (size_t)len);
}

enum err
h1_write_last_chunk(struct buf *b, const struct headers *trailers)
{
	(void)buf_add(b, SLICE("0\r\n"));
	if (trailers != NULL)
		put_headers(b, trailers);
	(void)buf_add(b, SLICE("\r\n"));
	return buf_failed(b) ? ERR_TOO_BIG : ERR_OK;
}

struct slice
h1_moved(struct slice s, struct slice original, struct slice copy)
{
	if (s.n == 0 || s.p < original.p || s.p >= original.p + original.n)
		return s; /* a literal, or nothing */
	return (struct slice){copy.p + (s.p - original.p), s.n};
}

struct headers
h1_headers(struct arena *a, const struct http1_head *head,
    struct slice original, struct slice copy)
{
	struct headers h = headers_new(a, head->n_fields + 1);

	for (size_t i = 0; h.items != NULL && i < head->n_fields; i++)
		headers_add(&h, h1_moved(head->fields[i].name, original, copy),
		    h1_moved(head->fields[i].value, original, copy));
	return h;
}
