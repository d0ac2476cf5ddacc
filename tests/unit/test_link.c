#include <stdio.h>

#include "acme/link.h"
#include "base/mem.h"
#include "tests/unit/test.h"

struct seen {
	char text[256];
};

static void
add(void *ctx, struct slice url)
{
	struct seen *s = ctx;
	size_t n = strlen(s->text);

	snprintf(s->text + n, sizeof(s->text) - n, "%" SLICE_FMT " ",
	    SLICE_ARG(url));
}

static void
links_of_a_relation_are_found(void **state)
{
	static const struct {
		const char *field, *found;
	} cases[] = {
	    {"<https://a.test/1>;rel=\"alternate\"", "https://a.test/1 "},
	    {"<https://a.test/1>; rel=alternate", "https://a.test/1 "},
	    {"<https://a.test/1> ; REL = \"Alternate\"", "https://a.test/1 "},
	    {"<https://a.test/1>;title=\"a, b; c\";rel=\"x alternate\"",
		"https://a.test/1 "},
	    {"<https://a.test/1>;rel=\"index\",<https://a.test/2>;rel="
	     "\"alternate\" , <http://a.test/3>;rel=alternate",
		"https://a.test/2 http://a.test/3 "},
	    {"<https://a.test/a,b;c>;rel=alternate", "https://a.test/a,b;c "},
	    {"<https://a.test/1>;rel=\"alternates\"", ""},
	    {"<https://a.test/1>", ""},
	    {"</relative>;rel=\"alternate\"", ""},
	    {"<file:///etc/passwd>;rel=\"alternate\"", ""},
	    {"https://a.test/1;rel=\"alternate\"", ""},
	    {"<https://a.test/1;rel=\"alternate\"", ""},
	    {"<https://a.test/1>;rel=\"alternate", "https://a.test/1 "},
	    {"<>;;;=;rel=,,,;<", ""},
	    {"", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct acme_response r = {
		    .links = {cases[i].field}, .n_links = 1};
		struct seen seen = {""};

		links_each(&r, "alternate", add, &seen);
		if (strcmp(seen.text, cases[i].found) != 0)
			fail_msg("%s: %s", cases[i].field, seen.text);
	}
}

static void
each_field_is_read(void **state)
{
	struct acme_response r = {.links = {"<https://a.test/1>;rel=alternate",
				      "<https://a.test/d>;rel=index",
				      "<https://a.test/2>;rel=alternate"},
	    .n_links = 3};
	struct seen seen = {""};

	(void)state;
	links_each(&r, "alternate", add, &seen);
	assert_string_equal(seen.text, "https://a.test/1 https://a.test/2 ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(links_of_a_relation_are_found),
	    cmocka_unit_test(each_field_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
