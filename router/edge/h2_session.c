#include "router/edge/h2_session.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "router/edge/h2_session_state.h"

void *
h2_session_stream(struct h2_session *s, int32_t id)
{
	if (id == s->head_id)
		return s->head_stream;
	return nghttp2_session_get_stream_user_data(s->nghttp2, id);
}

/* --- abuse ---------------------------------------------------------------- */

/* The first reason is the one that is told. */
static void
blame(struct h2_session *s, enum h2_abuse why)
{
	if (s->abuse != H2_ABUSE_NONE)
		return;
	s->abuse = why;
	(void)nghttp2_session_terminate_session(
	    s->nghttp2, why == H2_ABUSE_PROTOCOL ? NGHTTP2_PROTOCOL_ERROR
						 : NGHTTP2_ENHANCE_YOUR_CALM);
}

static void
count_noise(struct h2_session *s)
{
	if (!h2_limits_noise(&s->limits, s->now_ms))
		blame(s, H2_ABUSE_NOISE);
}

static void
count_reset(struct h2_session *s)
{
	if (!h2_limits_reset(&s->limits, s->now_ms))
		blame(s, H2_ABUSE_RESETS);
}

/* nghttp2 resets a stream that the peer has broken; with other codes we do, or
 * the peer itself. */
static bool
is_peers_fault(uint32_t error)
{
	return error != NGHTTP2_NO_ERROR && error != NGHTTP2_INTERNAL_ERROR &&
	       error != NGHTTP2_CANCEL;
}

/* --- what nghttp2 tells: receiving ---------------------------------------- */

static int
on_begin_headers(nghttp2_session *n, const nghttp2_frame *frame, void *ctx)
{
	struct h2_session *s = ctx;
	int32_t id = frame->hd.stream_id;

	s->head_stream = frame->headers.cat == NGHTTP2_HCAT_REQUEST
			     ? s->ops->on_stream(s->ctx, id)
			     : nghttp2_session_get_stream_user_data(n, id);
	s->head_id = id;
	if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		(void)nghttp2_session_set_stream_user_data(
		    n, id, s->head_stream);
	return 0;
}

/* NOLINTBEGIN(readability-function-size): the parameters are nghttp2's */
static int
on_header(nghttp2_session *n, const nghttp2_frame *frame, const uint8_t *name,
    size_t n_name, const uint8_t *value, size_t n_value, uint8_t flags,
    void *ctx)
{
	struct h2_session *s = ctx;
	void *stream = h2_session_stream(s, frame->hd.stream_id);

	(void)n;
	(void)flags;
	if (stream == NULL || s->ops->on_field(stream, slice_of(name, n_name),
				  slice_of(value, n_value)))
		return 0;
	blame(s, H2_ABUSE_HEADERS);
	return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

/* A field that is none: left to itself, nghttp2 would just drop it. */
static int
on_invalid_header(nghttp2_session *n, const nghttp2_frame *frame,
    const uint8_t *name, size_t n_name, const uint8_t *value, size_t n_value,
    uint8_t flags, void *ctx)
{
	(void)n;
	(void)frame;
	(void)name;
	(void)n_name;
	(void)value;
	(void)n_value;
	(void)flags;
	(void)ctx;
	return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}
/* NOLINTEND(readability-function-size) */

static void
on_headers_complete(struct h2_session *s, const nghttp2_frame *frame)
{
	void *stream = h2_session_stream(s, frame->hd.stream_id);
	bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;

	s->head_id = 0;
	if (stream == NULL)
		return;
	if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		s->ops->on_head(stream, ends);
	else
		s->ops->on_end(stream);
}

static void
on_data_complete(struct h2_session *s, const nghttp2_frame *frame)
{
	bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
	void *stream;

	if (!ends)
		return;
	stream = h2_session_stream(s, frame->hd.stream_id);
	if (stream != NULL)
		s->ops->on_end(stream);
}

static int
on_frame(nghttp2_session *n, const nghttp2_frame *frame, void *ctx)
{
	struct h2_session *s = ctx;

	(void)n;
	switch (frame->hd.type) {
	case NGHTTP2_HEADERS:
		on_headers_complete(s, frame);
		break;
	case NGHTTP2_DATA:
		on_data_complete(s, frame);
		break;
	case NGHTTP2_RST_STREAM:
		s->reset_id = frame->hd.stream_id;
		count_reset(s);
		break;
	case NGHTTP2_PING:
		if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0 && s->was_pinged)
			s->was_noticed = true;
		break;
	default:
		break;
	}
	return 0;
}

/* Whatever will be made of the frame, but for unknown types and what comes for
 * streams that are closed: those nghttp2 skips, and they cost nothing more. */
static int
on_begin_frame(nghttp2_session *n, const nghttp2_frame_hd *hd, void *ctx)
{
	(void)n;
	switch (hd->type) {
	case NGHTTP2_HEADERS:
	case NGHTTP2_CONTINUATION:
	case NGHTTP2_RST_STREAM: /* counted as such */
		break;
	case NGHTTP2_DATA:
		if (hd->length == 0 &&
		    (hd->flags & NGHTTP2_FLAG_END_STREAM) == 0)
			count_noise(ctx);
		break;
	default:
		count_noise(ctx);
		break;
	}
	return 0;
}

static int
on_data_chunk(nghttp2_session *n, uint8_t flags, int32_t id,
    const uint8_t *bytes, size_t n_bytes, void *ctx)
{
	struct h2_session *s = ctx;
	void *stream = nghttp2_session_get_stream_user_data(n, id);

	(void)flags;
	if (stream != NULL)
		s->ops->on_data(stream, slice_of(bytes, n_bytes));
	else
		(void)nghttp2_session_consume(n, id, n_bytes);
	return 0;
}

static int
on_stream_close(nghttp2_session *n, int32_t id, uint32_t error, void *ctx)
{
	struct h2_session *s = ctx;
	void *stream = h2_session_stream(s, id);

	(void)n;
	if (id == s->head_id)
		s->head_id = 0;
	if (is_peers_fault(error) && id != s->reset_id)
		count_reset(s);
	if (stream != NULL)
		s->ops->on_closed(stream, error == NGHTTP2_NO_ERROR);
	return 0;
}

/* --- what nghttp2 tells: sending ------------------------------------------ */

/* A PING overtakes what waits, and its answer must tell that the notice was
 * read: so it follows when that has gone. */
static void
ask_whether_noticed(struct h2_session *s)
{
	if (s->was_pinged)
		return;
	s->was_pinged = true;
	(void)nghttp2_submit_ping(s->nghttp2, NGHTTP2_FLAG_NONE, NULL);
}

static int
on_frame_sent(nghttp2_session *n, const nghttp2_frame *frame, void *ctx)
{
	struct h2_session *s = ctx;
	void *stream;

	if (frame->hd.type == NGHTTP2_GOAWAY &&
	    frame->goaway.error_code != NGHTTP2_NO_ERROR &&
	    s->abuse == H2_ABUSE_NONE)
		s->abuse = H2_ABUSE_PROTOCOL; /* nghttp2 has judged */
	if (frame->hd.type == NGHTTP2_GOAWAY &&
	    frame->goaway.last_stream_id == INT32_MAX)
		ask_whether_noticed(s);
	if ((frame->hd.type != NGHTTP2_HEADERS &&
		frame->hd.type != NGHTTP2_DATA) ||
	    (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
		return 0;
	stream = nghttp2_session_get_stream_user_data(n, frame->hd.stream_id);
	if (stream != NULL)
		s->ops->on_sent(stream);
	return 0;
}

/* --- life ----------------------------------------------------------------- */

static nghttp2_session_callbacks *
new_callbacks(void)
{
	nghttp2_session_callbacks *c;

	if (nghttp2_session_callbacks_new(&c) != 0)
		die("http2: no memory");
	nghttp2_session_callbacks_set_on_begin_headers_callback(
	    c, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(c, on_header);
	nghttp2_session_callbacks_set_on_invalid_header_callback(
	    c, on_invalid_header);
	nghttp2_session_callbacks_set_on_begin_frame_callback(
	    c, on_begin_frame);
	nghttp2_session_callbacks_set_on_frame_recv_callback(c, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
	    c, on_data_chunk);
	nghttp2_session_callbacks_set_on_stream_close_callback(
	    c, on_stream_close);
	nghttp2_session_callbacks_set_send_data_callback(
	    c, h2_session_on_send_data);
	nghttp2_session_callbacks_set_on_frame_send_callback(c, on_frame_sent);
	return c;
}

static nghttp2_option *
new_options(void)
{
	nghttp2_option *o;

	if (nghttp2_option_new(&o) != 0)
		die("http2: no memory");
	nghttp2_option_set_no_auto_window_update(o, 1);
	nghttp2_option_set_max_outbound_ack(o, H2_ACKS_MAX);
	nghttp2_option_set_max_continuations(o, H2_CONTINUATIONS_MAX);
	nghttp2_option_set_no_closed_streams(o, 1);
	/* ours counts more than the frames, so nghttp2's never strikes first */
	nghttp2_option_set_stream_reset_rate_limit(o, UINT64_MAX, 0);
	return o;
}

static void
greet(struct h2_session *s)
{
	static const nghttp2_settings_entry settings[] = {
	    {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, H2_STREAMS_MAX},
	    {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, H2_WINDOW_STREAM},
	    {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, H2_HEAD_MAX},
	    {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
	    {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
	};

	if (nghttp2_submit_settings(s->nghttp2, NGHTTP2_FLAG_NONE, settings,
		COUNT_OF(settings)) != 0 ||
	    nghttp2_session_set_local_window_size(
		s->nghttp2, NGHTTP2_FLAG_NONE, 0, H2_WINDOW_CONNECTION) != 0)
		die("http2: no settings");
}

struct h2_session *
h2_session_new(const struct h2_ops *ops, void *ctx, struct h2_scratch *scratch,
    int64_t now_ms)
{
	struct h2_session *s = xcalloc(1, sizeof(*s));
	nghttp2_session_callbacks *callbacks = new_callbacks();
	nghttp2_option *options = new_options();

	nghttp2_mem memory = h2_session_memory(s);

	s->scratch = scratch;
	s->ops = ops;
	s->ctx = ctx;
	s->now_ms = now_ms;
	h2_limits_init(&s->limits, now_ms);
	s->is_new = true;
	if (nghttp2_session_server_new3(
		&s->nghttp2, callbacks, s, options, &memory) != 0)
		die("http2: no memory");
	s->is_new = false;
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_option_del(options);
	greet(s);
	return s;
}

void
h2_session_free(struct h2_session *s)
{
	if (s == NULL)
		return;
	nghttp2_session_del(s->nghttp2);
	free(s);
}

/* --- bytes ---------------------------------------------------------------- */

static enum h2_abuse
abuse_of(ssize_t error)
{
	if (error == NGHTTP2_ERR_FLOODED)
		return H2_ABUSE_QUEUE;
	if (error == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS)
		return H2_ABUSE_CONTINUATIONS;
	return H2_ABUSE_PROTOCOL;
}

void
h2_session_receive(struct h2_session *s, struct slice bytes, int64_t now_ms)
{
	ssize_t n;

	if (s->abuse != H2_ABUSE_NONE)
		return;
	s->now_ms = now_ms;
	n = nghttp2_session_mem_recv(
	    s->nghttp2, (const uint8_t *)bytes.p, bytes.n);
	assert(n != NGHTTP2_ERR_NOMEM);
	if (n < 0)
		blame(s, abuse_of(n));
	else if (nghttp2_session_get_outbound_queue_size(s->nghttp2) >
		 H2_QUEUE_MAX)
		blame(s, H2_ABUSE_QUEUE);
}

enum h2_abuse
h2_session_abuse(const struct h2_session *s)
{
	return s->abuse;
}

void
h2_session_send(struct h2_session *s)
{
	const uint8_t *bytes;
	ssize_t n = 1;

	h2_scratch_enter(s->scratch);
	while (n > 0 && !s->ops->is_full(s->ctx)) {
		n = nghttp2_session_mem_send(s->nghttp2, &bytes);
		assert(n != NGHTTP2_ERR_NOMEM);
		if (n > 0)
			s->ops->on_write(s->ctx, slice_of(bytes, (size_t)n));
	}
	h2_scratch_leave(s->scratch);
	if (n < 0)
		blame(s, H2_ABUSE_PROTOCOL);
}

bool
h2_session_has_more(struct h2_session *s)
{
	return nghttp2_session_want_write(s->nghttp2) != 0;
}

bool
h2_session_is_over(struct h2_session *s)
{
	return nghttp2_session_want_read(s->nghttp2) == 0 &&
	       nghttp2_session_want_write(s->nghttp2) == 0;
}

/* --- the end -------------------------------------------------------------- */

void
h2_session_notice(struct h2_session *s)
{
	(void)nghttp2_submit_shutdown_notice(s->nghttp2);
}

bool
h2_session_was_noticed(const struct h2_session *s)
{
	return s->was_noticed;
}

void
h2_session_go_away(struct h2_session *s)
{
	(void)nghttp2_submit_goaway(s->nghttp2, NGHTTP2_FLAG_NONE,
	    nghttp2_session_get_last_proc_stream_id(s->nghttp2),
	    NGHTTP2_NO_ERROR, NULL, 0);
}
