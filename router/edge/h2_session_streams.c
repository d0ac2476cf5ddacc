/*
 * The streams of a session: heads, bodies and windows.
 */
#include "base/mem.h"
#include "router/edge/decimal.h"
#include "router/edge/h2_session_state.h"

#define RESPONSE_FIELDS_MAX 256

/* --- bodies --------------------------------------------------------------- */

/* NOLINTBEGIN(readability-function-size): the parameters are nghttp2's */
static ssize_t
on_read(nghttp2_session *n, int32_t id, uint8_t *to, size_t max,
    uint32_t *flags, nghttp2_data_source *source, void *ctx)
{
	struct h2_session *s = ctx;
	enum h2_more more = s->ops->on_wanted(source->ptr, max, &s->wanted);

	(void)n;
	(void)id;
	(void)to;
	*flags = NGHTTP2_DATA_FLAG_NO_COPY;
	s->wanted_all = s->wanted.n < max;
	switch (more) {
	case H2_LATER:
		return NGHTTP2_ERR_DEFERRED;
	case H2_MORE:
		break;
	case H2_END:
		*flags |= NGHTTP2_DATA_FLAG_EOF;
		break;
	case H2_TRAILERS:
		*flags |=
		    NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
		break;
	}
	return (ssize_t)s->wanted.n;
}
/* NOLINTEND(readability-function-size) */

int
h2_session_on_send_data(nghttp2_session *n, nghttp2_frame *frame,
    const uint8_t *head, size_t length, nghttp2_data_source *source, void *ctx)
{
	struct h2_session *s = ctx;

	(void)n;
	(void)frame; /* never padded */
	s->ops->on_write(s->ctx, slice_of(head, 9));
	s->ops->on_write(s->ctx, slice_of(s->wanted.p, length));
	s->ops->on_taken(source->ptr, length);
	h2_limits_sent(&s->limits, length, s->wanted_all);
	return s->ops->is_full(s->ctx) ? NGHTTP2_ERR_PAUSE : 0;
}

/* --- streams -------------------------------------------------------------- */

static nghttp2_nv
nv_of(struct slice name, struct slice value)
{
	return (nghttp2_nv){(uint8_t *)name.p, (uint8_t *)value.p, name.n,
	    value.n, NGHTTP2_NV_FLAG_NONE};
}

/* Fields as nghttp2 wants them, behind `n` that are there; how many, 0 when
 * they are too many.  A value that never comes again has no business in the
 * table that both sides keep of what was said. */
static size_t
add_fields(nghttp2_nv *to, size_t n, const struct headers *fields)
{
	if (fields->n > RESPONSE_FIELDS_MAX - n)
		return 0;
	for (size_t i = 0; i < fields->n; i++, n++) {
		const struct header *h = &fields->items[i];

		to[n] = nv_of(h->name, h->value);
		if (slice_eq(h->name, SLICE("X-Request-Id")))
			to[n].flags = NGHTTP2_NV_FLAG_NO_INDEX;
	}
	return n;
}

static size_t
head_of(nghttp2_nv *to, const struct response *r, char text[2][DECIMAL_SIZE])
{
	size_t n = 0;

	to[n++] =
	    nv_of(SLICE(":status"), decimal((uint64_t)r->status, text[0]));
	if (r->content_length >= 0 && r->status != 204 && r->status >= 200)
		to[n++] = nv_of(SLICE("content-length"),
		    decimal((uint64_t)r->content_length, text[1]));
	return add_fields(to, n, &r->headers);
}

enum err
h2_session_interim(struct h2_session *s, int32_t id, const struct response *r)
{
	nghttp2_nv head[RESPONSE_FIELDS_MAX];
	char text[2][DECIMAL_SIZE];
	size_t n = head_of(head, r, text);

	if (n == 0 || nghttp2_submit_headers(s->nghttp2, NGHTTP2_FLAG_NONE, id,
			  NULL, head, n, NULL) != 0)
		return ERR_TOO_BIG;
	return ERR_OK;
}

enum err
h2_session_respond(
    struct h2_session *s, int32_t id, const struct response *r, bool has_body)
{
	nghttp2_nv head[RESPONSE_FIELDS_MAX];
	char text[2][DECIMAL_SIZE];
	size_t n = head_of(head, r, text);
	nghttp2_data_provider body = {
	    {.ptr = h2_session_stream(s, id)}, on_read};

	if (n == 0 || nghttp2_submit_response(s->nghttp2, id, head, n,
			  has_body ? &body : NULL) != 0)
		return ERR_TOO_BIG;
	return ERR_OK;
}

enum err
h2_session_trailers(
    struct h2_session *s, int32_t id, const struct headers *trailers)
{
	nghttp2_nv fields[RESPONSE_FIELDS_MAX];
	size_t n = add_fields(fields, 0, trailers);

	if (n == 0 || nghttp2_submit_trailer(s->nghttp2, id, fields, n) != 0)
		return ERR_TOO_BIG;
	return ERR_OK;
}

void
h2_session_resume(struct h2_session *s, int32_t id)
{
	(void)nghttp2_session_resume_data(s->nghttp2, id);
}

void
h2_session_consumed(struct h2_session *s, int32_t id, size_t n)
{
	if (id == 0)
		(void)nghttp2_session_consume_connection(s->nghttp2, n);
	else
		(void)nghttp2_session_consume(s->nghttp2, id, n);
}

void
h2_session_widen(struct h2_session *s, int32_t id)
{
	(void)nghttp2_session_set_local_window_size(
	    s->nghttp2, NGHTTP2_FLAG_NONE, id, H2_WINDOW_STREAM_WIDE);
}

void
h2_session_reset(struct h2_session *s, int32_t id, enum h2_reason why)
{
	static const uint32_t codes[] = {
	    [H2_REASON_NONE] = NGHTTP2_NO_ERROR,
	    [H2_REASON_INTERNAL] = NGHTTP2_INTERNAL_ERROR,
	    [H2_REASON_CANCEL] = NGHTTP2_CANCEL,
	};

	(void)nghttp2_submit_rst_stream(
	    s->nghttp2, NGHTTP2_FLAG_NONE, id, codes[why]);
}
