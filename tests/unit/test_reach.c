#include <stdio.h>
#include <stdlib.h>

#include "acme/dns/reach.h"
#include "base/mem.h"
#include "tests/unit/test.h"

#define HOST "www.example.com"

/* One resolver's answer in short: addresses and chain are blank-separated. */
struct told {
	enum dns_result a, aaaa;
	const char *addresses, *chain;
	int ttl_s;
};

/* What is expected: the code, and the records as "create CNAME name value". */
struct expected {
	const char *code; /* "": it reaches us */
	const char *records;
};

static struct addr
ip(struct slice text)
{
	struct addr a;

	assert_int_equal(addr_parse_ip(text, 0, &a), ERR_OK);
	return a;
}

static size_t
ips(const char *text, struct addr *out)
{
	struct slice rest = slice_str(text), word;
	size_t n = 0;

	while (slice_word(&rest, &word))
		out[n++] = ip(word);
	return n;
}

static void
answer_of(const struct told *told, struct dns_answer *out)
{
	struct slice rest = slice_str(told->chain), word;

	memset(out, 0, sizeof(*out));
	out->resolver = ip(SLICE("9.9.9.9"));
	out->a = told->a;
	out->aaaa = told->aaaa;
	out->ttl_s = out->kept_s = told->ttl_s;
	out->n_addresses =
	    ips(told->addresses == NULL ? "" : told->addresses, out->addresses);
	while (told->chain != NULL && slice_word(&rest, &word))
		snprintf(out->chain[out->n_chain++], 256, "%" SLICE_FMT,
		    SLICE_ARG(word));
}

static void
records_text(const struct reach_verdict *v, char *out, size_t size)
{
	static const char *const words[] = {"create", "delete", "change"};
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < v->n_records; i++) {
		const struct reach_record *r = &v->records[i];

		used += (size_t)snprintf(out + used, size - used,
		    "%s%s %s %s %s%s%s", i == 0 ? "" : "; ", words[r->act],
		    r->type, r->name, r->value,
		    r->act == REACH_CHANGE ? " was " : "", r->was);
	}
}

static void
assert_verdict(const char *name, const struct reach_verdict *v,
    const struct expected *expected)
{
	char text[2000];

	records_text(v, text, sizeof(text));
	if (v->reaches != (expected->code[0] == '\0') ||
	    strcmp(fault_code_name(v->fault.code), expected->code) != 0 ||
	    strcmp(text, expected->records) != 0)
		fail_msg("%s: got %s (%s) and [%s], expected %s and [%s]", name,
		    fault_code_name(v->fault.code), v->fault.text, text,
		    expected->code, expected->records);
}

/* The platform of most tests: a CNAME target and addresses of both kinds. */
static struct addr ours[2];
static const char *const cnames[] = {"edge.example.net"};

static struct reach_target
target(void)
{
	ours[0] = ip(SLICE("192.0.2.10"));
	ours[1] = ip(SLICE("2001:db8::10"));
	return (struct reach_target){
	    .cnames = cnames,
	    .n_cnames = 1,
	    .addresses = ours,
	    .n_addresses = 2,
	};
}

struct judged {
	const char *name;
	const char *host;
	struct told told;
	struct expected expected;
};

static const struct judged judged[] = {
    {"ours by both families", HOST,
	{DNS_OK, DNS_OK, "192.0.2.10 2001:db8::10", "edge.example.net", 60},
	{"", ""}},
    {"AAAA alone is enough", HOST, {DNS_OK, DNS_OK, "2001:db8::10", "", 60},
	{"", ""}},
    {"flattened CNAME is as good", "example.com",
	{DNS_OK, DNS_OK, "192.0.2.10", "", 60}, {"", ""}},
    {"a CNAME elsewhere that ends at us is fine", HOST,
	{DNS_OK, DNS_OK, "192.0.2.10", "cdn.example.org", 60}, {"", ""}},
    {"a subdomain not there gets a CNAME", HOST,
	{DNS_NXDOMAIN, DNS_NXDOMAIN, "", "", 0},
	{"D10", "create CNAME " HOST " edge.example.net"}},
    {"an apex not there gets addresses", "example.com",
	{DNS_NXDOMAIN, DNS_NXDOMAIN, "", "", 0},
	{"D10", "create A example.com 192.0.2.10; "
		"create AAAA example.com 2001:db8::10"}},
    {"an apex under co.uk too", "example.co.uk",
	{DNS_NXDOMAIN, DNS_NXDOMAIN, "", "", 0},
	{"D10", "create A example.co.uk 192.0.2.10; "
		"create AAAA example.co.uk 2001:db8::10"}},
    {"a dangling CNAME is changed", HOST,
	{DNS_NXDOMAIN, DNS_NXDOMAIN, "", "old.example.org", 0},
	{"D10", "change CNAME " HOST " edge.example.net was old.example.org"}},
    {"no addresses", HOST, {DNS_OK, DNS_OK, "", "", 0},
	{"D11", "create CNAME " HOST " edge.example.net"}},
    {"elsewhere: addresses go, CNAME comes", HOST,
	{DNS_OK, DNS_OK, "203.0.113.7 2001:db8:f::7", "", 300},
	{"D12", "delete A " HOST " 203.0.113.7; "
		"delete AAAA " HOST " 2001:db8:f::7; "
		"create CNAME " HOST " edge.example.net"}},
    {"elsewhere by CNAME", HOST,
	{DNS_OK, DNS_OK, "203.0.113.7", "shop.example.org", 300},
	{"D12", "change CNAME " HOST " edge.example.net was shop.example.org"}},
    {"an apex elsewhere", "example.com",
	{DNS_OK, DNS_OK, "203.0.113.7 203.0.113.8", "", 300},
	{"D12", "change A example.com 192.0.2.10 was 203.0.113.7; "
		"delete A example.com 203.0.113.8; "
		"create AAAA example.com 2001:db8::10"}},
    {"mixed: only the foreign one goes", HOST,
	{DNS_OK, DNS_OK, "192.0.2.10 203.0.113.7", "", 300},
	{"D13", "delete A " HOST " 203.0.113.7"}},
    {"mixed by family", "example.com",
	{DNS_OK, DNS_OK, "203.0.113.7 2001:db8::10", "", 300},
	{"D13", "change A example.com 192.0.2.10 was 203.0.113.7"}},
    {"a foreign AAAA", "example.com",
	{DNS_OK, DNS_OK, "192.0.2.10 2001:db8:f::7", "", 300},
	{"D14", "change AAAA example.com 2001:db8::10 was 2001:db8:f::7"}},
    {"SERVFAIL", HOST, {DNS_SERVFAIL, DNS_SERVFAIL, "", "", 0},
	{"D15", "create CNAME " HOST " edge.example.net"}},
    {"SERVFAIL for AAAA alone hides what is there", HOST,
	{DNS_OK, DNS_SERVFAIL, "192.0.2.10", "edge.example.net", 0},
	{"D15", ""}},
    {"signatures that do not verify", HOST, {DNS_BOGUS, DNS_BOGUS, "", "", 0},
	{"D21", "create CNAME " HOST " edge.example.net"}},
    {"timeout", HOST, {DNS_TIMEOUT, DNS_TIMEOUT, "", "", 0},
	{"D16", "create CNAME " HOST " edge.example.net"}},
    {"refused", HOST, {DNS_REFUSED, DNS_REFUSED, "", "", 0},
	{"D17", "create CNAME " HOST " edge.example.net"}},
    {"a loop", HOST, {DNS_LOOP, DNS_LOOP, "", "a.example.com " HOST, 0},
	{"D18", "change CNAME " HOST " edge.example.net was a.example.com"}},
    {"no DNS at all", HOST, {DNS_MALFORMED, DNS_TIMEOUT, "", "", 0},
	{"D15", "create CNAME " HOST " edge.example.net"}},
    {"right CNAME, wrong target: nothing for the customer to set", HOST,
	{DNS_OK, DNS_OK, "203.0.113.7", "edge.example.net", 300}, {"D12", ""}},
};

static void
every_answer_has_its_code_and_its_records(void **state)
{
	struct reach_target t = target();
	struct reach_verdict v;
	struct dns_answer answer;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(judged); i++) {
		answer_of(&judged[i].told, &answer);
		reach_judge(judged[i].host, &answer, 1, &t, &v);
		assert_verdict(judged[i].name, &v, &judged[i].expected);
		assert_int_equal(v.cached_s, judged[i].told.ttl_s);
		if (!v.reaches)
			assert_true(strlen(v.fault.text) > 0);
	}
}

static void
judge_two(
    const struct told *one, const struct told *two, struct reach_verdict *v)
{
	struct reach_target t = target();
	struct dns_answer answers[2];

	answer_of(one, &answers[0]);
	answer_of(two, &answers[1]);
	reach_judge(HOST, answers, 2, &t, v);
}

static void
one_resolver_that_fails_does_not_hide_the_other(void **state)
{
	static const struct told right = {DNS_OK, DNS_OK, "192.0.2.10", "", 5};
	static const struct told others[] = {
	    {DNS_TIMEOUT, DNS_TIMEOUT, "", "", 0},
	    {DNS_NXDOMAIN, DNS_NXDOMAIN, "", "", 0},
	    {DNS_OK, DNS_OK, "", "", 0},
	    {DNS_OK, DNS_SERVFAIL, "192.0.2.10", "", 0},
	};
	struct reach_verdict v;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		judge_two(&others[i], &right, &v);
		assert_true(v.reaches);
		assert_int_equal(v.fault.code, FAULT_NONE);
	}
}

static void
one_resolver_that_checks_signatures_outweighs_those_that_do_not(void **state)
{
	static const struct told right = {DNS_OK, DNS_OK, "192.0.2.10", "", 5};
	static const struct told bogus = {DNS_BOGUS, DNS_BOGUS, "", "", 0};
	struct reach_verdict v;

	(void)state;
	judge_two(&right, &bogus, &v);
	assert_false(v.reaches);
	assert_int_equal(v.fault.code, FAULT_D21_DNSSEC);
	assert_non_null(strstr(v.fault.action, "registrar"));
}

static void
a_resolver_with_the_old_address_is_waited_for(void **state)
{
	static const struct told right = {DNS_OK, DNS_OK, "192.0.2.10", "", 60};
	static const struct told stale = {
	    DNS_OK, DNS_OK, "203.0.113.7", "", 1700};
	struct reach_verdict v;

	(void)state;
	judge_two(&right, &stale, &v);
	assert_false(v.reaches);
	assert_int_equal(v.fault.code, FAULT_D13_MIXED);
	assert_int_equal(v.n_records, 0);
	assert_int_equal(v.cached_s, 1700);
	assert_non_null(strstr(v.fault.action, "1700"));
}

static void
the_most_telling_failure_is_named(void **state)
{
	static const struct told slow = {DNS_TIMEOUT, DNS_TIMEOUT, "", "", 0};
	static const struct told none = {DNS_NXDOMAIN, DNS_NXDOMAIN, "", "", 0};
	struct reach_verdict v;

	(void)state;
	judge_two(&slow, &none, &v);
	assert_int_equal(v.fault.code, FAULT_D10_NXDOMAIN);
}

static void
no_answer_at_all_is_a_timeout(void **state)
{
	struct reach_target t = target();
	struct reach_verdict v;

	(void)state;
	reach_judge(HOST, NULL, 0, &t, &v);
	assert_int_equal(v.fault.code, FAULT_D16_TIMEOUT);
}

static void
a_platform_without_addresses_is_told_so(void **state)
{
	static const struct told told = {DNS_OK, DNS_OK, "192.0.2.10", "", 60};
	static const struct reach_target unset;
	struct dns_answer answer;
	struct reach_verdict v;

	(void)state;
	answer_of(&told, &answer);
	reach_judge(HOST, &answer, 1, &unset, &v);
	assert_verdict("judge", &v, &(struct expected){"D19", ""});
	reach_records(HOST, &unset, &v);
	assert_verdict("records", &v, &(struct expected){"D19", ""});
}

static void
what_the_cname_target_resolves_to_is_ours(void **state)
{
	static const struct told told = {
	    DNS_OK, DNS_OK, "198.51.100.9", "edge.example.net", 60};
	struct reach_target t = target();
	struct addr resolved[1] = {ip(SLICE("198.51.100.9"))};
	struct dns_answer answer;
	struct reach_verdict v;

	(void)state;
	answer_of(&told, &answer);
	reach_judge(HOST, &answer, 1, &t, &v);
	assert_int_equal(v.fault.code, FAULT_D12_ELSEWHERE);
	t.resolved = resolved;
	t.n_resolved = 1;
	reach_judge(HOST, &answer, 1, &t, &v);
	assert_true(v.reaches);
}

static void
without_cname_target_a_subdomain_gets_addresses(void **state)
{
	static const struct told by_cname = {
	    DNS_OK, DNS_OK, "203.0.113.7", "shop.example.org", 60};
	struct reach_target t = target();
	struct dns_answer answer;
	struct reach_verdict v;

	(void)state;
	t.n_cnames = 0;
	answer_of(&by_cname, &answer);
	reach_judge(HOST, &answer, 1, &t, &v);
	assert_verdict("a CNAME in the way", &v,
	    &(struct expected){"D12", "delete CNAME " HOST " shop.example.org; "
				      "create A " HOST " 192.0.2.10; "
				      "create AAAA " HOST " 2001:db8::10"});
}

static void
a_foreign_aaaa_goes_when_we_have_no_ipv6(void **state)
{
	static const struct told told = {
	    DNS_OK, DNS_OK, "192.0.2.10 2001:db8:f::7", "", 60};
	struct reach_target t = target();
	struct dns_answer answer;
	struct reach_verdict v;

	(void)state;
	t.n_addresses = 1;
	answer_of(&told, &answer);
	reach_judge("example.com", &answer, 1, &t, &v);
	assert_verdict("no IPv6", &v,
	    &(struct expected){"D14", "delete AAAA example.com 2001:db8:f::7"});
}

static void
an_unseen_name_gets_its_records(void **state)
{
	struct reach_target t = target();
	struct reach_verdict v;
	char text[500];

	(void)state;
	reach_records(HOST, &t, &v);
	records_text(&v, text, sizeof(text));
	assert_string_equal(text, "create CNAME " HOST " edge.example.net");
	assert_int_equal(v.records[0].ttl_s, 300);
	t.n_addresses = 0;
	reach_records("example.com", &t, &v);
	records_text(&v, text, sizeof(text));
	assert_string_equal(text, "create ALIAS example.com edge.example.net");
}

static void
a_wildcard_target_gives_each_host_its_own_name(void **state)
{
	static const struct {
		const char *target, *host, *cname;
	} cases[] = {
	    {"edge.example.net", "www.shop.com", "edge.example.net"},
	    {"*.edge.example.net", "www.shop.com",
		"www-shop-com.edge.example.net"},
	    {"*.edge.example.net", "*.shop.com", "shop-com.edge.example.net"},
	    {"*.e.net",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
		".shop.com",
		"aaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
		"-shop-com.e.net"},
	};
	char out[256];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		reach_cname(cases[i].target, "", cases[i].host, out);
		assert_string_equal(out, cases[i].cname);
	}
}

static void
an_app_names_its_own_target_under_a_wildcard(void **state)
{
	static const char *const wildcard[] = {"*.edge.example.net"};
	struct reach_target t = target();
	struct reach_verdict v;
	char text[500];

	(void)state;
	t.cnames = wildcard;
	t.app = "shop";
	reach_records("www.shop.com", &t, &v);
	records_text(&v, text, sizeof(text));
	assert_string_equal(
	    text, "create CNAME www.shop.com shop.edge.example.net");
}

/* --- behind foreign addresses --------------------------------------------- */

static void
a_probe_that_comes_back_is_a_cdn(void **state)
{
	static const struct told told = {
	    DNS_OK, DNS_OK, "203.0.113.7 203.0.113.8 203.0.113.9", "", 60};
	static const struct reach_probe back = {
	    .came_back = true, .is_answered = true, .address = "203.0.113.7"};
	static const struct reach_probe not_back = {.is_answered = true,
	    .address = "203.0.113.8",
	    .text = "answers with status 404"};
	struct reach_target t = target();
	struct dns_answer answer;
	struct reach_verdict v;

	(void)state;
	answer_of(&told, &answer);
	reach_judge(HOST, &answer, 1, &t, &v);
	assert_int_equal(v.n_probes, 2); /* of each family */
	reach_probed(&v, &not_back);
	assert_int_equal(v.fault.code, FAULT_D12_ELSEWHERE);
	assert_non_null(
	    strstr(v.fault.text, "; 203.0.113.8 answers with status 404"));
	reach_probed(&v, &back);
	assert_true(v.reaches && v.is_cdn);
	assert_int_equal(v.n_records, 0);
	assert_non_null(strstr(v.note, "tls-alpn-01 cannot"));
}

static void
what_is_only_stale_is_not_probed(void **state)
{
	static const struct told right = {DNS_OK, DNS_OK, "192.0.2.10", "", 60};
	static const struct told stale = {
	    DNS_OK, DNS_OK, "203.0.113.7", "", 1700};
	struct reach_verdict v;

	(void)state;
	judge_two(&right, &stale, &v);
	assert_int_equal(v.n_probes, 0);
}

static void
a_cname_under_our_wildcard_target_is_right(void **state)
{
	static const char *const wildcard[] = {"*.edge.example.net"};
	static const struct told told = {
	    DNS_OK, DNS_OK, "", "www-shop-com.edge.example.net", 60};
	struct reach_target t = target();
	struct dns_answer answer;
	struct reach_verdict v;

	(void)state;
	t.cnames = wildcard;
	answer_of(&told, &answer);
	reach_judge("www.shop.com", &answer, 1, &t, &v);
	assert_verdict("right", &v, &(struct expected){"D11", ""});
	assert_non_null(strstr(v.fault.action, "operator"));
}

static void
apexes_are_told_from_subdomains(void **state)
{
	static const struct {
		const char *host;
		bool is_apex;
	} cases[] = {{"example.com", true}, {"www.example.com", false},
	    {"example.co.uk", true}, {"www.example.co.uk", false},
	    {"example.com.au", true}, {"www.example.de", false},
	    {"*.example.com", false}, {"*.co.uk", false}, {"*.com.au.x", false},
	    {"co.uk", true}, {"a.b.c.d", false}, {"localhost", true}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (reach_is_apex(cases[i].host) != cases[i].is_apex)
			fail_msg("%s", cases[i].host);
}

static void
the_action_names_the_records(void **state)
{
	static const struct told told = {
	    DNS_OK, DNS_OK, "203.0.113.7", "shop.example.org", 60};
	struct reach_target t = target();
	struct dns_answer answer;
	struct reach_verdict v;

	(void)state;
	answer_of(&told, &answer);
	reach_judge(HOST, &answer, 1, &t, &v);
	assert_string_equal(v.fault.action,
	    "In DNS, change CNAME " HOST " from shop.example.org to "
	    "edge.example.net");
}

static void
records_are_written_as_promised(void **state)
{
	static const struct told told = {
	    DNS_OK, DNS_OK, "203.0.113.7", "", 300};
	struct reach_target t = target();
	struct dns_answer answer;
	struct reach_verdict v;
	json_t *j;
	char *text;

	(void)state;
	t.n_addresses = 1;
	answer_of(&told, &answer);
	reach_judge("example.com", &answer, 1, &t, &v);
	j = reach_records_json(&v);
	text = json_text(j);
	assert_string_equal(text,
	    "[{\"do\":\"change\",\"type\":\"A\",\"name\":\"example.com\","
	    "\"value\":\"192.0.2.10\",\"was\":\"203.0.113.7\",\"ttl\":300}]");
	free(text);
	json_decref(j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_answer_has_its_code_and_its_records),
	    cmocka_unit_test(one_resolver_that_fails_does_not_hide_the_other),
	    cmocka_unit_test(
		one_resolver_that_checks_signatures_outweighs_those_that_do_not),
	    cmocka_unit_test(a_resolver_with_the_old_address_is_waited_for),
	    cmocka_unit_test(the_most_telling_failure_is_named),
	    cmocka_unit_test(no_answer_at_all_is_a_timeout),
	    cmocka_unit_test(a_platform_without_addresses_is_told_so),
	    cmocka_unit_test(what_the_cname_target_resolves_to_is_ours),
	    cmocka_unit_test(without_cname_target_a_subdomain_gets_addresses),
	    cmocka_unit_test(a_foreign_aaaa_goes_when_we_have_no_ipv6),
	    cmocka_unit_test(an_unseen_name_gets_its_records),
	    cmocka_unit_test(a_wildcard_target_gives_each_host_its_own_name),
	    cmocka_unit_test(an_app_names_its_own_target_under_a_wildcard),
	    cmocka_unit_test(a_probe_that_comes_back_is_a_cdn),
	    cmocka_unit_test(what_is_only_stale_is_not_probed),
	    cmocka_unit_test(a_cname_under_our_wildcard_target_is_right),
	    cmocka_unit_test(apexes_are_told_from_subdomains),
	    cmocka_unit_test(the_action_names_the_records),
	    cmocka_unit_test(records_are_written_as_promised),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
