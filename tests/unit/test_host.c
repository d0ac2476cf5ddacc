#include <stdio.h>

#include "base/host.h"
#include "base/mem.h"
#include "tests/unit/test.h"

static void
a_name_is_stored_in_one_form(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {{"www.example.com", "www.example.com"},
	    {"WWW.Example.COM.", "www.example.com"},
	    {"  www.example.com\n", "www.example.com"},
	    {"*.Example.com", "*.example.com"},
	    {"b\xc3\xbc"
	     "cher.example",
		"xn--bcher-kva.example"},
	    {"B\xc3\x9c"
	     "CHER.example",
		"xn--bcher-kva.example"},
	    {"*.b\xc3\xbc"
	     "cher.example",
		"*.xn--bcher-kva.example"},
	    {"fa\xc3\x9f.de", "xn--fa-hia.de"}, /* not transitional */
	    {"xn--bcher-kva.example", "xn--bcher-kva.example"},
	    {"XN--BCHER-KVA.example", "xn--bcher-kva.example"},
	    {"\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88",
		"xn--r8jz45g.xn--zckzah"},
	    {"r3---sn-x.example.com", "r3---sn-x.example.com"},
	    {"a_b.example.com", "a_b.example.com"},
	    {"3com.example.com", "3com.example.com"},
	    {"1.2.3.example", "1.2.3.example"}};
	char out[HOST_SIZE];
	struct fault f = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		if (host_normalise(slice_str(cases[i].in), out, &f) != ERR_OK)
			fail_msg("%s: %s", cases[i].in, f.text);
		assert_string_equal(out, cases[i].out);
	}
}

#define LABEL63                                                                \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void
what_is_no_name_is_refused_with_the_reason(void **state)
{
	static const struct {
		const char *in, *why;
	} cases[] = {{"", "empty"}, {".", "between two dots"},
	    {"com", "at least one dot"}, {"localhost", "at least one dot"},
	    {"*.com", "at least one dot"}, {"192.0.2.1", "IP address"},
	    {"2001:db8::1", "IP address"}, {"[::1]", "IP address"},
	    {"example.com:443", "port"}, {"https://example.com", "URL"},
	    {"example.com/x", "path"}, {"a..example.com", "two dots"},
	    {".example.com", "two dots"}, {"example.com..", "two dots"},
	    {"-a.example.com", "hyphen"}, {"a-.example.com", "hyphen"},
	    {"_dmarc.example.com", "underscore"}, {"a.*.example.com", "star"},
	    {"**.example.com", "star"}, {"*", "star"},
	    {"*.*.example.com", "star"}, {"a b.example.com", "only letters"},
	    {"a\tb.example.com", "only letters"},
	    {"a@example.com", "only letters"}, {"example.1", "number"},
	    {LABEL63 "a.example.com", "63"},
	    {LABEL63 "." LABEL63 "." LABEL63 "." LABEL63 ".example", "253"},
	    {"xn--\xff.example", ""}, {"\xc3.example", ""}};
	char out[HOST_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct fault f = {0};

		if (host_normalise(slice_str(cases[i].in), out, &f) !=
		    ERR_SYNTAX)
			fail_msg("%s is taken", cases[i].in);
		assert_int_equal(f.code, FAULT_N10_HOST_INVALID);
		if (strstr(f.text, cases[i].why) == NULL)
			fail_msg("%s: %s", cases[i].in, f.text);
		assert_string_equal(out, "");
	}
}

static void
a_nul_inside_a_name_is_refused(void **state)
{
	char out[HOST_SIZE];

	(void)state;
	assert_int_equal(
	    host_normalise(SLICE("a.example.com\0.b"), out, NULL), ERR_SYNTAX);
	assert_int_equal(
	    host_canonical(SLICE("a.example.com\0.b"), out), ERR_SYNTAX);
	assert_int_equal(host_canonical(SLICE("[\0::1]"), out), ERR_SYNTAX);
}

static void
a_name_of_253_bytes_is_the_longest(void **state)
{
	char out[HOST_SIZE], in[400];
	const char *longest = LABEL63 "." LABEL63 "." LABEL63
				      ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
				      "aaaaaaaaaaaaaa.example";

	(void)state;
	assert_int_equal(strlen(longest), HOST_MAX);
	assert_int_equal(host_normalise(slice_str(longest), out, NULL), ERR_OK);
	assert_int_equal(host_canonical(slice_str(longest), out), ERR_OK);
	(void)snprintf(in, sizeof(in), "%s.:443", longest);
	assert_int_equal(host_canonical(slice_str(in), out), ERR_OK);
	assert_string_equal(out, longest);
	(void)snprintf(in, sizeof(in), "a%s", longest);
	assert_int_equal(host_normalise(slice_str(in), out, NULL), ERR_SYNTAX);
	assert_int_equal(host_canonical(slice_str(in), out), ERR_SYNTAX);
	(void)snprintf(in, sizeof(in), "*.%s", longest);
	assert_int_equal(host_normalise(slice_str(in), out, NULL), ERR_SYNTAX);
}

static void
a_host_header_is_read_into_the_stored_form(void **state)
{
	static const struct {
		const char *in, *out; /* NULL: refused */
	} cases[] = {{"www.example.com", "www.example.com"},
	    {"WWW.EXAMPLE.com:8443", "www.example.com"},
	    {"example.com.", "example.com"}, {"example.com.:80", "example.com"},
	    {"example.com:", "example.com"}, {"localhost", "localhost"},
	    {"192.0.2.1:80", "192.0.2.1"},
	    {"[2001:DB8::1]:80", "[2001:db8::1]"}, {"[::1]", "[::1]"},
	    {"", NULL}, {":80", NULL}, {".", NULL}, {"..", NULL},
	    {"a..b", NULL}, {".a", NULL}, {"a.b..", NULL},
	    {"*.example.com", NULL}, {"a b", NULL}, {"a,b", NULL},
	    {"a/b", NULL}, {"a@b", NULL}, {"a:b", NULL}, {"a:80:80", NULL},
	    {"a:123456", NULL}, {"[::1", NULL}, {"[::1]x", NULL},
	    {"[::1 ]", NULL}, {"b\xc3\xbc.example", NULL}, {"a\n", NULL},
	    {"a%2e", NULL}};
	char out[HOST_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		enum err e = host_canonical(slice_str(cases[i].in), out);

		if ((e == ERR_OK) != (cases[i].out != NULL))
			fail_msg("%s: %s", cases[i].in, err_name(e));
		assert_string_equal(
		    out, cases[i].out == NULL ? "" : cases[i].out);
	}
}

static void
a_wildcard_matches_exactly_one_label(void **state)
{
	static const struct {
		const char *pattern, *host;
		bool matches;
	} cases[] = {{"www.example.com", "www.example.com", true},
	    {"WWW.example.com", "www.example.com", true},
	    {"*.example.com", "www.example.com", true},
	    {"*.example.com", "example.com", false},
	    {"*.example.com", "a.b.example.com", false},
	    {"*.example.com", ".example.com", false},
	    {"*.example.com", "*.example.com", true},
	    {"*.example.com", "wwwexample.com", false},
	    {"w*.example.com", "www.example.com", false}, {"*.", "a.", false},
	    {"*", "a", false}, {"example.com", "www.example.com", false}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (host_matches(slice_str(cases[i].pattern),
			slice_str(cases[i].host)) != cases[i].matches)
			fail_msg("%s, %s", cases[i].pattern, cases[i].host);
	assert_true(host_is_wildcard(SLICE("*.a.b")));
	assert_false(host_is_wildcard(SLICE("a.b")));
	assert_true(slice_eq(host_parent(SLICE("a.b.c")), SLICE("b.c")));
	assert_int_equal(host_parent(SLICE("a")).n, 0);
	assert_int_equal(host_parent(SLICE("")).n, 0);
}

static void
people_see_unicode(void **state)
{
	char out[HOST_TEXT_SIZE];

	(void)state;
	assert_string_equal(host_display(SLICE("*.xn--bcher-kva.example"), out),
	    "*.b\xc3\xbc"
	    "cher.example");
	assert_string_equal(
	    host_display(SLICE("www.example.com"), out), "www.example.com");
	assert_string_equal(host_display(SLICE("xn--99999999.example"), out),
	    "xn--99999999.example");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_name_is_stored_in_one_form),
	    cmocka_unit_test(what_is_no_name_is_refused_with_the_reason),
	    cmocka_unit_test(a_nul_inside_a_name_is_refused),
	    cmocka_unit_test(a_name_of_253_bytes_is_the_longest),
	    cmocka_unit_test(a_host_header_is_read_into_the_stored_form),
	    cmocka_unit_test(a_wildcard_matches_exactly_one_label),
	    cmocka_unit_test(people_see_unicode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
