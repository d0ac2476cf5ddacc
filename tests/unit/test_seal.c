#include <stdlib.h>

#include "base/mem.h"
#include "certs/seal.h"
#include "tests/unit/test.h"

#define KEY_A "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define KEY_B "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="

static struct master_keys
read_keys(const char *text)
{
	struct master_keys m;

	assert_int_equal(master_keys_read(slice_str(text), &m, NULL), ERR_OK);
	return m;
}

static struct buf
seal_it(const struct master_keys *m, enum key_purpose purpose)
{
	struct buf out;

	buf_init(&out, 1000);
	assert_int_equal(
	    seal(m, purpose, SLICE("spki"), SLICE("the secret"), &out), ERR_OK);
	return out;
}

static enum err
open_it(
    const struct master_keys *m, enum key_purpose purpose, struct slice sealed)
{
	struct buf secret;
	enum err e;

	buf_init(&secret, 1000);
	e = unseal(m, purpose, sealed, &secret);
	if (e == ERR_OK)
		assert_true(slice_eq(buf_slice(&secret), SLICE("the secret")));
	else
		assert_int_equal(secret.len, 0);
	buf_wipe(&secret);
	return e;
}

static void
what_was_sealed_opens_again(void **state)
{
	struct master_keys m = read_keys(KEY_A "\n");
	struct buf s = seal_it(&m, KEY_TLS), again = seal_it(&m, KEY_TLS);

	(void)state;
	assert_int_equal(open_it(&m, KEY_TLS, buf_slice(&s)), ERR_OK);
	assert_int_equal(s.len, 1 + 1 + 4 + 32 + 12 + 10 + 16);
	assert_null(memmem(s.p, s.len, "secret", 6));
	assert_false(slice_eq(buf_slice(&s), buf_slice(&again)));
	buf_clear(&s);
	buf_clear(&again);
}

static void
another_purpose_does_not_open_it(void **state)
{
	struct master_keys m = read_keys(KEY_A);
	struct buf s = seal_it(&m, KEY_ACCOUNT);

	(void)state;
	assert_int_equal(open_it(&m, KEY_TLS, buf_slice(&s)), ERR_DENIED);
	s.p[1] = KEY_TLS; /* and writing another one on it breaks it */
	assert_int_equal(open_it(&m, KEY_TLS, buf_slice(&s)), ERR_DENIED);
	buf_clear(&s);
}

static void
every_altered_byte_is_noticed(void **state)
{
	struct master_keys m = read_keys(KEY_A);
	struct buf s = seal_it(&m, KEY_TLS);

	(void)state;
	for (size_t i = 0; i < s.len; i++) {
		s.p[i] = (char)(s.p[i] ^ 1);
		assert_int_equal(
		    open_it(&m, KEY_TLS, buf_slice(&s)), ERR_DENIED);
		s.p[i] = (char)(s.p[i] ^ 1);
	}
	for (size_t n = 0; n < s.len; n++)
		assert_int_equal(
		    open_it(&m, KEY_TLS, slice_of(s.p, n)), ERR_DENIED);
	buf_clear(&s);
}

static void
the_first_key_seals_and_all_open(void **state)
{
	struct master_keys a = read_keys(KEY_A), b = read_keys(KEY_B);
	struct master_keys both = read_keys("# new\n" KEY_B " # 2026\r\n\n"
					    "# old\n" KEY_A "\n");
	struct buf old = seal_it(&a, KEY_TLS), new = seal_it(&both, KEY_TLS);

	(void)state;
	assert_int_equal(both.n, 2);
	assert_int_equal(open_it(&both, KEY_TLS, buf_slice(&old)), ERR_OK);
	assert_int_equal(open_it(&b, KEY_TLS, buf_slice(&new)), ERR_OK);
	assert_int_equal(open_it(&a, KEY_TLS, buf_slice(&new)), ERR_DENIED);
	buf_clear(&old);
	buf_clear(&new);
}

static void
bad_master_key_files_are_refused(void **state)
{
	static const char *const cases[] = {"", "\n# nothing\n", "AAAA",
	    KEY_A "\nnot base64!\n", KEY_A KEY_A,
	    KEY_A "\n" KEY_A "\n" KEY_A "\n" KEY_A "\n" KEY_A "\n" KEY_A
		  "\n" KEY_A "\n" KEY_A "\n" KEY_A};
	struct master_keys m;
	struct fault f = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(
		    master_keys_read(slice_str(cases[i]), &m, &f), ERR_SYNTAX);
		assert_int_equal(f.code, FAULT_S15_MASTER_KEY_BAD);
		assert_int_equal(m.n, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_sealed_opens_again),
	    cmocka_unit_test(another_purpose_does_not_open_it),
	    cmocka_unit_test(every_altered_byte_is_noticed),
	    cmocka_unit_test(the_first_key_seals_and_all_open),
	    cmocka_unit_test(bad_master_key_files_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
