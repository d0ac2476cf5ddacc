#include "router/edge/h2_client.h"

#include <stdlib.h>

#include <nghttp2/nghttp2.h>

#include "base/buf.h"
#include "base/mem.h"
#include "router/edge/decimal.h"
#include "router/edge/trailers.h"

/* Answers to SETTINGS and PING that a peer makes us owe it (CVE-2019-9512). */
#define ACKS_MAX 200
/* Of all responses together; given back at once, so that a response which is
 * not taken holds up no other. */
#define CONNECTION_WINDOW (1024 * 1024)
#define FIXED_FIELDS      6 /* pseudo-headers, content-length, te */
#define NAMES_MAX         (256 * 1024)

/* A block of fields, gathered while it comes; blocks never interleave. */
struct block {
	struct buf bytes;
	struct {
		size_t name, value, end; /* offsets in bytes */
	} fields[H2_CLIENT_FIELDS_MAX];
	size_t n;
	int status;
	int64_t content_length;
};

struct h2_client {
	const struct h2_client_ops *ops;
	void *ctx;
	nghttp2_session *session;
	struct block block; /* that comes */
	nghttp2_nv *nv;     /* that goes */
	size_t max_nv;      /* room in it */
	struct buf names;   /* of nv */
	char digits[DECIMAL_SIZE];
	int32_t reset_by_peer; /* the stream that closes now; 0: none */
	int32_t not_sent;      /* the same, whose request never went out */
	bool is_leaving;
	bool is_broken;
};

static struct h2_client_stream *
stream_of(const struct h2_client *c, int32_t id)
{
	return nghttp2_session_get_stream_user_data(c->session, id);
}

/* nghttp2 knows it no more, so no op is called for it. */
static void
forget(struct h2_client *c, struct h2_client_stream *s)
{
	(void)nghttp2_session_set_stream_user_data(c->session, s->id, NULL);
}

/* --- what comes ----------------------------------------------------------- */

static void
begin_block(struct block *b)
{
	buf_reset(&b->bytes);
	b->n = 0;
	b->status = 0;
	b->content_length = -1;
}

static struct slice
slice_of_rcbuf(nghttp2_rcbuf *r)
{
	nghttp2_vec v = nghttp2_rcbuf_get_buf(r);

	return slice_of((const char *)v.base, v.len);
}

/* nghttp2 has checked that pseudo-headers and numbers are what they must be. */
static bool
add_field(struct block *b, struct slice name, struct slice value)
{
	uint64_t number;

	if (slice_eq(name, SLICE(":status"))) {
		if (slice_to_u64(value, &number) != ERR_OK)
			return false;
		b->status = (int)number;
		return true;
	}
	if (slice_eq(name, SLICE("content-length")) &&
	    slice_to_u64(value, &number) == ERR_OK)
		b->content_length = (int64_t)number;
	if (b->n == H2_CLIENT_FIELDS_MAX)
		return false;
	b->fields[b->n].name = b->bytes.len;
	b->fields[b->n].value = b->bytes.len + name.n;
	b->fields[b->n].end = b->bytes.len + name.n + value.n;
	b->n++;
	return buf_add(&b->bytes, name) == ERR_OK &&
	       buf_add(&b->bytes, value) == ERR_OK;
}

static struct headers
fields_of(const struct block *b, struct header items[H2_CLIENT_FIELDS_MAX])
{
	const char *p = buf_slice(&b->bytes).p;

	for (size_t i = 0; i < b->n; i++) {
		size_t name = b->fields[i].name, value = b->fields[i].value;

		items[i].name = slice_of(p + name, value - name);
		items[i].value = slice_of(p + value, b->fields[i].end - value);
	}
	return (struct headers){items, b->n, H2_CLIENT_FIELDS_MAX};
}

static int
on_begin_headers(
    nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
	struct h2_client *c = ctx;

	(void)session;
	(void)frame;
	begin_block(&c->block);
	return 0;
}

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame,
    nghttp2_rcbuf *name, nghttp2_rcbuf *value, uint8_t flags, void *ctx)
{
	struct h2_client *c = ctx;

	(void)session;
	(void)flags;
	if (stream_of(c, frame->hd.stream_id) == NULL ||
	    add_field(&c->block, slice_of_rcbuf(name), slice_of_rcbuf(value)))
		return 0;
	return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* of this stream */
}

static bool
never_has_body(int status)
{
	return status == 204 || status == 304;
}

static void
tell_head(struct h2_client *c, struct h2_client_stream *s, bool ends)
{
	struct header items[H2_CLIENT_FIELDS_MAX];
	struct response r = {
	    .status = c->block.status,
	    .reason = SLICE(""),
	    .headers = fields_of(&c->block, items),
	    .content_length = c->block.content_length,
	};

	if (r.status < 200) {
		c->ops->on_interim(s, &r);
		return;
	}
	s->has_head = true;
	r.has_body = !ends && !s->is_head_request && !never_has_body(r.status);
	c->ops->on_head(s, &r);
}

static void
tell_end(struct h2_client *c, int32_t id, bool has_trailers)
{
	struct h2_client_stream *s = stream_of(c, id);
	struct header items[H2_CLIENT_FIELDS_MAX];
	struct headers all, trailers = {items, 0, H2_CLIENT_FIELDS_MAX};

	if (s == NULL) /* let go of when its head was told */
		return;
	all = has_trailers ? fields_of(&c->block, items) : trailers;
	for (size_t i = 0; i < all.n; i++)
		if (trailer_may_pass(all.items[i].name))
			items[trailers.n++] = all.items[i];
	forget(c, s);
	c->ops->on_end(s, trailers.n > 0 ? &trailers : NULL);
}

static void
on_headers_frame(struct h2_client *c, int32_t id, bool ends)
{
	struct h2_client_stream *s = stream_of(c, id);
	bool is_trailer = s->has_head;

	if (!is_trailer)
		tell_head(c, s, ends);
	if (ends)
		tell_end(c, id, is_trailer);
}

static int
on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
	struct h2_client *c = ctx;
	int32_t id = frame->hd.stream_id;
	bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;

	(void)session;
	if (frame->hd.type == NGHTTP2_GOAWAY)
		c->is_leaving = true;
	if (stream_of(c, id) == NULL)
		return 0;
	if (frame->hd.type == NGHTTP2_HEADERS)
		on_headers_frame(c, id, ends);
	else if (frame->hd.type == NGHTTP2_DATA && ends)
		tell_end(c, id, false);
	else if (frame->hd.type == NGHTTP2_RST_STREAM)
		c->reset_by_peer = id;
	return 0;
}

static int
on_data(nghttp2_session *session, uint8_t flags, int32_t id,
    const uint8_t *data, size_t n, void *ctx)
{
	struct h2_client *c = ctx;
	struct h2_client_stream *s = stream_of(c, id);

	(void)flags;
	(void)nghttp2_session_consume_connection(session, n);
	if (s != NULL)
		c->ops->on_body(s, slice_of((const char *)data, n));
	return 0;
}

/* Comes right before the stream is closed. */
static int
on_frame_not_sent(
    nghttp2_session *session, const nghttp2_frame *frame, int error, void *ctx)
{
	struct h2_client *c = ctx;

	(void)session;
	(void)error;
	if (frame->hd.type == NGHTTP2_HEADERS &&
	    frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		c->not_sent = frame->hd.stream_id;
	return 0;
}

/* A stream that is forgotten is not told of. */
static int
on_stream_close(nghttp2_session *session, int32_t id, uint32_t error, void *ctx)
{
	struct h2_client *c = ctx;
	struct h2_client_stream *s = stream_of(c, id);
	bool by_peer = c->reset_by_peer == id;
	bool was_sent = c->not_sent != id;

	(void)session;
	c->reset_by_peer = c->not_sent = 0;
	if (s == NULL)
		return 0;
	forget(c, s);
	s->id = 0;
	if (error == NGHTTP2_REFUSED_STREAM || !was_sent)
		c->ops->on_lost(s, H2_CLIENT_UNPROCESSED, NULL);
	else if (by_peer)
		c->ops->on_lost(
		    s, H2_CLIENT_RESET, nghttp2_http2_strerror(error));
	else
		c->ops->on_lost(s, H2_CLIENT_GARBAGE, NULL);
	return 0;
}

/* --- what goes ------------------------------------------------------------ */

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
	struct h2_client_stream *s = stream_of(c, id);
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
	forget(c, s);
	/* one that is still to be opened has no such stream, and is cancelled
	 * all the same */
	if (nghttp2_session_get_stream_local_close(g, s->id) != 1 ||
	    nghttp2_session_get_stream_remote_close(g, s->id) != 1)
		(void)nghttp2_submit_rst_stream(
		    g, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_CANCEL);
	s->id = 0;
}

/* --- bytes ---------------------------------------------------------------- */

enum err
h2_client_receive(struct h2_client *c, struct slice bytes)
{
	ssize_t n = nghttp2_session_mem_recv(
	    c->session, (const uint8_t *)bytes.p, bytes.n);

	if (n < 0)
		c->is_broken = true;
	return n < 0 || h2_client_is_over(c) ? ERR_SYNTAX : ERR_OK;
}

void
h2_client_send(struct h2_client *c)
{
	const uint8_t *bytes;
	ssize_t n;

	while (!c->is_broken && !c->ops->is_full(c->ctx)) {
		n = nghttp2_session_mem_send(c->session, &bytes);
		if (n < 0)
			c->is_broken = true;
		if (n <= 0)
			break;
		c->ops->on_write(
		    c->ctx, slice_of((const char *)bytes, (size_t)n));
	}
}

bool
h2_client_is_over(const struct h2_client *c)
{
	return c->is_broken || (nghttp2_session_want_read(c->session) == 0 &&
				   nghttp2_session_want_write(c->session) == 0);
}

bool
h2_client_has_room(const struct h2_client *c, size_t n)
{
	uint32_t max = nghttp2_session_get_remote_settings(
	    c->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);

	if (max == UINT32_MAX) /* it has not said, or does not care */
		max = H2_CLIENT_STREAMS;
	return n < max && !h2_client_is_leaving(c);
}

bool
h2_client_is_leaving(const struct h2_client *c)
{
	return c->is_leaving || c->is_broken ||
	       nghttp2_session_check_request_allowed(c->session) == 0;
}

/* --- life ----------------------------------------------------------------- */

static int
new_session(struct h2_client *c)
{
	nghttp2_session_callbacks *callbacks;
	nghttp2_option *option;
	int rc;

	if (nghttp2_session_callbacks_new(&callbacks) != 0 ||
	    nghttp2_option_new(&option) != 0)
		die("out of memory");
	nghttp2_session_callbacks_set_on_begin_headers_callback(
	    callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback2(callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(
	    callbacks, on_frame_recv);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
	    callbacks, on_data);
	nghttp2_session_callbacks_set_on_frame_not_send_callback(
	    callbacks, on_frame_not_sent);
	nghttp2_session_callbacks_set_on_stream_close_callback(
	    callbacks, on_stream_close);
	nghttp2_option_set_no_auto_window_update(option, 1);
	nghttp2_option_set_max_outbound_ack(option, ACKS_MAX);
	rc = nghttp2_session_client_new2(&c->session, callbacks, c, option);
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_option_del(option);
	return rc;
}

struct h2_client *
h2_client_new(const struct h2_client_ops *ops, void *ctx)
{
	static const nghttp2_settings_entry settings[] = {
	    {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
	    {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, H2_CLIENT_WINDOW},
	    {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, H2_CLIENT_HEAD_MAX},
	};
	struct h2_client *c = xcalloc(1, sizeof(*c));

	c->ops = ops;
	c->ctx = ctx;
	buf_init(&c->block.bytes, H2_CLIENT_HEAD_MAX);
	buf_init(&c->names, NAMES_MAX);
	if (new_session(c) != 0 ||
	    nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, settings,
		COUNT_OF(settings)) != 0 ||
	    nghttp2_session_set_local_window_size(
		c->session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW) != 0)
		die("out of memory");
	return c;
}

void
h2_client_free(struct h2_client *c)
{
	if (c == NULL)
		return;
	nghttp2_session_del(c->session);
	buf_clear(&c->block.bytes);
	buf_clear(&c->names);
	free(c->nv);
	free(c);
}
