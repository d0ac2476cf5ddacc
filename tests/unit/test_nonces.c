#include <stdio.h>
#include <string.h>

#include "acme/nonces.h"
#include "base/mem.h"
#include "tests/unit/test.h"

static void
the_newest_nonce_is_used_first_and_once(void **state)
{
	static struct nonces pool;
	char out[NONCE_SIZE];

	(void)state;
	nonces_put(&pool, "old-1");
	nonces_put(&pool, "new_2");
	assert_true(nonces_take(&pool, out));
	assert_string_equal(out, "new_2");
	assert_true(nonces_take(&pool, out));
	assert_string_equal(out, "old-1");
	assert_false(nonces_take(&pool, out));
}

static void
what_is_no_nonce_is_not_kept(void **state)
{
	static struct nonces pool;
	char too_long[NONCE_SIZE + 1] = "", out[NONCE_SIZE];
	const char *const cases[] = {
	    NULL, "", "a b", "\"quoted\"", "a+b/", "a\nb", too_long};

	(void)state;
	memset(too_long, 'x', NONCE_SIZE);
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		nonces_put(&pool, cases[i]);
	assert_false(nonces_take(&pool, out));
}

static void
the_oldest_goes_when_there_are_too_many(void **state)
{
	static struct nonces pool;
	char text[32], out[NONCE_SIZE];

	(void)state;
	for (int i = 0; i < NONCES_MAX + 5; i++) {
		snprintf(text, sizeof(text), "nonce-%d", i);
		nonces_put(&pool, text);
	}
	for (int i = NONCES_MAX + 4; i >= 5; i--) {
		snprintf(text, sizeof(text), "nonce-%d", i);
		assert_true(nonces_take(&pool, out));
		assert_string_equal(out, text);
	}
	assert_false(nonces_take(&pool, out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_newest_nonce_is_used_first_and_once),
	    cmocka_unit_test(what_is_no_nonce_is_not_kept),
	    cmocka_unit_test(the_oldest_goes_when_there_are_too_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
