#include <string.h>

#include "base/mem.h"
#include "router/control/custom_check.h"
#include "tests/unit/test.h"

#define NOW 1000000

static void
what_may_be_installed_and_why_not(void **state)
{
	static char *names[] = {"www.example.com", "*.shop.example.com"};
	static const struct {
		const char *host, *code;
		int64_t not_before, not_after;
		bool weak_key, weak_signature, for_clients;
	} cases[] = {
	    {"www.example.com", "", 0, NOW + 1, false, false, false},
	    {"a.shop.example.com", "", 0, NOW + 1, false, false, false},
	    {"*.shop.example.com", "", 0, NOW + 1, false, false, false},
	    {"www.example.com", "", NOW, NOW, false, false, false},
	    {"example.com", "C15", 0, NOW + 1, false, false, false},
	    {"a.b.shop.example.com", "C15", 0, NOW + 1, false, false, false},
	    {"www.example.com", "C13", 0, NOW - 1, false, false, false},
	    {"www.example.com", "C14", NOW + 1, NOW + 2, false, false, false},
	    {"www.example.com", "C23", 0, NOW + 1, true, false, false},
	    {"www.example.com", "C32", 0, NOW + 1, false, true, false},
	    {"www.example.com", "C33", 0, NOW + 1, false, false, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct certificate leaf = {.names = names,
		    .n_names = COUNT_OF(names),
		    .not_before = cases[i].not_before,
		    .not_after = cases[i].not_after,
		    .weak_key = cases[i].weak_key,
		    .weak_signature = cases[i].weak_signature,
		    .for_servers = !cases[i].for_clients};
		struct fault f = {0};

		assert_int_equal(custom_check(&leaf, cases[i].host, NOW, &f),
		    cases[i].code[0] == '\0' ? ERR_OK : ERR_DENIED);
		assert_string_equal(fault_code_name(f.code), cases[i].code);
	}
}

static void
the_names_of_a_foreign_certificate_are_told(void **state)
{
	static char *many[] = {"a.test", "b.test", "c.test", "d.test", "e.test",
	    "f.test", "g.test"};
	struct certificate leaf = {.names = many, .n_names = COUNT_OF(many)};
	struct fault f = {0};

	(void)state;
	assert_int_equal(
	    custom_check(&leaf, "www.example.com", NOW, &f), ERR_DENIED);
	assert_non_null(strstr(f.text, "a.test, b.test"));
	assert_non_null(strstr(f.text, "2 more"));
	assert_non_null(strstr(f.text, "www.example.com"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_may_be_installed_and_why_not),
	    cmocka_unit_test(the_names_of_a_foreign_certificate_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
