#include "base/mem.h"
#include "router/edge/h2_limits.h"
#include "router/edge/h2_request.h"
#include "tests/unit/test.h"

struct field {
	const char *name, *value;
};

struct fixture {
	struct arena arena;
	struct h2_head head;
	struct request request;
	int status;
};

static void
add(struct fixture *f, const char *name, const char *value)
{
	assert_true(h2_head_add(
	    &f->head, &f->arena, slice_str(name), slice_str(value)));
}

static void
begin(struct fixture *f)
{
	*f = (struct fixture){0};
	arena_init(&f->arena, 256 * 1024);
	add(f, ":method", "GET");
	add(f, ":scheme", "https");
	add(f, ":authority", "www.example.com");
	add(f, ":path", "/a?b=c");
}

static const char *
judged(struct fixture *f)
{
	return h2_head_request(&f->head, &f->arena, &f->request, &f->status);
}

static void
assert_slice(struct slice s, const char *text)
{
	if (!slice_eq(s, slice_str(text)))
		fail_msg(
		    "\"%" SLICE_FMT "\" is not \"%s\"", SLICE_ARG(s), text);
}

static void
a_head_becomes_a_request(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add(&f, "user-agent", "x");
	add(&f, "te", "trailers");
	add(&f, "content-length", "17");
	add(&f, "expect", "100-Continue");
	assert_null(judged(&f));
	assert_slice(f.request.method, "GET");
	assert_slice(f.request.target, "/a?b=c");
	assert_slice(f.request.host, "www.example.com");
	assert_int_equal(f.request.headers.n, 4);
	assert_slice(f.request.headers.items[0].name, "user-agent");
	assert_slice(f.request.headers.items[0].value, "x");
	assert_int_equal(f.request.content_length, 17);
	assert_true(f.request.takes_trailers);
	assert_true(f.request.expects_continue);
	assert_false(f.request.expects_other);
	assert_int_equal(f.request.upgrade.n, 0);
	arena_clear(&f.arena);
}

static void
an_unknown_expectation_is_told(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add(&f, "expect", "a miracle");
	assert_null(judged(&f));
	assert_true(f.request.expects_other);
	assert_int_equal(f.request.content_length, -1);
	arena_clear(&f.arena);
}

static void
what_came_is_copied(void **state)
{
	char name[] = "x-name", value[] = "value";
	struct fixture f;

	(void)state;
	begin(&f);
	add(&f, name, value);
	memset(name, 'z', sizeof(name) - 1);
	memset(value, 'z', sizeof(value) - 1);
	assert_null(judged(&f));
	assert_slice(f.request.headers.items[0].name, "x-name");
	assert_slice(f.request.headers.items[0].value, "value");
	arena_clear(&f.arena);
}

static void
cookie_crumbs_are_joined_where_the_first_was(void **state)
{
	static const struct field fields[] = {
	    {"a", "1"},
	    {"cookie", "x=1"},
	    {"b", "2"},
	    {"cookie", ""},
	    {"cookie", "y=2; z=3"},
	    {"c", "3"},
	};
	struct fixture f;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		add(&f, fields[i].name, fields[i].value);
	assert_null(judged(&f));
	assert_int_equal(f.request.headers.n, 4);
	assert_slice(f.request.headers.items[0].name, "a");
	assert_slice(f.request.headers.items[1].name, "cookie");
	assert_slice(f.request.headers.items[1].value, "x=1; ; y=2; z=3");
	assert_slice(f.request.headers.items[2].name, "b");
	assert_slice(f.request.headers.items[3].name, "c");
	arena_clear(&f.arena);
}

static void
one_cookie_stays_as_it_is(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add(&f, "cookie", "x=1; y=2");
	assert_null(judged(&f));
	assert_int_equal(f.request.headers.n, 1);
	assert_slice(f.request.headers.items[0].value, "x=1; y=2");
	arena_clear(&f.arena);
}

static void
targets_that_a_line_of_http1_cannot_hold_are_refused(void **state)
{
	static const char *const targets[] = {"", "a", "http://x/", "/a b",
	    "/a\tb", "/a\r\nb", "/a#b", "/\x7f", "/\xc3\xa9", "**", " /"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(targets); i++) {
		struct fixture f;

		begin(&f);
		add(&f, ":path", targets[i]);
		assert_string_equal(judged(&f), "bad target");
		assert_int_equal(f.status, 400);
		arena_clear(&f.arena);
	}
}

static void
schemes_but_http_are_refused(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add(&f, ":scheme", "HTTP");
	assert_null(judged(&f));
	add(&f, ":scheme", "ftp");
	assert_string_equal(judged(&f), "unknown scheme");
	arena_clear(&f.arena);
}

static void
host_and_authority_must_agree(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add(&f, "host", "WWW.example.com");
	assert_null(judged(&f));
	assert_int_equal(f.request.headers.n, 0);
	add(&f, "host", "www.example.com:443");
	assert_string_equal(judged(&f), "host unlike authority");
	f.head.authority = (struct slice){NULL, 0};
	assert_null(judged(&f));
	assert_slice(f.request.host, "www.example.com:443");
	arena_clear(&f.arena);
}

static void
an_extended_connect_is_told_as_an_upgrade(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add(&f, ":method", "CONNECT");
	add(&f, ":protocol", "websocket");
	assert_null(judged(&f));
	assert_slice(f.request.method, "GET");
	assert_slice(f.request.upgrade, "websocket");
	arena_clear(&f.arena);
}

static void
an_ordinary_connect_stays_one(void **state)
{
	struct fixture f = {0};

	(void)state;
	arena_init(&f.arena, 4096);
	add(&f, ":method", "CONNECT");
	add(&f, ":authority", "www.example.com:443");
	assert_null(judged(&f));
	assert_slice(f.request.method, "CONNECT");
	assert_int_equal(f.request.upgrade.n, 0);
	arena_clear(&f.arena);
}

static void
too_many_fields_are_431_and_far_too_many_abuse(void **state)
{
	struct fixture f;
	int n = 4;

	(void)state;
	begin(&f);
	for (; n < H2_FIELDS_MAX; n++)
		add(&f, "x", "y");
	assert_null(judged(&f));
	assert_int_equal(f.request.headers.n, H2_FIELDS_MAX - 4);
	for (; n < 2 * H2_FIELDS_MAX; n++)
		add(&f, "x", "y");
	assert_string_equal(judged(&f), "head too large");
	assert_int_equal(f.status, 431);
	assert_false(h2_head_add(&f.head, &f.arena, SLICE("x"), SLICE("y")));
	arena_clear(&f.arena);
}

static void
too_many_bytes_are_431_and_far_too_many_abuse(void **state)
{
	static char large[30000];
	struct fixture f;

	(void)state;
	memset(large, 'v', sizeof(large) - 1);
	begin(&f);
	add(&f, "x", large);
	add(&f, "x", large);
	assert_null(judged(&f));
	add(&f, "x", large);
	assert_string_equal(judged(&f), "head too large");
	add(&f, "x", large);
	assert_false(
	    h2_head_add(&f.head, &f.arena, SLICE("x"), slice_str(large)));
	arena_clear(&f.arena);
}

static void
an_arena_that_is_full_is_431(void **state)
{
	struct fixture f = {0};

	(void)state;
	arena_init(&f.arena, 64);
	for (int i = 0; i < 20; i++)
		add(&f, "x-name", "value");
	assert_string_equal(judged(&f), "head too large");
	assert_int_equal(f.status, 431);
	arena_clear(&f.arena);
}

static void
trailers_lose_what_must_not_come_late(void **state)
{
	static const struct field fields[] = {
	    {"grpc-status", "0"},
	    {"content-length", "5"},
	    {"host", "evil.example"},
	    {"authorization", "x"},
	    {"te", "trailers"},
	    {"cookie", "a=b"},
	    {"trailer", "x"},
	    {"x-checksum", "1"},
	};
	struct fixture f = {0};
	struct headers h;

	(void)state;
	arena_init(&f.arena, 64 * 1024);
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		add(&f, fields[i].name, fields[i].value);
	h = h2_head_trailers(&f.head);
	assert_int_equal(h.n, 2);
	assert_slice(h.items[0].name, "grpc-status");
	assert_slice(h.items[1].name, "x-checksum");
	arena_clear(&f.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_head_becomes_a_request),
	    cmocka_unit_test(an_unknown_expectation_is_told),
	    cmocka_unit_test(what_came_is_copied),
	    cmocka_unit_test(cookie_crumbs_are_joined_where_the_first_was),
	    cmocka_unit_test(one_cookie_stays_as_it_is),
	    cmocka_unit_test(
		targets_that_a_line_of_http1_cannot_hold_are_refused),
	    cmocka_unit_test(schemes_but_http_are_refused),
	    cmocka_unit_test(host_and_authority_must_agree),
	    cmocka_unit_test(an_extended_connect_is_told_as_an_upgrade),
	    cmocka_unit_test(an_ordinary_connect_stays_one),
	    cmocka_unit_test(too_many_fields_are_431_and_far_too_many_abuse),
	    cmocka_unit_test(too_many_bytes_are_431_and_far_too_many_abuse),
	    cmocka_unit_test(an_arena_that_is_full_is_431),
	    cmocka_unit_test(trailers_lose_what_must_not_come_late),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
