#include "base/header_rule.h"
#include "base/mem.h"
#include "tests/unit/test.h"

static void
rules_are_read_as_people_write_them(void **state)
{
	static const struct {
		const char *text;
		enum header_rule_op op;
		const char *name, *value;
	} cases[] = {
	    {"X-Frame-Options: DENY", HEADER_RULE_SET, "X-Frame-Options",
		"DENY"},
	    {"  X-A:b  ", HEADER_RULE_SET, "X-A", "b"},
	    {"+Link: <https://a.example/>; rel=x", HEADER_RULE_ADD, "Link",
		"<https://a.example/>; rel=x"},
	    {"-Server", HEADER_RULE_REMOVE, "Server", ""},
	    {"X-Time: 12:30", HEADER_RULE_SET, "X-Time", "12:30"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct header_rule rule;
		const char *why;

		assert_int_equal(header_rule_parse(slice_str(cases[i].text),
				     HEADER_RULE_RESPONSE, &rule, &why),
		    ERR_OK);
		assert_int_equal(rule.op, cases[i].op);
		assert_true(slice_eq(rule.name, slice_str(cases[i].name)));
		assert_true(slice_eq(rule.value, slice_str(cases[i].value)));
	}
}

static void
what_is_no_rule_is_refused_with_a_reason(void **state)
{
	static const char *const cases[] = {"", ":", "-", "+", "X A: b", "X-A",
	    "X-A:", "+X-A:  ", "-X-A: b", "-X-A:", ": b", "X-\xc3\xa4: b",
	    "X-A: b\r\nSet-Cookie: c", "X-A: b\nY: c", "X-A: \x01",
	    "X-A: \xc3\xa4"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct header_rule rule;
		const char *why;

		assert_int_equal(header_rule_parse(slice_str(cases[i]),
				     HEADER_RULE_RESPONSE, &rule, &why),
		    ERR_SYNTAX);
		assert_non_null(why);
	}
}

static void
framing_and_the_routers_own_fields_are_untouchable(void **state)
{
	static const char *const both[] = {"Connection: close",
	    "-Content-Length", "+Transfer-Encoding: chunked", "Upgrade: x",
	    "TE: trailers", "-Trailer", "Keep-Alive: 5", "vIA: x",
	    "-X-Request-Id"};
	static const char *const requests[] = {"Host: other.example",
	    "X-Forwarded-For: 1.2.3.4", "-X-Forwarded-Proto", "X-Real-IP: x",
	    "Expect: 100-continue", "X-Towpath-Forwarded-Host: a"};
	struct header_rule rule;
	const char *why;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		assert_int_equal(header_rule_parse(slice_str(both[i]),
				     HEADER_RULE_REQUEST, &rule, &why),
		    ERR_DENIED);
		assert_int_equal(header_rule_parse(slice_str(both[i]),
				     HEADER_RULE_RESPONSE, &rule, &why),
		    ERR_DENIED);
	}
	for (size_t i = 0; i < COUNT_OF(requests); i++)
		assert_int_equal(header_rule_parse(slice_str(requests[i]),
				     HEADER_RULE_REQUEST, &rule, &why),
		    ERR_DENIED);
	assert_int_equal(header_rule_parse(SLICE("X-Towpath-Error: H10"),
			     HEADER_RULE_RESPONSE, &rule, &why),
	    ERR_DENIED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rules_are_read_as_people_write_them),
	    cmocka_unit_test(what_is_no_rule_is_refused_with_a_reason),
	    cmocka_unit_test(
		framing_and_the_routers_own_fields_are_untouchable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
