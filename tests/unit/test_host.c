#include <string.h>

#include "base/host.h"
#include "tests/unit/test.h"

static void
names_are_brought_into_one_form(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"www.example.com", "www.example.com"},
	    {"WWW.Example.COM.", "www.example.com"},
	    {"*.Example.com", "*.example.com"},
	    {"b\xc3\xbc"
	     "cher.example",
		"xn--bcher-kva.example"},
	    {"B\xc3\x9c"
	     "CHER.example",
		"xn--bcher-kva.example"},
	    {"a_b.example.com", "a_b.example.com"},
	    {"1.example.com", "1.example.com"},
	};
	char out[HOST_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
		    host_normalise(slice_str(cases[i].in), out, NULL), ERR_OK);
		assert_string_equal(out, cases[i].out);
	}
}

static void
what_is_no_host_is_refused(void **state)
{
	static const char *const cases[] = {"", ".", "localhost", "a..b",
	    "-a.b", "a-.b", "a.b:80", "192.0.2.1", "[::1]", "a b.c", "*.*.a.b",
	    "a.*.b", "*", "*.", "a.b/c", "a@b.c", "a.123",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    ".b"};
	char out[HOST_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fault f = {0};

		assert_int_equal(
		    host_normalise(slice_str(cases[i]), out, &f), ERR_SYNTAX);
		assert_int_equal(f.code, FAULT_N10_HOST_INVALID);
		assert_string_equal(out, "");
	}
}

static void
a_host_header_loses_port_dot_and_case(void **state)
{
	static const struct {
		const char *in, *out; /* NULL: refused */
	} cases[] = {
	    {"Example.com:8443", "example.com"},
	    {"example.com.", "example.com"},
	    {"localhost", "localhost"},
	    {"192.0.2.1:80", "192.0.2.1"},
	    {"[2001:db8::1]:80", "2001:db8::1"},
	    {"a.b:80x", NULL},
	    {"a b.c", NULL},
	    {"a\n.b", NULL},
	    {"", NULL},
	    {":80", NULL},
	};
	char out[HOST_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum err e = host_canonical(slice_str(cases[i].in), out);

		assert_int_equal(e, cases[i].out == NULL ? ERR_SYNTAX : ERR_OK);
		if (cases[i].out != NULL)
			assert_string_equal(out, cases[i].out);
	}
}

static void
a_wildcard_matches_one_label(void **state)
{
	(void)state;
	assert_true(host_matches(SLICE("*.a.b"), SLICE("x.a.b")));
	assert_false(host_matches(SLICE("*.a.b"), SLICE("a.b")));
	assert_false(host_matches(SLICE("*.a.b"), SLICE("x.y.a.b")));
	assert_false(host_matches(SLICE("*.a.b"), SLICE(".a.b")));
	assert_true(host_matches(SLICE("*.a.b"), SLICE("*.a.b")));
	assert_true(slice_eq(host_parent(SLICE("x.a.b")), SLICE("a.b")));
}

static void
a_label_is_shown_to_people_as_they_write_it(void **state)
{
	char out[HOST_TEXT_SIZE];

	(void)state;
	assert_string_equal(host_display(SLICE("*.xn--bcher-kva.example"), out),
	    "*.b\xc3\xbc"
	    "cher.example");
	assert_string_equal(host_display(SLICE("a.b"), out), "a.b");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_brought_into_one_form),
	    cmocka_unit_test(what_is_no_host_is_refused),
	    cmocka_unit_test(a_host_header_loses_port_dot_and_case),
	    cmocka_unit_test(a_wildcard_matches_one_label),
	    cmocka_unit_test(a_label_is_shown_to_people_as_they_write_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
