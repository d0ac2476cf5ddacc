#include "base/mem.h"
#include "router/edge/sticky.h"
#include "tests/unit/test.h"

static const struct sticky_key key = {{1, 2}};

static void
keys_are_32_hexadecimal_digits(void **state)
{
	struct sticky_key k;

	(void)state;
	assert_int_equal(
	    sticky_key_read(SLICE("00000000000000ff8000000000000001"), &k),
	    ERR_OK);
	assert_int_equal(k.words[0], 255);
	assert_int_equal(k.words[1], UINT64_C(1) << 63 | 1);
	assert_int_equal(sticky_key_read(SLICE("00ff"), &k), ERR_SYNTAX);
	assert_int_equal(sticky_key_read(SLICE(""), &k), ERR_SYNTAX);
	assert_int_equal(
	    sticky_key_read(SLICE("00000000000000fg8000000000000001"), &k),
	    ERR_SYNTAX);
}

static void
tokens_are_of_key_app_and_backend(void **state)
{
	struct sticky_key other = {{1, 3}};
	uint64_t t = sticky_token(&key, SLICE("shop"), SLICE("10.0.0.1:80"));

	(void)state;
	assert_true(
	    t == sticky_token(&key, SLICE("shop"), SLICE("10.0.0.1:80")));
	assert_true(
	    t != sticky_token(&other, SLICE("shop"), SLICE("10.0.0.1:80")));
	assert_true(
	    t != sticky_token(&key, SLICE("blog"), SLICE("10.0.0.1:80")));
	assert_true(
	    t != sticky_token(&key, SLICE("shop"), SLICE("10.0.0.2:80")));
	assert_true(
	    t != sticky_token(&key, SLICE("shop1"), SLICE("0.0.0.1:80")));
}

/* Gives the request one Cookie field. */
static uint64_t
found(const char *name, const char *value)
{
	struct header items[] = {
	    {SLICE("accept"), SLICE("towpath_sticky=00000000000000aa")},
	    {slice_str(name), slice_str(value)}};
	struct headers h = {items, 2, 2};

	return sticky_find(&h);
}

static void
the_cookie_is_found_among_others(void **state)
{
	static const struct {
		const char *value;
		uint64_t token;
	} cases[] = {
	    {"towpath_sticky=00000000000000ab", 0xab},
	    {"a=b; towpath_sticky=ff000000000000ab", 0xff000000000000ab},
	    {"a=b;towpath_sticky=00000000000000ab;c=d", 0xab},
	    {"x=\"towpath_sticky=00000000000000ab\"", 0},
	    {"towpath_sticky=00000000000000aB", 0},
	    {"towpath_sticky=ab", 0},
	    {"towpath_sticky=", 0},
	    {"towpath_sticky", 0},
	    {"towpath_sticky=00000000000000ab0", 0},
	    {"towpath_sticky=bad; towpath_sticky=0000000000000001", 1},
	    {"", 0},
	    {";;;", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_true(found("Cookie", cases[i].value) == cases[i].token);
	assert_true(found("x-cookie", cases[0].value) == 0);
}

static void
what_is_set_is_found_again(void **state)
{
	uint64_t t = sticky_token(&key, SLICE("shop"), SLICE("unix:/run/x"));
	struct slice cookie, value;
	char text[64];
	struct arena a;

	(void)state;
	arena_init(&a, 1000);
	cookie = sticky_cookie(&a, t, true);
	assert_true(slice_ends_with(
	    cookie, SLICE("; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax; "
			  "Secure")));
	assert_true(slice_cut(&cookie, ';', &value));
	assert_int_equal(slice_to_str(value, text, sizeof(text)), ERR_OK);
	assert_true(found("cookie", text) == t);
	cookie = sticky_cookie(&a, t, false);
	assert_true(slice_ends_with(cookie, SLICE("SameSite=Lax")));
	arena_clear(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_are_32_hexadecimal_digits),
	    cmocka_unit_test(tokens_are_of_key_app_and_backend),
	    cmocka_unit_test(the_cookie_is_found_among_others),
	    cmocka_unit_test(what_is_set_is_found_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
