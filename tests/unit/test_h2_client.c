/*
 * The client's end of HTTP/2; at the other end frames made by hand.  What is
 * told of a stream is written down as text.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "router/edge/h2_client.h"
#include "tests/unit/test.h"

#define STREAMS 4

/* Fields by their numbers in HPACK's static table, or by new names. */
#define STATUS_200 "\x88"
#define STATUS_103                                                             \
	"\x08\x03"                                                             \
	"103"
#define LENGTH(digit)            "\x0f\x0d\x01" digit
#define FIELD(n, name, m, value) "\x00" n name m value
#define SETTINGS                 "\0\0\0\4\0\0\0\0\0"

struct side;

struct stream {
	struct h2_client_stream h2;
	struct side *side;
	struct buf told;
	struct slice body; /* of the request */
	bool ends;         /* with that */
	bool gives_back;   /* what comes of the response */
	struct headers trailers;
};

struct side {
	struct h2_client *client;
	struct stream streams[STREAMS];
	struct buf out;
	size_t out_max;
};

static struct stream *
stream_of(struct h2_client_stream *s)
{
	return container_of(s, struct stream, h2);
}

/* --- ops ------------------------------------------------------------------ */

static void
tell_headers(struct buf *b, const struct headers *h)
{
	for (size_t i = 0; h != NULL && i < h->n; i++)
		(void)buf_printf(b, " %" SLICE_FMT "=%" SLICE_FMT,
		    SLICE_ARG(h->items[i].name), SLICE_ARG(h->items[i].value));
}

static void
on_interim(struct h2_client_stream *s, const struct response *r)
{
	(void)buf_printf(&stream_of(s)->told, "interim %d", r->status);
	tell_headers(&stream_of(s)->told, &r->headers);
	(void)buf_add_str(&stream_of(s)->told, "\n");
}

static void
on_head(struct h2_client_stream *s, const struct response *r)
{
	(void)buf_printf(&stream_of(s)->told, "head %d%s", r->status,
	    r->has_body ? " +" : "");
	tell_headers(&stream_of(s)->told, &r->headers);
	(void)buf_add_str(&stream_of(s)->told, "\n");
}

static void
on_body(struct h2_client_stream *s, struct slice piece)
{
	struct stream *st = stream_of(s);

	(void)buf_printf(&st->told, "body %" SLICE_FMT "\n", SLICE_ARG(piece));
	if (st->gives_back)
		h2_client_consumed(st->side->client, s, piece.n);
}

static void
on_end(struct h2_client_stream *s, const struct headers *trailers)
{
	(void)buf_add_str(&stream_of(s)->told, "end");
	tell_headers(&stream_of(s)->told, trailers);
	(void)buf_add_str(&stream_of(s)->told, "\n");
	h2_client_reset(stream_of(s)->side->client, s);
}

static void
on_lost(struct h2_client_stream *s, enum h2_client_loss why, const char *cause)
{
	static const char *const words[] = {"unprocessed", "reset", "garbage"};

	(void)buf_printf(&stream_of(s)->told, "lost: %s %s\n", words[why],
	    cause == NULL ? "" : cause);
}

static size_t
on_wanted(struct h2_client_stream *s, char *out, size_t max,
    enum h2_client_more *more)
{
	struct stream *st = stream_of(s);
	size_t n = st->body.n < max ? st->body.n : max;

	memcpy(out, st->body.p, n);
	st->body = slice_from(st->body, n);
	if (st->body.n > 0)
		*more = H2_CLIENT_MORE;
	else
		*more = st->ends ? H2_CLIENT_END : H2_CLIENT_LATER;
	return n;
}

static const struct headers *
trailers(struct h2_client_stream *s)
{
	struct stream *st = stream_of(s);

	return st->trailers.n > 0 ? &st->trailers : NULL;
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

static const struct h2_client_ops ops = {
    .on_interim = on_interim,
    .on_head = on_head,
    .on_body = on_body,
    .on_end = on_end,
    .on_lost = on_lost,
    .on_wanted = on_wanted,
    .trailers = trailers,
    .on_write = on_write,
    .is_full = is_full,
};

/* --- the sides ------------------------------------------------------------ */

static void
frame_bytes(struct side *side, unsigned type, unsigned flags, uint32_t id,
    struct slice payload)
{
	char head[9] = {(char)(payload.n >> 16), (char)(payload.n >> 8),
	    (char)payload.n, (char)type, (char)flags, 0, 0, (char)(id >> 8),
	    (char)id};

	h2_client_receive(side->client, slice_of(head, sizeof(head)));
	h2_client_receive(side->client, payload);
	h2_client_send(side->client);
}

#define frame(side, type, flags, id, literal)                                  \
	frame_bytes(                                                           \
	    side, type, flags, id, slice_of(literal, sizeof(literal) - 1))

enum {
	DATA = 0,
	HEADERS = 1,
	RST = 3,
	SETTINGS_FRAME = 4,
	GOAWAY = 7
};
enum {
	END_STREAM = 1,
	END_HEADERS = 4,
	BOTH = 5
};

static int
set_up(void **state)
{
	struct side *side = xcalloc(1, sizeof(*side));

	buf_init(&side->out, 1 << 22);
	side->out_max = 1 << 22;
	side->client = h2_client_new(&ops, side);
	for (size_t i = 0; i < STREAMS; i++) {
		side->streams[i].side = side;
		side->streams[i].ends = true;
		side->streams[i].gives_back = true;
		side->streams[i].body = SLICE("");
		buf_init(&side->streams[i].told, 1 << 20);
	}
	frame(side, SETTINGS_FRAME, 0, 0, "");
	*state = side;
	return 0;
}

static int
tear_down(void **state)
{
	struct side *side = *state;

	h2_client_free(side->client);
	buf_clear(&side->out);
	for (size_t i = 0; i < STREAMS; i++)
		buf_clear(&side->streams[i].told);
	free(side);
	return 0;
}

static void
ask(struct side *side, size_t i, const char *method, int64_t length)
{
	static struct header items[] = {
	    {{"Host", 4}, {"shop.example", 12}},
	    {{"X-Mixed", 7}, {"Case", 4}},
	};
	struct headers headers = {items, COUNT_OF(items), COUNT_OF(items)};
	struct request r = {
	    .method = slice_str(method),
	    .target = SLICE("/path"),
	    .host = SLICE("shop.example"),
	    .content_length = length,
	    .has_body = length != -1,
	};

	assert_int_equal(
	    h2_client_request(side->client, &r, &headers, &side->streams[i].h2),
	    ERR_OK);
	h2_client_send(side->client);
}

static void
assert_told(struct stream *st, const char *expected)
{
	(void)buf_add_char(&st->told, '\0');
	assert_string_equal(buf_slice(&st->told).p, expected);
	buf_reset(&st->told);
}

/* Frames of that type that wait to be sent, on any stream; the last payload. */
static size_t
sent(struct side *side, unsigned type, struct slice *last)
{
	struct slice rest = buf_slice(&side->out);
	struct slice preface = SLICE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	size_t n = 0;

	if (slice_starts_with(rest, preface))
		rest = slice_from(rest, preface.n);
	while (rest.n >= 9) {
		const uint8_t *p = (const uint8_t *)rest.p;
		size_t length = (size_t)p[0] << 16 | (size_t)p[1] << 8 | p[2];

		if (p[3] == type) {
			n++;
			if (last != NULL)
				*last = slice_of(rest.p + 9, length);
		}
		rest = slice_from(rest, 9 + length);
	}
	return n;
}

/* --- tests ---------------------------------------------------------------- */

static void
a_response_is_told_in_its_order(void **state)
{
	struct side *side = *state;
	struct stream *st = &side->streams[0];

	ask(side, 0, "GET", -1);
	frame(side, HEADERS, END_HEADERS, 1,
	    STATUS_103 FIELD("\x04", "link", "\x01", "a"));
	frame(side, HEADERS, END_HEADERS, 1, STATUS_200 LENGTH("5"));
	frame(side, DATA, 0, 1, "hel");
	frame(side, DATA, END_STREAM, 1, "lo");
	assert_told(st, "interim 103 link=a\n"
			"head 200 + content-length=5\n"
			"body hel\nbody lo\nend\n");
	assert_int_equal(sent(side, RST, NULL), 0);
}

static void
trailers_pass_and_those_that_frame_do_not(void **state)
{
	struct side *side = *state;

	ask(side, 0, "POST", 0);
	frame(side, HEADERS, END_HEADERS, 1, STATUS_200);
	frame(side, DATA, 0, 1, "x");
	frame(side, HEADERS, BOTH, 1,
	    FIELD("\x0b", "grpc-status", "\x01", "0")
		FIELD("\x0c", "content-type", "\x01", "a"));
	assert_told(
	    &side->streams[0], "head 200 +\nbody x\nend grpc-status=0\n");
	ask(side, 1, "GET", -1);
	frame(side, HEADERS, BOTH, 3,
	    STATUS_200 FIELD("\x0b", "grpc-status", "\x01", "5"));
	assert_told(&side->streams[1], "head 200 grpc-status=5\nend\n");
}

static void
responses_without_a_body_are_told_so(void **state)
{
	struct side *side = *state;

	ask(side, 0, "HEAD", -1);
	frame(side, HEADERS, BOTH, 1, STATUS_200 LENGTH("5"));
	assert_told(&side->streams[0], "head 200 content-length=5\nend\n");
}

static void
a_body_goes_as_it_comes_and_ends_with_trailers(void **state)
{
	static struct header items[] = {{{"X-Sum", 5}, {"77", 2}}};
	struct side *side = *state;
	struct stream *st = &side->streams[0];
	struct slice payload = SLICE("");

	st->ends = false;
	ask(side, 0, "POST", -2);
	assert_int_equal(sent(side, DATA, NULL), 0);
	st->body = SLICE("abc");
	h2_client_resume(side->client, &st->h2);
	h2_client_send(side->client);
	assert_int_equal(sent(side, DATA, &payload), 1);
	assert_true(slice_eq(payload, SLICE("abc")));
	st->ends = true;
	st->trailers = (struct headers){items, 1, 1};
	h2_client_resume(side->client, &st->h2);
	h2_client_send(side->client);
	assert_int_equal(sent(side, HEADERS, &payload), 2);
	assert_true(payload.n > 0);
}

static void
a_full_wire_gets_no_more(void **state)
{
	struct side *side = *state;
	static char big[60000];

	buf_reset(&side->out);
	side->out_max = 0;
	side->streams[0].body = slice_of(big, sizeof(big));
	ask(side, 0, "POST", sizeof(big));
	assert_true(side->out.len > 0);
	assert_true(side->out.len < 20000);
	side->out_max = 1 << 20;
	h2_client_send(side->client);
	assert_true(side->out.len > sizeof(big));
}

static void
windows_open_only_for_what_was_taken(void **state)
{
	static char piece[16000];
	struct side *side = *state;

	side->streams[0].gives_back = false;
	ask(side, 0, "GET", -1);
	ask(side, 1, "GET", -1);
	frame(side, HEADERS, END_HEADERS, 1, STATUS_200);
	frame(side, HEADERS, END_HEADERS, 3, STATUS_200);
	buf_reset(&side->out);
	for (int i = 0; i < 16; i++)
		frame_bytes(side, DATA, 0, 1, slice_of(piece, sizeof(piece)));
	assert_int_equal(
	    sent(side, 8, NULL), 0); /* the connection's is wider */
	for (int i = 0; i < 60; i++)
		frame_bytes(side, DATA, 0, 3, slice_of(piece, sizeof(piece)));
	assert_true(sent(side, 8, NULL) > 3);
	assert_false(h2_client_is_over(side->client));
	frame_bytes(side, DATA, 0, 1, slice_of(piece, sizeof(piece)));
	buf_clear(&side->streams[0].told);
	/* beyond its window: it loses the stream, or all */
	frame_bytes(side, DATA, 0, 1, slice_of(piece, sizeof(piece)));
	assert_true(side->streams[0].told.len == 0 ||
		    slice_starts_with(
			buf_slice(&side->streams[0].told), SLICE("lost")));
}

static void
losses_are_told_apart(void **state)
{
	struct side *side = *state;

	for (size_t i = 0; i < 3; i++)
		ask(side, i, "GET", -1);
	frame(side, RST, 0, 1, "\0\0\0\7"); /* refused */
	frame(side, RST, 0, 3, "\0\0\0\2");
	frame(side, HEADERS, END_HEADERS, 5,
	    STATUS_200 FIELD("\x05", "Upper", "\x01", "x"));
	ask(side, 3, "GET", -1);
	frame(side, HEADERS, BOTH, 7,
	    "\x08\x03"
	    "051");
	assert_told(&side->streams[3], "lost: garbage \n");
	assert_told(&side->streams[0], "lost: unprocessed \n");
	assert_told(&side->streams[1], "lost: reset INTERNAL_ERROR\n");
	assert_told(&side->streams[2], "lost: garbage \n");
}

static void
a_length_that_lies_is_no_end(void **state)
{
	struct side *side = *state;

	ask(side, 0, "GET", -1);
	frame(side, HEADERS, END_HEADERS, 1, STATUS_200 LENGTH("5"));
	frame(side, DATA, END_STREAM, 1, "four");
	assert_told(&side->streams[0], "head 200 + content-length=5\n"
				       "body four\nlost: garbage \n");
}

static void
who_leaves_finishes_and_takes_nothing_new(void **state)
{
	struct side *side = *state;

	ask(side, 0, "GET", -1);
	ask(side, 1, "GET", -1);
	assert_true(h2_client_has_room(side->client, 2));
	frame(side, GOAWAY, 0, 0, "\0\0\0\1\0\0\0\0");
	assert_told(&side->streams[1], "lost: unprocessed \n");
	assert_false(h2_client_has_room(side->client, 0));
	assert_false(h2_client_is_over(side->client));
	frame(side, HEADERS, BOTH, 1, STATUS_200);
	assert_told(&side->streams[0], "head 200\nend\n");
	assert_true(h2_client_is_over(side->client));
}

static void
it_says_how_many_it_takes(void **state)
{
	struct side *side = *state;

	assert_true(h2_client_has_room(side->client, H2_CLIENT_STREAMS - 1));
	assert_false(h2_client_has_room(side->client, H2_CLIENT_STREAMS));
	frame(side, SETTINGS_FRAME, 0, 0, "\0\3\0\0\0\2");
	assert_true(h2_client_has_room(side->client, 1));
	assert_false(h2_client_has_room(side->client, 2));
}

static void
a_stream_that_is_reset_is_not_told_of(void **state)
{
	struct side *side = *state;
	struct slice payload = SLICE("");

	ask(side, 0, "GET", -1);
	h2_client_reset(side->client, &side->streams[0].h2);
	h2_client_send(side->client);
	assert_int_equal(sent(side, RST, &payload), 1);
	assert_true(slice_eq(payload, slice_of("\0\0\0\x8", 4)));
	frame(side, HEADERS, BOTH, 1, STATUS_200);
	assert_told(&side->streams[0], "");
}

static void
what_is_no_http2_is_the_end(void **state)
{
	static const char *const cases[] = {
	    "HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n"};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		void *other = NULL;
		struct side *side;

		(void)state;
		assert_int_equal(set_up(&other), 0);
		side = other;
		h2_client_free(side->client);
		side->client = h2_client_new(&ops, side);
		ask(side, 0, "GET", -1);
		h2_client_receive(side->client, slice_str(cases[i]));
		h2_client_send(side->client);
		assert_true(h2_client_is_over(side->client));
		assert_int_equal(tear_down(&other), 0);
	}
}

static void
a_head_past_every_limit_costs_its_stream(void **state)
{
	static char field[] = FIELD("\x01", "a", "\x01", "b");
	struct side *side = *state;
	struct buf block;

	buf_init(&block, 1 << 20);
	(void)buf_add_str(&block, STATUS_200);
	for (int i = 0; i < 200; i++)
		(void)buf_add(&block, slice_of(field, sizeof(field) - 1));
	ask(side, 0, "GET", -1);
	frame_bytes(side, HEADERS, BOTH, 1, buf_slice(&block));
	assert_told(&side->streams[0], "lost: garbage \n");
	assert_false(h2_client_is_over(side->client));
	buf_clear(&block);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_response_is_told_in_its_order),
	    TEST(trailers_pass_and_those_that_frame_do_not),
	    TEST(responses_without_a_body_are_told_so),
	    TEST(a_body_goes_as_it_comes_and_ends_with_trailers),
	    TEST(a_full_wire_gets_no_more),
	    TEST(windows_open_only_for_what_was_taken),
	    TEST(losses_are_told_apart),
	    TEST(a_length_that_lies_is_no_end),
	    TEST(who_leaves_finishes_and_takes_nothing_new),
	    TEST(it_says_how_many_it_takes),
	    TEST(a_stream_that_is_reset_is_not_told_of),
	    TEST(what_is_no_http2_is_the_end),
	    TEST(a_head_past_every_limit_costs_its_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
