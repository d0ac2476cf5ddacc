/* What a peer may send without end, and does not. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/http1.h"
#include "base/mem.h"
#include "tests/unit/test.h"

#define POST    "POST / HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

/* A request with n fields beside Host, each value_n bytes. */
static char *
request_with(size_t n, size_t value_n)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	(void)buf_add_str(&b, "GET / HTTP/1.1\r\nHost: a\r\n");
	for (size_t i = 0; i < n; i++) {
		(void)buf_add_str(&b, "X: ");
		for (size_t v = 0; v < value_n; v++)
			(void)buf_add_char(&b, 'v');
		(void)buf_add_str(&b, "\r\n");
	}
	(void)buf_add_str(&b, "\r\n");
	return buf_take(&b);
}

static enum http1_cause
cause_of(const char *text)
{
	struct http1 *h = http1_new(HTTP1_REQUEST);
	struct http1_head head;
	enum http1_cause why;
	size_t used;

	(void)!http1_head(h, slice_str(text), &head, &used);
	why = http1_why(h);
	http1_free(h);
	return why;
}

static void
a_head_has_at_most_128_fields_and_64k(void **state)
{
	static const struct {
		size_t n, value_n;
		enum http1_cause why;
	} cases[] = {{127, 1, HTTP1_FINE}, {128, 1, HTTP1_HEAD_TOO_LARGE},
	    {1, HTTP1_HEAD_MAX - 32, HTTP1_FINE},
	    {1, HTTP1_HEAD_MAX - 31, HTTP1_HEAD_TOO_LARGE}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char *text = request_with(cases[i].n, cases[i].value_n);

		assert_int_equal(cause_of(text), cases[i].why);
		free(text);
	}
}

static void
an_endless_line_is_refused_at_the_limit(void **state)
{
	struct http1 *h = http1_new(HTTP1_REQUEST);
	char *text = xmalloc(HTTP1_HEAD_MAX);
	struct http1_head head;
	size_t used;

	(void)state;
	memset(text, 'G', HTTP1_HEAD_MAX);
	assert_int_equal(
	    http1_head(h, slice_of(text, HTTP1_HEAD_MAX - 1), &head, &used),
	    ERR_AGAIN);
	assert_int_equal(
	    http1_head(h, slice_of(text, HTTP1_HEAD_MAX), &head, &used),
	    ERR_SYNTAX);
	assert_int_equal(http1_why(h), HTTP1_HEAD_TOO_LARGE);
	/* and stays refused */
	assert_int_equal(
	    http1_head(h, slice_of(text, 1), &head, &used), ERR_SYNTAX);
	free(text);
	http1_free(h);
}

/* A reader in the midst of a chunked body is given `n` times `text`. */
static enum err
feed_chunks(const char *text, size_t n)
{
	struct http1 *h = http1_new(HTTP1_REQUEST);
	struct http1_head head;
	struct slice piece;
	enum err e;
	size_t used;
	bool end;

	e = http1_head(h, SLICE(CHUNKED), &head, &used);
	for (size_t i = 0; i < n && e == ERR_OK; i++) {
		struct slice in = slice_str(text);

		while (in.n > 0 && e == ERR_OK) {
			e = http1_body(h, in, &piece, &used, &end);
			in = slice_from(in, used);
		}
	}
	http1_free(h);
	return e;
}

static void
framing_has_a_limit_and_data_has_none(void **state)
{
	(void)state;
	assert_int_equal(feed_chunks("1\r\nx\r\n", 100000), ERR_OK);
	assert_int_equal(feed_chunks("1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
				     "aaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n",
			     100000),
	    ERR_SYNTAX);
	assert_int_equal(feed_chunks("1;", 1), ERR_OK);
	assert_int_equal(feed_chunks("0\r\n", 1), ERR_OK);
}

static void
endless_trailers_are_refused(void **state)
{
	struct http1 *h = http1_new(HTTP1_REQUEST);
	struct slice in = SLICE("0\r\n"), piece;
	struct http1_head head;
	size_t used, fed = 0;
	enum err e;
	bool end;

	(void)state;
	assert_int_equal(http1_head(h, SLICE(CHUNKED), &head, &used), ERR_OK);
	for (e = ERR_OK; e == ERR_OK && fed < 1 << 20; fed += in.n) {
		e = http1_body(h, in, &piece, &used, &end);
		in = SLICE("A: b\r\n");
	}
	assert_int_equal(e, ERR_SYNTAX);
	assert_int_equal(http1_why(h), HTTP1_BAD_FRAMING);
	assert_in_range(fed / 6, HTTP1_TRAILERS_MAX, HTTP1_TRAILERS_MAX + 2);
	http1_free(h);
}

static void
an_endless_trailer_is_refused(void **state)
{
	struct http1 *h = http1_new(HTTP1_REQUEST);
	struct slice in = SLICE("0\r\nA: "), piece;
	struct http1_head head;
	size_t used, fed = 0;
	enum err e;
	bool end;

	(void)state;
	assert_int_equal(http1_head(h, SLICE(CHUNKED), &head, &used), ERR_OK);
	for (e = ERR_OK; e == ERR_OK && fed < 1 << 20; fed += in.n) {
		e = http1_body(h, in, &piece, &used, &end);
		in = SLICE("bbbbbbbb");
	}
	assert_int_equal(e, ERR_SYNTAX);
	assert_in_range(fed, 8192, 20000);
	http1_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_head_has_at_most_128_fields_and_64k),
	    cmocka_unit_test(an_endless_line_is_refused_at_the_limit),
	    cmocka_unit_test(framing_has_a_limit_and_data_has_none),
	    cmocka_unit_test(endless_trailers_are_refused),
	    cmocka_unit_test(an_endless_trailer_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
