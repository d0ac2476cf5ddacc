#include "acme/challenge.h"
#include "tests/unit/test.h"

#define OFFER(type, status, more)                                              \
	"{\"type\":\"" type "\",\"status\":\"" status "\",\"url\":"            \
	"\"https://ca.test/" type "\",\"token\":\"token\"" more "}"
#define OPEN(type) OFFER(type, "pending", "")
#define ALL        OPEN("dns-01") "," OPEN("tls-alpn-01") "," OPEN("http-01")
#define AUTHORIZATION(more, challenges)                                        \
	"{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":"  \
	"\"www.test\"}" more ",\"challenges\":[" challenges "]}"

static const struct challenge_choice all = {
    .types = {CHALLENGE_HTTP_01, CHALLENGE_TLS_ALPN_01, CHALLENGE_DNS_01},
    .n = 3,
};
static const struct challenge_choice no_dns = {
    .types = {CHALLENGE_HTTP_01, CHALLENGE_TLS_ALPN_01},
    .n = 2,
};

static void
read_text(const char *text, bool is_posted,
    const struct challenge_choice *choice, struct authorization *out)
{
	assert_int_equal(
	    authorization_read(slice_str(text), is_posted, choice, out),
	    ERR_OK);
}

static void
best_one_offered_is_taken(void **state)
{
	static const char few[] =
	    AUTHORIZATION("", OPEN("dns-01") "," OPEN("tls-alpn-01"));
	struct authorization a;

	(void)state;
	read_text(AUTHORIZATION("", ALL), false, &all, &a);
	assert_int_equal(a.type, CHALLENGE_HTTP_01);
	assert_string_equal(a.url, "https://ca.test/http-01");
	read_text(few, false, &all, &a);
	assert_int_equal(a.type, CHALLENGE_TLS_ALPN_01);
}

static void
wildcard_takes_dns_01_and_nothing_else(void **state)
{
	static const char text[] = AUTHORIZATION(",\"wildcard\":true", ALL);
	struct authorization a;

	(void)state;
	read_text(text, false, &all, &a);
	assert_int_equal(a.type, CHALLENGE_DNS_01);
	assert_true(a.is_wildcard);
	read_text(text, false, &no_dns, &a);
	assert_int_equal(a.state, AUTHORIZATION_FAILED);
	assert_int_equal(a.problem.fault.code, FAULT_A27_NO_USABLE_CHALLENGE);
	assert_true(challenge_choice_fits(&all, "*.www.test"));
	assert_false(challenge_choice_fits(&no_dns, "*.www.test"));
}

/* After a restart the order is read anew: what the CA has begun goes on. */
static void
one_that_is_under_way_goes_before_a_better_one(void **state)
{
	static const char text[] = AUTHORIZATION(
	    "", OPEN("http-01") "," OFFER("tls-alpn-01", "processing", ""));
	struct authorization a;

	(void)state;
	read_text(text, false, &all, &a);
	assert_int_equal(a.type, CHALLENGE_TLS_ALPN_01);
	assert_true(a.is_started);
}

static void
error_of_a_pending_one_is_its_end_once_it_was_posted(void **state)
{
	static const char text[] = AUTHORIZATION(
	    "", OPEN("http-01") "," OFFER("tls-alpn-01", "pending",
		    ",\"error\":{\"type\":\"urn:ietf:params:acme:error:"
		    "connection\",\"detail\":\"refused\"}"));
	struct authorization a;

	(void)state;
	read_text(text, true, &all, &a);
	assert_int_equal(a.state, AUTHORIZATION_FAILED);
	assert_true(a.problem.is_validation);
}

static void
choice_learns_from_what_came_of_it(void **state)
{
	struct challenge_choice c = all;

	(void)state;
	challenge_choice_learn(&c, CHALLENGE_HTTP_01, false);
	assert_int_equal(c.types[0], CHALLENGE_TLS_ALPN_01);
	assert_int_equal(c.types[1], CHALLENGE_DNS_01);
	assert_int_equal(c.types[2], CHALLENGE_HTTP_01);
	challenge_choice_learn(&c, CHALLENGE_HTTP_01, true);
	assert_memory_equal(c.types, all.types, sizeof(c.types));
	c = no_dns;
	challenge_choice_learn(&c, CHALLENGE_DNS_01, true);
	assert_memory_equal(c.types, no_dns.types, sizeof(c.types));
}

static void
types_have_their_names(void **state)
{
	enum challenge_type type;

	(void)state;
	for (int t = 0; t < CHALLENGE_TYPES; t++) {
		assert_true(challenge_type_read(
		    challenge_type_text((enum challenge_type)t), &type));
		assert_int_equal(type, t);
	}
	assert_false(challenge_type_read("dns-persist-01", &type));
}

/* Of "token.thumbprint": openssl dgst -sha256 -binary |
 * basenc --base64url. */
static void
value_of_the_txt_record_is_the_digest(void **state)
{
	char value[CHALLENGE_DIGEST_MAX + 1];

	(void)state;
	assert_int_equal(
	    challenge_dns_value("token.thumbprint", value), ERR_OK);
	assert_string_equal(
	    value, "61rBZ_4knHblO0MNoxFsXZ_eTFUHum0B6IVRbhvUn5I");
}

static void
what_is_removed_leaves_the_others_in_order(void **state)
{
	struct challenge_choice c = {.n = 0};

	(void)state;
	challenge_choice_add(&c, CHALLENGE_HTTP_01);
	challenge_choice_add(&c, CHALLENGE_TLS_ALPN_01);
	challenge_choice_add(&c, CHALLENGE_DNS_01);
	challenge_choice_remove(&c, CHALLENGE_TLS_ALPN_01);
	challenge_choice_remove(&c, CHALLENGE_TLS_ALPN_01);
	assert_int_equal(c.n, 2);
	assert_int_equal(c.types[0], CHALLENGE_HTTP_01);
	assert_int_equal(c.types[1], CHALLENGE_DNS_01);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_removed_leaves_the_others_in_order),
	    cmocka_unit_test(best_one_offered_is_taken),
	    cmocka_unit_test(wildcard_takes_dns_01_and_nothing_else),
	    cmocka_unit_test(one_that_is_under_way_goes_before_a_better_one),
	    cmocka_unit_test(
		error_of_a_pending_one_is_its_end_once_it_was_posted),
	    cmocka_unit_test(choice_learns_from_what_came_of_it),
	    cmocka_unit_test(types_have_their_names),
	    cmocka_unit_test(value_of_the_txt_record_is_the_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
