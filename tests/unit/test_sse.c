#include <stdlib.h>

#include "admin-tui/sse.h"
#include "base/mem.h"
#include "tests/unit/test.h"

/* Every event's data behind the other, each closed by '|'. */
static void
note(void *ctx, struct slice data)
{
	buf_add(ctx, data);
	buf_add_char(ctx, '|');
}

/* What a stream gives when it comes in pieces of `step` bytes. */
static void
assert_events(const char *stream, size_t step, const char *expected)
{
	struct sse s;
	struct buf seen;
	struct slice rest = slice_str(stream);
	sse_init(&s);
	buf_init(&seen, 4096);
	while (rest.n > 0) {
		struct slice piece = rest;
		if (piece.n > step)
			piece.n = step;
		assert_int_equal(sse_feed(&s, piece, note, &seen), ERR_OK);
		rest = slice_from(rest, piece.n);
	}
	assert_true(slice_eq(buf_slice(&seen), slice_str(expected)));
	buf_clear(&seen);
	sse_clear(&s);
}

static void
data_of_each_event_comes_whole_however_it_is_cut(void **state)
{
	static const struct {
		const char *stream, *expected;
	} cases[] = {
	    {"data: {\"a\":1}\n\n", "{\"a\":1}|"},
	    {"id: 7\nevent: x\ndata: one\n\ndata:two\n\n", "one|two|"},
	    {"data: one\ndata: more\n\n", "one\nmore|"},
	    {"data: one\r\n\r\ndata: two\r\n\r\n", "one|two|"},
	    {"data: one\r\rdata: two\r\r", "one|two|"},
	    {": keep-alive\n\n: again\n\n", ""},
	    {"data: cut off", ""},
	    {"data: cut off\n", ""},
	    {"retry: 5\n\n\n\n", ""},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		for (size_t step = 1; step < 40; step += 6)
			assert_events(cases[i].stream, step, cases[i].expected);
}

static void
a_line_past_the_limit_ends_the_stream(void **state)
{
	struct sse s;
	char *piece = xmalloc(SSE_LINE_MAX);
	(void)state;
	memset(piece, 'x', SSE_LINE_MAX);
	sse_init(&s);
	assert_int_equal(
	    sse_feed(&s, slice_of(piece, SSE_LINE_MAX), note, NULL), ERR_OK);
	assert_int_equal(sse_feed(&s, SLICE("y"), note, NULL), ERR_TOO_BIG);
	sse_clear(&s);
	free(piece);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(data_of_each_event_comes_whole_however_it_is_cut),
	    cmocka_unit_test(a_line_past_the_limit_ends_the_stream),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
