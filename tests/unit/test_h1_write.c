#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "router/edge/h1_write.h"
#include "tests/unit/test.h"

static struct header fields[] = {
    {{"Host", 4}, {"a.example", 9}},
    {{"X-Empty", 7}, {"", 0}},
};
static const struct headers headers = {fields, 2, 2};

static void
assert_text(struct buf *b, const char *expected)
{
	char *text = buf_take(b);

	assert_string_equal(text, expected);
	free(text);
}

static void
requests_are_written_with_their_framing(void **state)
{
	static const struct {
		enum h1_framing framing;
		int64_t length;
		const char *line;
	} cases[] = {
	    {H1_NO_BODY, -1, ""},
	    {H1_LENGTH, 5, "Content-Length: 5\r\n"},
	    {H1_CHUNKED, -1, "Transfer-Encoding: chunked\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct request r = {.method = SLICE("POST"),
		    .target = SLICE("/a?b"),
		    .content_length = cases[i].length};
		char expected[256];
		struct buf b;

		(void)snprintf(expected, sizeof(expected),
		    "POST /a?b HTTP/1.1\r\nHost: a.example\r\nX-Empty: \r\n"
		    "%s\r\n",
		    cases[i].line);
		buf_init(&b, 4096);
		assert_int_equal(
		    h1_write_request(&b, &r, &headers, cases[i].framing),
		    ERR_OK);
		assert_text(&b, expected);
	}
}

static void
responses_say_how_they_end(void **state)
{
	static const struct {
		struct h1_response_options options;
		const char *lines;
	} cases[] = {
	    {{.framing = H1_LENGTH}, "Content-Length: 0\r\n"},
	    {{.framing = H1_NO_BODY, .length = -1}, ""},
	    {{.framing = H1_NO_BODY, .length = 9}, "Content-Length: 9\r\n"},
	    {{.framing = H1_CHUNKED, .length = -1},
		"Transfer-Encoding: chunked\r\n"},
	    {{.framing = H1_UNTIL_CLOSE, .close = true, .keep_alive = true},
		"Connection: close\r\n"},
	    {{.framing = H1_LENGTH, .length = 3, .keep_alive = true},
		"Content-Length: 3\r\nConnection: keep-alive\r\n"},
	    {{.framing = H1_NO_BODY, .length = -1, .upgrade = SLICE("a/1")},
		"Connection: Upgrade\r\nUpgrade: a/1\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct response r = {.status = 200};
		char expected[256];
		struct buf b;

		(void)snprintf(expected, sizeof(expected),
		    "HTTP/1.1 200 OK\r\n%s\r\n", cases[i].lines);
		buf_init(&b, 4096);
		assert_int_equal(
		    h1_write_response(&b, &r, &cases[i].options), ERR_OK);
		assert_text(&b, expected);
	}
}

static void
an_apps_own_reason_is_kept(void **state)
{
	struct h1_response_options o = {.framing = H1_NO_BODY, .length = -1};
	struct response r = {.status = 299, .reason = SLICE("So So")};
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	assert_int_equal(h1_write_response(&b, &r, &o), ERR_OK);
	assert_text(&b, "HTTP/1.1 299 So So\r\n\r\n");
}

static void
a_head_past_the_limit_is_told(void **state)
{
	struct request r = {.method = SLICE("GET"), .target = SLICE("/")};
	struct buf b;

	(void)state;
	buf_init(&b, 30);
	assert_int_equal(
	    h1_write_request(&b, &r, &headers, H1_NO_BODY), ERR_TOO_BIG);
	buf_clear(&b);
}

static void
chunk_sizes_are_hexadecimal(void **state)
{
	char out[H1_CHUNK_HEAD_SIZE];

	(void)state;
	assert_true(slice_eq(h1_chunk_head(1, out), SLICE("1\r\n")));
	assert_true(slice_eq(h1_chunk_head(65535, out), SLICE("ffff\r\n")));
	assert_true(slice_eq(
	    h1_chunk_head(SIZE_MAX, out), SLICE("ffffffffffffffff\r\n")));
}

static void
a_parsed_head_moves_with_its_copy(void **state)
{
	static const char text[] =
	    "GET / HTTP/1.1\r\nHost: a.example\r\nX-A: 1\r\n\r\n";
	struct slice original = slice_str(text), copy;
	struct http1 *reader = http1_new(HTTP1_REQUEST);
	struct http1_head head;
	struct headers h;
	struct arena a;
	size_t used;

	(void)state;
	arena_init(&a, 4096);
	assert_int_equal(http1_head(reader, original, &head, &used), ERR_OK);
	copy = arena_copy(&a, original);
	h = h1_headers(&a, &head, original, copy);
	assert_int_equal(h.n, 2);
	for (size_t i = 0; i < h.n; i++) {
		assert_true(slice_eq(h.items[i].value, head.fields[i].value));
		assert_true(h.items[i].value.p >= copy.p &&
			    h.items[i].value.p < copy.p + copy.n);
	}
	assert_true(
	    slice_eq(h1_moved(head.method, original, copy), SLICE("GET")));
	http1_free(reader);
	arena_clear(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(requests_are_written_with_their_framing),
	    cmocka_unit_test(responses_say_how_they_end),
	    cmocka_unit_test(an_apps_own_reason_is_kept),
	    cmocka_unit_test(a_head_past_the_limit_is_told),
	    cmocka_unit_test(chunk_sizes_are_hexadecimal),
	    cmocka_unit_test(a_parsed_head_moves_with_its_copy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
