#include "base/mem.h"
#include "base/registered.h"
#include "tests/unit/test.h"

static const struct {
	const char *host, *registered;
} cases[] = {
    {"example.com", "example.com"},
    {"www.example.com", "example.com"},
    {"a.b.c.example.com", "example.com"},
    {"www.shop.co.uk", "shop.co.uk"},
    {"shop.co.uk", "shop.co.uk"},
    {"*.shop.co.uk", "shop.co.uk"},
    {"*.example.com", "example.com"},
    /* a suffix by a rule with an asterisk, and an exception from one */
    {"a.b.c.ck", "b.c.ck"},
    {"a.www.ck", "www.ck"},
    /* of the list's private part: CAs count by it too */
    {"me.github.io", "me.github.io"},
    {"www.me.github.io", "me.github.io"},
    /* A-labels */
    {"www.xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd.xn--p1ai"},
    {"www.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"},
    /* suffixes themselves, and what no list knows */
    {"co.uk", "co.uk"},
    {"github.io", "github.io"},
    {"www.shop.test", "shop.test"},
    {"shop.test", "shop.test"},
    {"localhost", "localhost"},
    {"", ""},
};

static void
check_all(void)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(
		    registered_domain(cases[i].host), cases[i].registered);
}

static void
what_stands_under_a_public_suffix_is_registered(void **state)
{
	(void)state;
	check_all(); /* by the list that libpsl brings along */
	registered_load();
	check_all(); /* by the machine's */
	registered_unload();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_stands_under_a_public_suffix_is_registered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
