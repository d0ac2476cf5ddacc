#include <stdlib.h>

#include "base/buf.h"
#include "tests/unit/test.h"

static void
bytes_come_out_in_the_order_they_went_in(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_true(slice_eq(buf_slice(&b), SLICE("")));
	assert_int_equal(buf_add(&b, slice_of(NULL, 0)), ERR_OK);
	assert_int_equal(buf_add_str(&b, "abc"), ERR_OK);
	assert_int_equal(buf_add_char(&b, 'd'), ERR_OK);
	assert_int_equal(buf_printf(&b, "%d", 42), ERR_OK);
	buf_consume(&b, 2);
	assert_int_equal(buf_add(&b, SLICE("x\0y")), ERR_OK);
	assert_true(slice_eq(buf_slice(&b), SLICE("cd42x\0y")));
	buf_clear(&b);
}

static void
an_add_past_the_limit_adds_nothing_and_is_remembered(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	assert_int_equal(buf_add_str(&b, "abc"), ERR_OK);
	assert_false(buf_failed(&b));
	assert_int_equal(buf_add_str(&b, "de"), ERR_TOO_BIG);
	assert_int_equal(buf_printf(&b, "%s", "de"), ERR_TOO_BIG);
	assert_null(buf_room(&b, 2));
	assert_true(buf_failed(&b));
	assert_int_equal(buf_printf(&b, "%s", "d"), ERR_OK);
	assert_true(slice_eq(buf_slice(&b), SLICE("abcd")));
	assert_true(buf_failed(&b));
	buf_reset(&b);
	assert_false(buf_failed(&b));
	assert_int_equal(b.len, 0);
	buf_clear(&b);
}

static void
a_long_stream_through_a_small_window_stays_small(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 512);
	for (int i = 0; i < 10000; i++) {
		assert_int_equal(buf_printf(&b, "%06d", i), ERR_OK);
		if (b.len > 300)
			buf_consume(&b, 290);
		assert_true(b.cap <= 512);
	}
	assert_true(slice_ends_with(buf_slice(&b), SLICE("009999")));
	buf_clear(&b);
}

static void
room_is_written_in_place(void **state)
{
	struct buf b;
	char *room;

	(void)state;
	buf_init(&b, 5000);
	assert_int_equal(buf_add_str(&b, "a"), ERR_OK);
	room = buf_room(&b, 4000);
	assert_non_null(room);
	memset(room, 'b', 4000);
	buf_added(&b, 3);
	assert_true(slice_eq(buf_slice(&b), SLICE("abbb")));
	buf_clear(&b);
}

static void
what_is_taken_is_a_string_and_leaves_nothing(void **state)
{
	struct buf b;
	char *text;

	(void)state;
	buf_init(&b, 300);
	text = buf_take(&b);
	assert_string_equal(text, "");
	free(text);
	assert_int_equal(buf_add_str(&b, "xabc"), ERR_OK);
	buf_consume(&b, 1);
	text = buf_take(&b);
	assert_string_equal(text, "abc");
	assert_int_equal(b.len, 0);
	free(text);
	assert_int_equal(buf_add_str(&b, "d"), ERR_OK);
	buf_wipe(&b);
	assert_int_equal(b.len, 0);
	assert_int_equal(b.max, 300);
	buf_wipe(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes_come_out_in_the_order_they_went_in),
	    cmocka_unit_test(
		an_add_past_the_limit_adds_nothing_and_is_remembered),
	    cmocka_unit_test(a_long_stream_through_a_small_window_stays_small),
	    cmocka_unit_test(room_is_written_in_place),
	    cmocka_unit_test(what_is_taken_is_a_string_and_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
