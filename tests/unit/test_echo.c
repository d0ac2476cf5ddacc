#include "certs/echo.h"
#include "tests/unit/test.h"

static struct ticket_master
master(char fill)
{
	struct ticket_master m = {.made_at = 1};

	memset(m.secret, fill, sizeof(m.secret));
	return m;
}

static void
nonces_are_told_from_other_paths(void **state)
{
	char one[ECHO_NONCE_SIZE], two[ECHO_NONCE_SIZE];

	(void)state;
	echo_nonce(one);
	echo_nonce(two);
	assert_true(echo_is_nonce(slice_str(one)));
	assert_string_not_equal(one, two);
	assert_false(echo_is_nonce(SLICE("ready")));
	assert_false(echo_is_nonce(slice_of(one, 31)));
	one[3] = 'G';
	assert_false(echo_is_nonce(slice_str(one)));
}

static void
the_answer_needs_the_master_and_the_nonce(void **state)
{
	struct ticket_master a = master('a'), b = master('b');
	char nonce[ECHO_NONCE_SIZE], other[ECHO_NONCE_SIZE];
	char one[ECHO_SIZE], two[ECHO_SIZE];

	(void)state;
	echo_nonce(nonce);
	echo_nonce(other);
	assert_non_null(echo_answer(&a, slice_str(nonce), one));
	assert_string_equal(echo_answer(&a, slice_str(nonce), two), one);
	assert_string_not_equal(echo_answer(&b, slice_str(nonce), two), one);
	assert_string_not_equal(echo_answer(&a, slice_str(other), two), one);
	assert_string_not_equal(nonce, one);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nonces_are_told_from_other_paths),
	    cmocka_unit_test(the_answer_needs_the_master_and_the_nonce),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
