#include <stdlib.h>

#include "base/mem.h"
#include "router/edge/client_hello.h"
#include "tests/unit/hello.h"
#include "tests/unit/test.h"

struct fixture {
	struct buf bytes, other;
	struct client_hello hello;
};

static int
set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	buf_init(&f->bytes, 64 * 1024);
	buf_init(&f->other, 64 * 1024);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	buf_clear(&f->bytes);
	buf_clear(&f->other);
	free(f);
	return 0;
}

static enum err
read_it(struct fixture *f)
{
	return client_hello_read(buf_slice(&f->bytes), &f->hello);
}

static void
name_protocols_and_versions_are_read(void **state)
{
	static const char *const protocols[] = {"h2", "http/1.1", NULL};
	struct fixture *f = *state;

	hello_make(HELLO_DEFAULT, "WWW.Example.COM", protocols, &f->bytes);
	assert_int_equal(read_it(f), ERR_OK);
	assert_true(f->hello.has_sni);
	assert_string_equal(f->hello.host, "www.example.com");
	assert_true(f->hello.has_alpn);
	assert_true(f->hello.offers_h2);
	assert_true(f->hello.offers_http11);
	assert_false(f->hello.offers_acme_tls);
	assert_true(f->hello.offers_tls12);
	assert_true(f->hello.offers_tls13);
	assert_false(f->hello.has_ticket);
}

static void
tls12_only_is_told_apart(void **state)
{
	static const char *const protocols[] = {"acme-tls/1", NULL};
	struct fixture *f = *state;

	hello_make(
	    "NORMAL:-VERS-ALL:+VERS-TLS1.2", "a.example", protocols, &f->bytes);
	assert_int_equal(read_it(f), ERR_OK);
	assert_true(f->hello.offers_tls12);
	assert_false(f->hello.offers_tls13);
	assert_true(f->hello.offers_acme_tls);
	assert_false(f->hello.offers_http11);
}

static void
no_name_is_no_fault(void **state)
{
	struct fixture *f = *state;

	hello_make(HELLO_DEFAULT, NULL, NULL, &f->bytes);
	assert_int_equal(read_it(f), ERR_OK);
	assert_false(f->hello.has_sni);
	assert_string_equal(f->hello.host, "");
	assert_false(f->hello.has_alpn);
}

static void
every_part_of_a_hello_wants_more(void **state)
{
	struct fixture *f = *state;

	hello_make(HELLO_DEFAULT, "a.example", NULL, &f->bytes);
	for (size_t n = 0; n < f->bytes.len; n++)
		assert_int_equal(
		    client_hello_read(
			(struct slice){buf_slice(&f->bytes).p, n}, &f->hello),
		    ERR_AGAIN);
}

static void
a_hello_cut_into_records_is_put_together(void **state)
{
	static const size_t steps[] = {1, 3, 4, 5, 60, 200};
	struct fixture *f = *state;

	hello_make(HELLO_DEFAULT, "cut.example", NULL, &f->bytes);
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		buf_reset(&f->other);
		hello_cut(buf_slice(&f->bytes), steps[i], &f->other);
		assert_int_equal(
		    client_hello_read(buf_slice(&f->other), &f->hello), ERR_OK);
		assert_string_equal(f->hello.host, "cut.example");
	}
}

static void
what_is_behind_the_hello_does_not_matter(void **state)
{
	struct fixture *f = *state;
	char noise[30000];

	memset(noise, 0x17, sizeof(noise));
	hello_make(HELLO_DEFAULT, "a.example", NULL, &f->bytes);
	(void)buf_add(&f->bytes, slice_of(noise, sizeof(noise)));
	assert_int_equal(read_it(f), ERR_OK);
	assert_string_equal(f->hello.host, "a.example");
}

/* --- made by hand --------------------------------------------------------- */

/* A hello with these extensions (their bytes, without the list's length). */
static void
make(struct buf *out, struct slice extensions)
{
	size_t body = 2 + 32 + 1 + 4 + 2 + 2 + extensions.n;
	char head[] = {22, 3, 1, (char)((body + 4) >> 8), (char)(body + 4), 1,
	    0, (char)(body >> 8), (char)body, 3, 3};
	char random[33] = {0}; /* and the empty session id */
	char rest[] = {
	    0, 2, 0x13, 1, 1, 0, (char)(extensions.n >> 8), (char)extensions.n};

	buf_reset(out);
	(void)buf_add(out, slice_of(head, sizeof(head)));
	(void)buf_add(out, slice_of(random, sizeof(random)));
	(void)buf_add(out, slice_of(rest, sizeof(rest)));
	(void)buf_add(out, extensions);
}

#define NAME_A "\0\0\0\6\0\4\0\0\1a"

static void
malformed_hellos_are_refused(void **state)
{
	static const struct {
		const char *name;
		struct slice extensions;
	} cases[] = {
	    {"two server_name extensions", {NAME_A NAME_A, 20}},
	    {"two host names", {"\0\0\0\12\0\10\0\0\1a\0\0\1b", 14}},
	    {"empty host name", {"\0\0\0\5\0\3\0\0\0", 9}},
	    {"name longer than its list", {"\0\0\0\6\0\4\0\0\2a", 10}},
	    {"list longer than its extension", {"\0\0\0\6\0\5\0\0\1a", 10}},
	    {"bytes behind the list", {"\0\0\0\7\0\4\0\0\1ax", 11}},
	    {"extension longer than the hello", {"\0\0\0\7\0\4\0\0\1a", 10}},
	    {"half an extension header", {NAME_A "\0\20", 12}},
	    {"unknown type of name", {"\0\0\0\6\0\4\1\0\1a", 10}},
	    {"empty protocol", {"\0\20\0\3\0\1\0", 7}},
	    {"odd versions", {"\0\53\0\4\3\3\4\3", 8}},
	    {"pre-shared key without identity", {"\0\51\0\2\0\0", 6}},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		make(&f->bytes, cases[i].extensions);
		if (read_it(f) != ERR_SYNTAX)
			fail_msg("taken: %s", cases[i].name);
	}
	make(&f->bytes, slice_of(NAME_A, 10));
	assert_int_equal(read_it(f), ERR_OK);
	assert_string_equal(f->hello.host, "a");
}

static void
a_name_that_no_host_has_is_an_unknown_one(void **state)
{
	static const struct slice cases[] = {
	    {"\0\0\0\6\0\4\0\0\1/", 10},
	    {"\0\0\0\6\0\4\0\0\1\0", 10},
	    {"\0\0\0\10\0\6\0\0\3a:1", 12},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		make(&f->bytes, cases[i]);
		assert_int_equal(read_it(f), ERR_OK);
		assert_true(f->hello.has_sni);
		assert_string_equal(f->hello.host, "");
	}
}

static void
a_tickets_key_name_is_kept(void **state)
{
	/* RFC 5077, then a pre-shared key (RFC 8446, 4.2.11) */
	static const struct slice cases[] = {
	    {"\0\43\0\22NAMEOFTHETICKETK..", 22},
	    {"\0\51\0\34\0\30\0\22NAMEOFTHETICKETK..\0\0\0\0\0\0", 32},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		make(&f->bytes, cases[i]);
		assert_int_equal(read_it(f), ERR_OK);
		assert_true(f->hello.has_ticket);
		assert_memory_equal(
		    f->hello.ticket_key_name, "NAMEOFTHETICKETK", 16);
	}
	make(&f->bytes, slice_of("\0\43\0\0", 4)); /* it wants one */
	assert_int_equal(read_it(f), ERR_OK);
	assert_false(f->hello.has_ticket);
}

static void
what_is_no_hello_is_refused_at_once(void **state)
{
	static const struct slice cases[] = {
	    {"GET / HTTP/1.1\r\n\r\n", 18},
	    {"\x80\x2e\x01\x00\x02", 5},     /* SSL 2 */
	    {"\x16\x03\x01\x00\x00", 5},     /* an empty record */
	    {"\x16\x03\x01\x40\x01", 5},     /* a record too long */
	    {"\x16\x03\x01\x00\x04\x02", 6}, /* a ServerHello */
	    {"\x17\x03\x03\x00\x04\x01", 6}, /* data */
	    {"\x16\x02", 2},
	};
	struct client_hello hello;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (client_hello_read(cases[i], &hello) != ERR_SYNTAX)
			fail_msg("case %zu is taken", i);
}

static void
a_hello_that_is_too_long_is_refused(void **state)
{
	struct fixture *f = *state;
	static char record[5 + 16384] = {22, 3, 1, 0x40, 0, 1, 0, 0x40, 1};

	assert_int_equal(
	    client_hello_read(slice_of(record, sizeof(record)), &f->hello),
	    ERR_TOO_BIG);
	/* endless records of a byte each */
	for (int i = 0; i < 5000; i++)
		(void)buf_add(
		    &f->bytes, slice_of(i == 0  ? "\x16\x03\x01\0\1\1"
					: i < 2 ? "\x16\x03\x01\0\1\0"
						: "\x16\x03\x01\0\1\x3f",
				   6));
	assert_int_equal(read_it(f), ERR_TOO_BIG);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(name_protocols_and_versions_are_read),
	    TEST(tls12_only_is_told_apart),
	    TEST(no_name_is_no_fault),
	    TEST(every_part_of_a_hello_wants_more),
	    TEST(a_hello_cut_into_records_is_put_together),
	    TEST(what_is_behind_the_hello_does_not_matter),
	    TEST(malformed_hellos_are_refused),
	    TEST(a_name_that_no_host_has_is_an_unknown_one),
	    TEST(a_tickets_key_name_is_kept),
	    TEST(what_is_no_hello_is_refused_at_once),
	    TEST(a_hello_that_is_too_long_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
