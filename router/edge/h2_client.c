#include "router/edge/h2_client.h"

#include <stdlib.h>

#include "base/mem.h"
#include "router/edge/h2_client_session.h"
#include "router/edge/trailers.h"

/* Answers to SETTINGS and PING that a peer makes us owe it (CVE-2019-9512). */
#define ACKS_MAX 200
/* Of all responses together; given back at once, so that a response which is
 * not taken holds up no other. */
#define CONNECTION_WINDOW (1024 * 1024)
#define NAMES_MAX         (256 * 1024)

/* --- what comes ----------------------------------------------------------- */

static void
begin_block(struct h2_block *b)
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
add_field(struct h2_block *b, struct slice name, struct slice value)
{
	uint64_t number;

	if (slice_eq(name, SLICE(":status"))) {
		if (slice_to_u64(value, &number) != ERR_OK || number < 100)
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
fields_of(const struct h2_block *b, struct header items[H2_CLIENT_FIELDS_MAX])
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
	if (h2_client_stream_of(c, frame->hd.stream_id) == NULL ||
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
	struct h2_client_stream *s = h2_client_stream_of(c, id);
	struct header items[H2_CLIENT_FIELDS_MAX];
	struct headers all, trailers = {items, 0, H2_CLIENT_FIELDS_MAX};

	if (s == NULL) /* let go of when its head was told */
		return;
	all = has_trailers ? fields_of(&c->block, items) : trailers;
	for (size_t i = 0; i < all.n; i++)
		if (trailer_may_pass(all.items[i].name))
			items[trailers.n++] = all.items[i];
	h2_client_forget(c, s);
	s->has_ended = true; /* nghttp2 itself is not so far */
	c->ops->on_end(s, trailers.n > 0 ? &trailers : NULL);
}

static void
on_headers_frame(struct h2_client *c, int32_t id, bool ends)
{
	struct h2_client_stream *s = h2_client_stream_of(c, id);
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
	if (h2_client_stream_of(c, id) == NULL)
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
	struct h2_client_stream *s = h2_client_stream_of(c, id);

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
	struct h2_client_stream *s = h2_client_stream_of(c, id);
	bool by_peer = c->reset_by_peer == id;
	bool was_sent = c->not_sent != id;

	(void)session;
	c->reset_by_peer = c->not_sent = 0;
	if (s == NULL)
		return 0;
	h2_client_forget(c, s);
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

/* --- bytes ---------------------------------------------------------------- */

void
h2_client_receive(struct h2_client *c, struct slice bytes)
{
	if (nghttp2_session_mem_recv(
		c->session, (const uint8_t *)bytes.p, bytes.n) < 0)
		c->is_broken = true;
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
