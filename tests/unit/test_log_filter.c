#include "base/log_filter.h"
#include "base/mem.h"
#include "tests/unit/test.h"

static void
a_status_is_a_number_or_a_class(void **state)
{
	static const struct {
		const char *text;
		uint32_t from, to;
	} cases[] = {{"404", 404, 404}, {"5xx", 500, 599}, {"2**", 200, 299},
	    {"100", 100, 100}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct log_filter f = {0};
		struct fault fault = {0};

		assert_int_equal(
		    log_filter_status(&f, slice_str(cases[i].text), &fault),
		    ERR_OK);
		assert_int_equal(f.status_from, cases[i].from);
		assert_int_equal(f.status_to, cases[i].to);
	}
}

static void
what_is_no_status_is_refused(void **state)
{
	static const char *const cases[] = {"", "5", "5x", "5xxx", "xx5", "0xx",
	    "-12", "099", "4040", "5x*", "55x"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct log_filter f = {0};
		struct fault fault = {0};

		assert_int_equal(
		    log_filter_status(&f, slice_str(cases[i]), &fault),
		    ERR_SYNTAX);
		assert_int_equal(fault.code, FAULT_P11_FIELD_INVALID);
	}
}

static const struct log_facts line = {
    .app = SLICE("shop"),
    .host = SLICE("www.example.com"),
    .code = SLICE("H12"),
    .status = 503,
};

static void
every_field_that_is_set_must_match(void **state)
{
	static const struct {
		struct log_filter filter;
		bool matches;
	} cases[] = {
	    {{.app = ""}, true},
	    {{.app = "shop"}, true},
	    {{.app = "sho"}, false},
	    {{.host = "www.example.com"}, true},
	    {{.host = "example.com"}, false},
	    {{.host = "*.example.com"}, true},
	    {{.host = "*.www.example.com"}, false},
	    {{.code = "H12"}, true},
	    {{.code = "H1"}, false},
	    {{.status_from = 500, .status_to = 599}, true},
	    {{.status_from = 400, .status_to = 499}, false},
	    {{.status_from = 503, .status_to = 503}, true},
	    {{.app = "shop", .code = "H13"}, false},
	    {{.app = "shop",
		 .host = "www.example.com",
		 .code = "H12",
		 .status_from = 500,
		 .status_to = 599},
		true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_true(log_filter_matches(&cases[i].filter, &line) ==
			    cases[i].matches);
}

static void
it_is_the_same_on_the_other_side_of_the_wire(void **state)
{
	struct log_filter f = {.app = "shop",
			      .host = "*.example.com",
			      .code = "H12",
			      .status_from = 500,
			      .status_to = 599},
			  out = {0};
	struct buf b;
	struct wire w;

	(void)state;
	buf_init(&b, 1024);
	log_filter_put(&b, &f);
	w = wire_open(buf_slice(&b));
	log_filter_read(&w, &out);
	assert_int_equal(wire_end(&w), ERR_OK);
	assert_string_equal(out.app, f.app);
	assert_string_equal(out.host, f.host);
	assert_string_equal(out.code, f.code);
	assert_int_equal(out.status_from, 500);
	assert_int_equal(out.status_to, 599);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_status_is_a_number_or_a_class),
	    cmocka_unit_test(what_is_no_status_is_refused),
	    cmocka_unit_test(every_field_that_is_set_must_match),
	    cmocka_unit_test(it_is_the_same_on_the_other_side_of_the_wire),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
