#include "base/mem.h"
#include "router/edge/headers.h"
#include "tests/unit/test.h"

#define FIELDS_MAX 16
#define ID         "01234567-89ab-cdef-0123"

struct fixture {
	struct arena arena;
	struct header fields[FIELDS_MAX];
	struct request request;
	struct network trusted;
	struct origin origin;
};

static void
begin(struct fixture *f)
{
	*f = (struct fixture){0};
	arena_init(&f->arena, 64 * 1024);
	f->request.host = SLICE("www.example.com:8443");
	f->request.headers = (struct headers){f->fields, 0, FIELDS_MAX};
	assert_int_equal(
	    network_parse(SLICE("10.0.0.0/8"), &f->trusted), ERR_OK);
	f->origin = (struct origin){.peer = SLICE("192.0.2.9"),
	    .trusted = &f->trusted,
	    .n_trusted = 1,
	    .is_tls = true,
	    .port = 443};
}

static void
trust(struct fixture *f)
{
	f->origin.peer = SLICE("10.1.2.3");
	f->origin.peer_is_trusted = true;
}

static void
add(struct fixture *f, const char *name, const char *value)
{
	headers_add(&f->request.headers, slice_str(name), slice_str(value));
}

static struct headers
to_backend(struct fixture *f)
{
	struct forwarded fwd =
	    headers_origin(&f->arena, &f->request, &f->origin);

	return headers_to_backend(
	    &f->arena, &f->request, &f->origin, &fwd, SLICE(ID), 1763733748114);
}

static void
assert_value(const struct headers *h, const char *name, const char *expected)
{
	struct slice value = headers_find(h, slice_str(name));
	char text[512] = "(none)";

	if (value.p != NULL)
		assert_int_equal(
		    slice_to_str(value, text, sizeof(text)), ERR_OK);
	assert_string_equal(text, expected);
}

static size_t
count(const struct headers *h, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++)
		n += slice_eq_nocase(h->items[i].name, slice_str(name));
	return n;
}

static void
the_app_is_told_who_asks(void **state)
{
	struct fixture f;
	struct headers h;

	(void)state;
	begin(&f);
	h = to_backend(&f);
	assert_value(&h, "Host", "www.example.com:8443");
	assert_value(&h, "X-Forwarded-For", "192.0.2.9");
	assert_value(&h, "X-Forwarded-Proto", "https");
	assert_value(&h, "X-Forwarded-Port", "443");
	assert_value(&h, "X-Forwarded-Host", "www.example.com:8443");
	assert_value(&h, "X-Towpath-Forwarded-Host", "www.example.com:8443");
	assert_value(&h, "X-Forwarded-IP", "192.0.2.9");
	assert_value(&h, "X-Real-IP", "192.0.2.9");
	assert_value(&h, "X-Request-Id", ID);
	assert_value(&h, "X-Request-Start", "t=1763733748114");
	assert_value(&h, "Via", "1.1 towpath");
	arena_clear(&f.arena);
}

static void
what_a_stranger_claims_is_replaced(void **state)
{
	static const char *const names[] = {"X-Forwarded-Proto",
	    "X-Forwarded-Port", "X-Forwarded-Host", "X-Towpath-Forwarded-Host",
	    "X-Forwarded-IP", "X-Real-IP", "X-Request-Start", "Via"};
	struct fixture f;
	struct headers h;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		add(&f, names[i], "evil");
	add(&f, "x-forwarded-for", "1.1.1.1");
	h = to_backend(&f);
	for (size_t i = 0; i < h.n; i++)
		assert_false(slice_eq(h.items[i].value, SLICE("evil")));
	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_int_equal(count(&h, names[i]), 1);
	/* the chain is only appended to, and believed by nobody */
	assert_value(&h, "X-Forwarded-For", "1.1.1.1, 192.0.2.9");
	assert_value(&h, "X-Real-IP", "192.0.2.9");
	arena_clear(&f.arena);
}

static void
behind_a_trusted_proxy_the_client_is_the_last_stranger(void **state)
{
	static const struct {
		const char *first, *second; /* X-Forwarded-For fields */
		const char *client, *chain;
	} cases[] = {
	    {"203.0.113.7", NULL, "203.0.113.7", "203.0.113.7, 10.1.2.3"},
	    {"6.6.6.6, 203.0.113.7", NULL, "203.0.113.7",
		"6.6.6.6, 203.0.113.7, 10.1.2.3"},
	    {"203.0.113.7, 10.9.9.9", NULL, "203.0.113.7",
		"203.0.113.7, 10.9.9.9, 10.1.2.3"},
	    {"6.6.6.6", "203.0.113.7,10.9.9.9", "203.0.113.7",
		"6.6.6.6, 203.0.113.7,10.9.9.9, 10.1.2.3"},
	    {"10.9.9.9", NULL, "10.9.9.9", "10.9.9.9, 10.1.2.3"},
	    {NULL, NULL, "10.1.2.3", "10.1.2.3"},
	    {" , ", NULL, "10.1.2.3", " , , 10.1.2.3"},
	    {"203.0.113.7:4000, 10.9.9.9:80", NULL, "203.0.113.7",
		"203.0.113.7:4000, 10.9.9.9:80, 10.1.2.3"},
	    {"[2001:db8::1]:4000", NULL, "2001:db8::1",
		"[2001:db8::1]:4000, 10.1.2.3"},
	    {"[2001:db8::1]", NULL, "2001:db8::1", "[2001:db8::1], 10.1.2.3"},
	    {"2001:db8::1", NULL, "2001:db8::1", "2001:db8::1, 10.1.2.3"},
	    {"::ffff:10.9.9.9", NULL, "::ffff:10.9.9.9",
		"::ffff:10.9.9.9, 10.1.2.3"},
	    {"unknown:80", NULL, "unknown:80", "unknown:80, 10.1.2.3"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct fixture f;
		struct headers h;

		begin(&f);
		trust(&f);
		if (cases[i].first != NULL)
			add(&f, "X-Forwarded-For", cases[i].first);
		if (cases[i].second != NULL)
			add(&f, "X-Forwarded-For", cases[i].second);
		h = to_backend(&f);
		assert_value(&h, "X-Real-IP", cases[i].client);
		assert_value(&h, "X-Forwarded-IP", cases[i].client);
		assert_value(&h, "X-Forwarded-For", cases[i].chain);
		arena_clear(&f.arena);
	}
}

static void
a_trusted_proxys_own_words_stay(void **state)
{
	struct fixture f;
	struct headers h;
	struct forwarded fwd;

	(void)state;
	begin(&f);
	trust(&f);
	f.origin.is_tls = false;
	add(&f, "X-Forwarded-Proto", "https");
	add(&f, "X-Forwarded-Port", "8443");
	add(&f, "X-Forwarded-Host", "shop.example");
	fwd = headers_origin(&f.arena, &f.request, &f.origin);
	assert_true(fwd.is_https);
	h = to_backend(&f);
	assert_value(&h, "X-Forwarded-Proto", "https");
	assert_value(&h, "X-Forwarded-Port", "8443");
	assert_value(&h, "X-Forwarded-Host", "shop.example");
	assert_value(&h, "X-Towpath-Forwarded-Host", "shop.example");
	arena_clear(&f.arena);
}

static void
what_is_between_two_peers_ends_here(void **state)
{
	static const char *const dropped[] = {"Connection", "Keep-Alive", "TE",
	    "Trailer", "Transfer-Encoding", "Upgrade", "Proxy-Connection",
	    "Content-Length", "X-Private", "x-other"};
	struct fixture f;
	struct headers h;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < COUNT_OF(dropped); i++)
		add(&f, dropped[i], i == 0 ? "close, x-private ,X-Other" : "1");
	add(&f, "Cookie", "a=b");
	add(&f, "X-Kept", "1");
	h = to_backend(&f);
	for (size_t i = 0; i < COUNT_OF(dropped); i++)
		assert_int_equal(count(&h, dropped[i]), 0);
	assert_value(&h, "Cookie", "a=b");
	assert_value(&h, "X-Kept", "1");
	arena_clear(&f.arena);
}

static void
naming_our_own_headers_in_connection_takes_none_away(void **state)
{
	struct fixture f;
	struct headers h;

	(void)state;
	begin(&f);
	add(&f, "Connection", "X-Forwarded-For, X-Real-IP, Host, X-Request-Id");
	h = to_backend(&f);
	assert_value(&h, "X-Forwarded-For", "192.0.2.9");
	assert_value(&h, "X-Real-IP", "192.0.2.9");
	assert_value(&h, "Host", "www.example.com:8443");
	assert_value(&h, "X-Request-Id", ID);
	arena_clear(&f.arena);
}

static void
a_fit_request_id_is_kept(void **state)
{
	static const struct {
		const char *id;
		bool kept;
	} cases[] = {
	    {"0123456789abcdefABCD", true},
	    {"0123456789abcdef+/=-", true},
	    {"0123456789abcdefABC", false},
	    {"0123456789abcdef ABC", false},
	    {"0123456789abcdef\"ABCD", false},
	    {"", false},
	};
	char long_one[202];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct fixture f;

		begin(&f);
		add(&f, "X-Request-ID", cases[i].id);
		assert_int_equal(
		    headers_request_id(&f.request).p != NULL, cases[i].kept);
	}
	for (size_t n = 200; n <= 201; n++) {
		struct fixture f;

		memset(long_one, 'a', n);
		long_one[n] = '\0';
		begin(&f);
		add(&f, "X-Request-ID", long_one);
		assert_int_equal(
		    headers_request_id(&f.request).p != NULL, n == 200);
	}
}

static void
the_client_is_told_via_and_id(void **state)
{
	struct fixture f;
	struct headers h;

	(void)state;
	begin(&f);
	add(&f, "Connection", "keep-alive");
	add(&f, "Set-Cookie", "a");
	add(&f, "Set-Cookie", "b");
	add(&f, "Via", "1.0 inner");
	add(&f, "X-Request-Id", "the app's");
	h = headers_to_client(&f.arena, &f.request.headers, SLICE(ID), 0);
	assert_int_equal(count(&h, "Set-Cookie"), 2);
	assert_int_equal(count(&h, "Connection"), 0);
	assert_int_equal(count(&h, "Via"), 2);
	assert_int_equal(count(&h, "X-Request-Id"), 1);
	assert_value(&h, "X-Request-Id", ID);
	assert_int_equal(count(&h, "Strict-Transport-Security"), 0);
	arena_clear(&f.arena);
}

static void
hsts_is_added_unless_the_app_has_its_own(void **state)
{
	struct fixture f;
	struct headers h;

	(void)state;
	begin(&f);
	h = headers_to_client(&f.arena, &f.request.headers, SLICE(ID), 3600);
	assert_value(&h, "Strict-Transport-Security", "max-age=3600");
	add(&f, "strict-transport-security", "max-age=1");
	h = headers_to_client(&f.arena, &f.request.headers, SLICE(ID), 3600);
	assert_int_equal(count(&h, "Strict-Transport-Security"), 1);
	assert_value(&h, "Strict-Transport-Security", "max-age=1");
	arena_clear(&f.arena);
}

static void
rules_set_add_and_remove_in_their_order(void **state)
{
	struct header_rule items[] = {
	    {HEADER_RULE_SET, SLICE("X-Frame-Options"), SLICE("DENY")},
	    {HEADER_RULE_REMOVE, SLICE("server"), SLICE("")},
	    {HEADER_RULE_ADD, SLICE("Link"), SLICE("b")},
	    {HEADER_RULE_SET, SLICE("X-New"), SLICE("1")},
	};
	struct header_rules rules = {items, COUNT_OF(items)};
	struct fixture f;
	struct headers h;

	(void)state;
	begin(&f);
	add(&f, "x-frame-options", "ALLOW");
	add(&f, "X-Frame-Options", "SAMEORIGIN");
	add(&f, "Server", "secret/1.0");
	add(&f, "Link", "a");
	h = headers_ruled(&f.arena, &f.request.headers, &rules);
	assert_int_equal(count(&h, "X-Frame-Options"), 1);
	assert_value(&h, "X-Frame-Options", "DENY");
	assert_int_equal(count(&h, "Server"), 0);
	assert_int_equal(count(&h, "Link"), 2);
	assert_value(&h, "X-New", "1");
	rules.n = 0;
	h = headers_ruled(&f.arena, &f.request.headers, &rules);
	assert_ptr_equal(h.items, f.request.headers.items);
	arena_clear(&f.arena);
}

static void
the_size_of_a_head_is_what_http1_would_write(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.request.method = SLICE("GET");
	f.request.target = SLICE("/a");
	add(&f, "Host", "b");
	assert_int_equal(headers_head_size(&f.request),
	    (int64_t)strlen("GET /a HTTP/1.1\r\nHost: b\r\n\r\n"));
	arena_clear(&f.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_app_is_told_who_asks),
	    cmocka_unit_test(what_a_stranger_claims_is_replaced),
	    cmocka_unit_test(
		behind_a_trusted_proxy_the_client_is_the_last_stranger),
	    cmocka_unit_test(a_trusted_proxys_own_words_stay),
	    cmocka_unit_test(what_is_between_two_peers_ends_here),
	    cmocka_unit_test(
		naming_our_own_headers_in_connection_takes_none_away),
	    cmocka_unit_test(a_fit_request_id_is_kept),
	    cmocka_unit_test(the_client_is_told_via_and_id),
	    cmocka_unit_test(hsts_is_added_unless_the_app_has_its_own),
	    cmocka_unit_test(rules_set_add_and_remove_in_their_order),
	    cmocka_unit_test(the_size_of_a_head_is_what_http1_would_write),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
