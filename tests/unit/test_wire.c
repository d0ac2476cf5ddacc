#include <string.h>

#include "base/messages.h"
#include "base/wire.h"
#include "tests/unit/test.h"

static void
every_field_comes_back(void **state)
{
	struct fault in = {0}, out;
	struct buf b;
	struct wire w;
	char text[8];

	(void)state;
	fault_set(&in, FAULT_D12_ELSEWHERE, "it leads elsewhere");
	buf_init(&b, 4096);
	wire_put_u8(&b, 0xfe);
	wire_put_u32(&b, 0xdeadbeef);
	wire_put_u64(&b, UINT64_MAX - 1);
	wire_put_i64(&b, INT64_MIN);
	wire_put_bytes(&b, slice_of("a\0b", 3));
	wire_put_str(&b, "1234567");
	wire_put_str(&b, NULL);
	wire_put_fault(&b, &in);
	w = wire_open(buf_slice(&b));
	assert_int_equal(wire_u8(&w), 0xfe);
	assert_int_equal(wire_u32(&w), 0xdeadbeef);
	assert_true(wire_u64(&w) == UINT64_MAX - 1);
	assert_true(wire_i64(&w) == INT64_MIN);
	assert_true(slice_eq(wire_bytes(&w), slice_of("a\0b", 3)));
	wire_str(&w, text, sizeof(text));
	assert_string_equal(text, "1234567");
	assert_int_equal(wire_bytes(&w).n, 0);
	wire_fault(&w, &out);
	assert_int_equal(out.code, FAULT_D12_ELSEWHERE);
	assert_string_equal(out.text, "it leads elsewhere");
	assert_int_equal(wire_end(&w), ERR_OK);
	buf_clear(&b);
}

static void
numbers_are_big_endian(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 64);
	wire_put_u32(&b, 0x01020304);
	assert_true(slice_eq(buf_slice(&b), slice_of("\1\2\3\4", 4)));
	buf_clear(&b);
}

static void
cut_message_reads_as_nothing_and_is_bad(void **state)
{
	struct wire w = wire_open(slice_of("\0\0\0", 3));

	(void)state;
	assert_int_equal(wire_u32(&w), 0);
	/* sticky: a field that would fit is not read either */
	assert_int_equal(wire_u8(&w), 0);
	assert_int_equal(wire_end(&w), ERR_SYNTAX);
}

static void
length_past_the_end_is_bad(void **state)
{
	struct wire w = wire_open(slice_of("\xff\xff\xff\xff"
					   "abc",
	    7));

	(void)state;
	assert_int_equal(wire_bytes(&w).n, 0);
	assert_int_equal(wire_end(&w), ERR_SYNTAX);
}

static void
bytes_left_over_are_bad(void **state)
{
	struct wire w = wire_open(slice_of("\1\2", 2));

	(void)state;
	assert_int_equal(wire_u8(&w), 1);
	assert_int_equal(wire_end(&w), ERR_SYNTAX);
}

static void
string_that_is_too_long_or_has_a_nul_is_bad(void **state)
{
	char text[4];
	struct wire w = wire_open(slice_of("\0\0\0\4abcd", 8));

	(void)state;
	wire_str(&w, text, sizeof(text));
	assert_string_equal(text, "");
	assert_int_equal(wire_end(&w), ERR_SYNTAX);
	w = wire_open(slice_of("\0\0\0\3a\0b", 7));
	wire_str(&w, text, sizeof(text));
	assert_int_equal(wire_end(&w), ERR_SYNTAX);
}

static void
nobody_sends_what_the_table_does_not_name(void **state)
{
	(void)state;
	assert_true(message_allowed(MSG_KEY_SIGN, ROLE_WORKER, ROLE_KEYS));
	assert_true(message_allowed(MSG_KEY_EXPORT, ROLE_CONTROL, ROLE_KEYS));
	assert_true(message_allowed(MSG_SETUP, ROLE_PARENT, ROLE_WORKER));
	assert_false(message_allowed(MSG_KEY_EXPORT, ROLE_WORKER, ROLE_KEYS));
	assert_false(message_allowed(MSG_SETUP, ROLE_WORKER, ROLE_CONTROL));
	assert_false(message_allowed(MSG_KEY_SIGN, ROLE_KEYS, ROLE_WORKER));
	assert_false(message_allowed((enum message)0, ROLE_PARENT, ROLE_KEYS));
	assert_false(message_allowed(MESSAGES, ROLE_PARENT, ROLE_KEYS));
	assert_false(
	    message_allowed((enum message)9999, ROLE_PARENT, ROLE_KEYS));
}

static void
every_message_has_a_name(void **state)
{
	(void)state;
	for (int m = MSG_ANSWER; m < MESSAGES; m++)
		assert_string_not_equal(message_name((enum message)m), "?");
	assert_string_equal(message_name(MESSAGES), "?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_field_comes_back),
	    cmocka_unit_test(numbers_are_big_endian),
	    cmocka_unit_test(cut_message_reads_as_nothing_and_is_bad),
	    cmocka_unit_test(length_past_the_end_is_bad),
	    cmocka_unit_test(bytes_left_over_are_bad),
	    cmocka_unit_test(string_that_is_too_long_or_has_a_nul_is_bad),
	    cmocka_unit_test(nobody_sends_what_the_table_does_not_name),
	    cmocka_unit_test(every_message_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
