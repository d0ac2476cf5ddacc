#include <string.h>

#include "acme/dns/hook_request.h"
#include "base/mem.h"
#include "tests/unit/test.h"

static enum err
round_trip(const struct provider_change *c, struct hook_request *out)
{
	struct buf b;
	enum err e;

	buf_init(&b, 4096);
	hook_request_write(&b, c);
	e = hook_request_read(buf_slice(&b), out);
	buf_clear(&b);
	return e;
}

static void
a_change_comes_through(void **state)
{
	struct provider_change c = {.act = PROVIDER_REPLACE,
	    .name = "*.shop.example.com",
	    .type = "CAA",
	    .value = "0 issue \"letsencrypt.org\"",
	    .ttl_s = 300};
	struct hook_request q;

	(void)state;
	assert_int_equal(round_trip(&c, &q), ERR_OK);
	assert_int_equal(q.act, PROVIDER_REPLACE);
	assert_string_equal(q.name, c.name);
	assert_string_equal(q.type, c.type);
	assert_string_equal(q.value, c.value);
	assert_int_equal(q.ttl_s, 300);
	assert_string_equal(hook_act_text(q.act), "replace");
}

static void
what_no_program_should_be_given_is_refused(void **state)
{
	static const struct {
		const char *what, *name, *type, *value;
		int ttl_s;
	} cases[] = {
	    {"no name", "", "TXT", "v", 60},
	    {"a blank in a name", "a b.example.com", "TXT", "v", 60},
	    {"a path", "../etc", "TXT", "v", 60},
	    {"an option", "-x.example.com", "TXT", "v", 60},
	    {"capitals", "A.example.com", "TXT", "v", 60},
	    {"a star within", "a.*.example.com", "TXT", "v", 60},
	    {"a type of ours it is not", "a.example.com", "MX", "v", 60},
	    {"an empty value", "a.example.com", "TXT", "", 60},
	    {"two lines", "a.example.com", "TXT", "v\nw", 60},
	    {"a byte beyond ASCII", "a.example.com", "TXT", "\xff", 60},
	    {"a time of years", "a.example.com", "TXT", "v", HOOK_TTL_MAX + 1},
	    {"a negative time", "a.example.com", "TXT", "v", -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct provider_change c = {.act = PROVIDER_ADD,
		    .name = cases[i].name,
		    .type = cases[i].type,
		    .value = cases[i].value,
		    .ttl_s = cases[i].ttl_s};
		struct hook_request q;

		if (round_trip(&c, &q) != ERR_SYNTAX)
			fail_msg("%s", cases[i].what);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_change_comes_through),
	    cmocka_unit_test(what_no_program_should_be_given_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
