#ifndef TESTS_UNIT_H2_WIRE_H
#define TESTS_UNIT_H2_WIRE_H
/*
 * For tests of HTTP/2 sessions: one at one end of a wire of two buffers; at the
 * other nghttp2's client, or frames made by hand.
 */
#include <nghttp2/nghttp2.h>

#include "base/buf.h"
#include "base/mem.h"
#include "router/edge/h2_session.h"
#include "tests/unit/test.h"

#define STREAMS 8

struct stream {
	struct side *side;
	int32_t id;
	int n_fields, n_ends, n_sent, n_closed;
	bool has_head, ended_at_head, is_whole;
	struct buf received;
	/* the response */
	struct slice body;
	size_t given; /* of it may be taken */
	bool is_complete, wants_trailers;
};

struct side {
	struct h2_session *session;
	struct stream streams[STREAMS];
	size_t n_streams;
	struct buf out;
	size_t out_max;
	int fields_max;
	bool answers; /* every request at once */
};

/* --- ops ------------------------------------------------------------------ */

static void *
on_stream(void *ctx, int32_t id)
{
	struct side *side = ctx;
	struct stream *st = &side->streams[side->n_streams++ % STREAMS];

	buf_clear(&st->received);
	*st = (struct stream){.side = side, .id = id};
	buf_init(&st->received, 1 << 20);
	return st;
}

static bool
on_field(void *stream, struct slice name, struct slice value)
{
	struct stream *st = stream;

	(void)name;
	(void)value;
	return ++st->n_fields <= st->side->fields_max;
}

static void
answer(struct stream *st, const char *body, bool is_complete)
{
	struct response r = {.status = 200, .content_length = -1};

	st->body = slice_str(body);
	st->given = st->body.n;
	st->is_complete = is_complete;
	assert_int_equal(h2_session_respond(st->side->session, st->id, &r,
			     body[0] != '\0' || !is_complete),
	    ERR_OK);
}

static void
on_head(void *stream, bool ends)
{
	struct stream *st = stream;

	st->has_head = true;
	st->ended_at_head = ends;
	if (st->side->answers)
		answer(st, "", true);
}

static void
on_data(void *stream, struct slice piece)
{
	struct stream *st = stream;

	assert_int_equal(buf_add(&st->received, piece), ERR_OK);
}

static void
on_end(void *stream)
{
	((struct stream *)stream)->n_ends++;
}

static void
on_sent(void *stream)
{
	((struct stream *)stream)->n_sent++;
}

static void
on_closed(void *stream, bool is_whole)
{
	struct stream *st = stream;

	st->n_closed++;
	st->is_whole = is_whole;
}

static enum h2_more
on_wanted(void *stream, size_t max, struct slice *piece)
{
	static struct header field = {{"X-Last", 6}, {"1", 1}};
	struct headers trailers = {&field, 1, 1};
	struct stream *st = stream;

	*piece = (struct slice){st->body.p, st->given};
	if (piece->n > max)
		piece->n = max;
	if (piece->n < st->body.n || !st->is_complete)
		return piece->n == 0 ? H2_LATER : H2_MORE;
	if (!st->wants_trailers)
		return H2_END;
	assert_int_equal(
	    h2_session_trailers(st->side->session, st->id, &trailers), ERR_OK);
	return H2_TRAILERS;
}

static void
on_taken(void *stream, size_t n)
{
	struct stream *st = stream;

	st->body = slice_from(st->body, n);
	st->given -= n;
}

static void
on_write(void *ctx, struct slice bytes)
{
	struct side *side = ctx;

	assert_int_equal(buf_add(&side->out, bytes), ERR_OK);
}

static bool
is_full(void *ctx)
{
	struct side *side = ctx;

	return side->out.len > side->out_max;
}

static const struct h2_ops ops = {
    .on_stream = on_stream,
    .on_field = on_field,
    .on_head = on_head,
    .on_data = on_data,
    .on_end = on_end,
    .on_sent = on_sent,
    .on_closed = on_closed,
    .on_wanted = on_wanted,
    .on_taken = on_taken,
    .on_write = on_write,
    .is_full = is_full,
};

/* --- the wire ------------------------------------------------------------- */

struct wire {
	struct side server;
	struct h2_scratch *scratch;
	nghttp2_session *client;
	int status;
	char trailer[16];
	struct buf body;
	uint32_t reset, goaway;
	int n_goaways, n_ended;
	int32_t goaway_last;
};

/* NOLINTBEGIN(readability-function-size): the parameters are nghttp2's */
static int
on_client_header(nghttp2_session *n, const nghttp2_frame *frame,
    const uint8_t *name, size_t n_name, const uint8_t *value, size_t n_value,
    uint8_t flags, void *ctx)
{
	struct wire *w = ctx;

	(void)n;
	(void)flags;
	(void)frame;
	(void)n_value;
	if (slice_eq(slice_of(name, n_name), SLICE(":status")))
		w->status = (value[0] - '0') * 100 + (value[1] - '0') * 10 +
			    (value[2] - '0');
	if (slice_eq(slice_of(name, n_name), SLICE("x-last")))
		w->trailer[0] = (char)value[0];
	return 0;
}
/* NOLINTEND(readability-function-size) */

static int
on_client_data(nghttp2_session *n, uint8_t flags, int32_t id,
    const uint8_t *bytes, size_t size, void *ctx)
{
	struct wire *w = ctx;

	(void)n;
	(void)flags;
	(void)id;
	return buf_add(&w->body, slice_of(bytes, size)) == ERR_OK ? 0 : -1;
}

static int
on_client_frame(nghttp2_session *n, const nghttp2_frame *frame, void *ctx)
{
	struct wire *w = ctx;

	(void)n;
	if (frame->hd.type == NGHTTP2_RST_STREAM)
		w->reset = frame->rst_stream.error_code + 1;
	if (frame->hd.type == NGHTTP2_GOAWAY) {
		w->goaway = frame->goaway.error_code;
		w->goaway_last = frame->goaway.last_stream_id;
		w->n_goaways++;
	}
	if ((frame->hd.type == NGHTTP2_HEADERS ||
		frame->hd.type == NGHTTP2_DATA) &&
	    (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
		w->n_ended++;
	return 0;
}

static void
open_wire(struct wire *w, uint32_t window)
{
	nghttp2_settings_entry settings[] = {
	    {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window}};
	nghttp2_session_callbacks *callbacks;

	*w = (struct wire){0};
	buf_init(&w->body, 1 << 22);
	buf_init(&w->server.out, 1 << 22);
	w->server.out_max = 1 << 20;
	w->server.fields_max = 100;
	w->scratch = h2_scratch_new();
	w->server.session = h2_session_new(&ops, &w->server, w->scratch, 1000);
	assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
	nghttp2_session_callbacks_set_on_header_callback(
	    callbacks, on_client_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
	    callbacks, on_client_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(
	    callbacks, on_client_frame);
	assert_int_equal(
	    nghttp2_session_client_new(&w->client, callbacks, w), 0);
	nghttp2_session_callbacks_del(callbacks);
	assert_int_equal(nghttp2_submit_settings(w->client, 0, settings, 1), 0);
}

static void
close_wire(struct wire *w)
{
	h2_session_free(w->server.session);
	h2_scratch_free(w->scratch);
	nghttp2_session_del(w->client);
	for (size_t i = 0; i < STREAMS; i++)
		buf_clear(&w->server.streams[i].received);
	buf_clear(&w->server.out);
	buf_clear(&w->body);
}

static void
to_server(struct wire *w, struct slice bytes)
{
	h2_session_receive(w->server.session, bytes, 1000);
}

/* One way and the other. */
static bool
carry(struct wire *w)
{
	const uint8_t *bytes;
	ssize_t n;
	bool did = false;

	while ((n = nghttp2_session_mem_send(w->client, &bytes)) > 0) {
		to_server(w, slice_of(bytes, (size_t)n));
		did = true;
	}
	h2_session_send(w->server.session);
	if (w->server.out.len > 0) {
		struct slice out = buf_slice(&w->server.out);

		did = true;
		assert_int_equal(nghttp2_session_mem_recv(
				     w->client, (const uint8_t *)out.p, out.n),
		    (ssize_t)out.n);
		buf_reset(&w->server.out);
	}
	return did;
}

static void
settle(struct wire *w)
{
	while (carry(w))
		;
}

/* NOLINTBEGIN(readability-function-size): the parameters are nghttp2's */
static ssize_t
read_body(nghttp2_session *n, int32_t id, uint8_t *to, size_t max,
    uint32_t *flags, nghttp2_data_source *source, void *ctx)
{
	struct slice *left = source->ptr;
	size_t size = left->n < max ? left->n : max;

	(void)n;
	(void)id;
	(void)ctx;
	memcpy(to, left->p, size);
	*left = slice_from(*left, size);
	if (left->n == 0)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)size;
}
/* NOLINTEND(readability-function-size) */

static nghttp2_nv
nv(const char *name, const char *value)
{
	return (nghttp2_nv){
	    (uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), 0};
}

static struct stream *
request(struct wire *w, struct slice *body)
{
	nghttp2_nv head[] = {nv(":method", "POST"), nv(":scheme", "https"),
	    nv(":authority", "a.example"), nv(":path", "/")};
	nghttp2_data_provider provider = {{.ptr = body}, read_body};
	size_t before = w->server.n_streams;

	assert_true(
	    nghttp2_submit_request(w->client, NULL, head, COUNT_OF(head),
		body == NULL ? NULL : &provider, NULL) > 0);
	settle(w);
	assert_int_equal(w->server.n_streams, before + 1);
	return &w->server.streams[before % STREAMS];
}

#endif
