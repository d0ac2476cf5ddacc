/* A request on its way to a backend, in HTTP/2. */
#include "base/mem.h"
#include "router/edge/h2_client_session.h"

#define FIXED_FIELDS 6 /* pseudo-headers, content-length, te */

static void
put(nghttp2_nv *nv, struct slice name, struct slice value)
{
	*nv = (nghttp2_nv){(uint8_t *)name.p, (uint8_t *)value.p, name.n,
	    value.n, NGHTTP2_NV_FLAG_NONE};
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Room for n fields, and for their names in lower case. */
static char *
prepare(struct h2_client *c, const struct headers *h, size_t n)
{
	size_t names = 1;

	for (size_t i = 0; i < h->n; i++)
		names += h->items[i].name.n;
	if (c->max_nv < n) {
		c->nv = xrealloc(c->nv, n * sizeof(*c->nv));
		c->max_nv = n;
	}
	buf_reset(&c->names);
	return buf_room(&c->names, names);
}

/* Behind the first n fields; how many there are then.  0: past the limit. */
static size_t
put_headers(struct h2_client *c, const struct headers *h, size_t n)
{
	char *p = prepare(c, h, n + h->n + FIXED_FIELDS);

	if (p == NULL)
		return 0;
	for (size_t i = 0; i < h->n; i++) {
		struct slice name = h->items[i].name;

		if (slice_eq_nocase(name, SLICE("host")))
			continue; /* it is :authority */
		for (size_t k = 0; k < name.n; k++)
			p[k] = lower(name.p[k]);
		put(&c->nv[n++], slice_of(p, name.n), h->items[i].value);
		p += name.n;
	}
	return n;
}

/* True: they will end the stream. */
static bool
put_trailers(struct h2_client *c, struct h2_client_stream *s)
{
	const struct headers *trailers = c->ops->trailers(s);
	size_t n = trailers == NULL ? 0 : put_headers(c, trailers, 0);

	return n > 0 &&
	       nghttp2_submit_trailer(c->session, s->id, c->nv, n) == 0;
}

/* NOLINTBEGIN(readability-function-size): the parameters are nghttp2's */
static ssize_t
on_read(nghttp2_session *session, int32_t id, uint8_t *out, size_t max,
    uint32_t *flags, nghttp2_data_source *source, void *ctx)
{
	struct h2_client *c = ctx;
	struct h2_client_stream *s = h2_client_stream_of(c, id);
	enum h2_client_more more;
	size_t n;

	(void)session;
	(void)source;
	if (s == NULL)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	n = c->ops->on_wanted(s, (char *)out, max, &more);
	if (more == H2_CLIENT_BROKEN)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	if (more == H2_CLIENT_LATER && n == 0)
		return NGHTTP2_ERR_DEFERRED;
	if (more == H2_CLIENT_END) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
		if (put_trailers(c, s))
			*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
	}
	return (ssize_t)n;
}
/* NOLINTEND(readability-function-size) */

static size_t
put_request(
    struct h2_client *c, const struct request *r, const struct headers *headers)
{
	struct slice host = headers_find(headers, SLICE("host"));
	size_t n = put_headers(c, headers, 4);

	if (n == 0)
		return 0;
	put(&c->nv[0], SLICE(":method"), r->method);
	put(&c->nv[1], SLICE(":scheme"), SLICE("http"));
	put(&c->nv[2], SLICE(":authority"), host.p == NULL ? r->host : host);
	put(&c->nv[3], SLICE(":path"), r->target);
	if (r->content_length >= 0)
		put(&c->nv[n++], SLICE("content-length"),
		    decimal((uint64_t)r->content_length, c->digits));
	if (r->takes_trailers)
		put(&c->nv[n++], SLICE("te"), SLICE("trailers"));
	return n;
}

enum err
h2_client_request(struct h2_client *c, const struct request *r,
    const struct headers *headers, struct h2_client_stream *s)
{
	nghttp2_data_provider body = {.read_callback = on_read};
	size_t n = put_request(c, r, headers);
	int32_t id;

	if (n == 0)
		return ERR_TOO_BIG;
	id = nghttp2_submit_request(
	    c->session, NULL, c->nv, n, r->has_body ? &body : NULL, s);
	if (id < 0)
		return ERR_TOO_BIG;
	s->id = id;
	s->is_head_request = slice_eq(r->method, SLICE("HEAD"));
	return ERR_OK;
}

void
h2_client_resume(struct h2_client *c, struct h2_client_stream *s)
{
	(void)nghttp2_session_resume_data(c->session, s->id);
}

void
h2_client_consumed(struct h2_client *c, struct h2_client_stream *s, size_t n)
{
	(void)nghttp2_session_consume_stream(c->session, s->id, n);
}

void
h2_client_reset(struct h2_client *c, struct h2_client_stream *s)
{
	nghttp2_session *g = c->session;

	if (s->id == 0 || c->is_broken)
		return;
	h2_client_forget(c, s);
	/* one that is still to be opened has no such stream, and is cancelled
	 * all the same */
	if (nghttp2_session_get_stream_local_close(g, s->id) != 1 ||
	    !s->has_ended)
		(void)nghttp2_submit_rst_stream(
		    g, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_CANCEL);
	s->id = 0;
}
