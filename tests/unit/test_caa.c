#include <stdio.h>

#include "acme/caa.h"
#include "acme/dns/dns_message.h"
#include "base/mem.h"
#include "tests/unit/test.h"

#define ACCOUNT "https://ca.test/acct/1"

static const char *const issuers[] = {"ca.test", "other-name-of-ca.test"};
static const struct caa_asker asker = {issuers, 2, ACCOUNT};
static const struct challenge_choice all = {
    .types = {CHALLENGE_HTTP_01, CHALLENGE_TLS_ALPN_01, CHALLENGE_DNS_01},
    .n = 3,
};

/* "issue=VALUE", or "!issue=VALUE" for a critical one. */
static void
add(struct caa_set *s, const char *text)
{
	struct slice value = slice_str(text), tag;
	char rdata[600];
	bool is_critical = text[0] == '!';

	(void)slice_cut(&value, '=', &tag);
	tag = slice_from(tag, is_critical);
	rdata[0] = (char)(is_critical ? 0x80 : 0);
	rdata[1] = (char)tag.n;
	memcpy(rdata + 2, tag.p, tag.n);
	memcpy(rdata + 2 + tag.n, value.p, value.n);
	assert_int_equal(
	    caa_add(s, slice_of(rdata, 2 + tag.n + value.n)), ERR_OK);
}

static const struct row {
	const char *records[4];
	const char *name;
	bool is_allowed;
	const char *types; /* that are left: of "htd" */
} rows[] = {
    {{NULL}, "a.test", true, "htd"},
    {{"iodef=mailto:x@y.test"}, "a.test", true, "htd"},
    {{"issue=ca.test"}, "a.test", true, "htd"},
    {{"ISSUE=CA.TEST"}, "a.test", true, "htd"},
    {{"issue= other-name-of-ca.test ; x=y"}, "a.test", true, "htd"},
    {{"issue=;"}, "a.test", false, ""},
    {{"issue="}, "a.test", false, ""},
    {{"issue=somebody.test"}, "a.test", false, ""},
    {{"issue=somebody.test", "issue=ca.test"}, "a.test", true, "htd"},
    {{"issue=notca.test"}, "a.test", false, ""},
    /* wildcards have a tag of their own, which counts alone */
    {{"issue=ca.test", "issuewild=;"}, "*.a.test", false, ""},
    {{"issue=ca.test", "issuewild=;"}, "a.test", true, "htd"},
    {{"issue=;", "issuewild=ca.test"}, "*.a.test", true, "htd"},
    {{"issuewild=;"}, "a.test", true, "htd"},
    {{"issue=ca.test"}, "*.a.test", true, "htd"},
    /* RFC 8657 */
    {{"issue=ca.test; accounturi=" ACCOUNT}, "a.test", true, "htd"},
    {{"issue=ca.test; accounturi=https://ca.test/acct/2"}, "a.test", false, ""},
    {{"issue=ca.test; accounturi=https://ca.test/acct/2",
	 "issue=ca.test;validationmethods=dns-01"},
	"a.test", true, "d"},
    {{"issue=ca.test; validationmethods=dns-01,http-01"}, "a.test", true, "hd"},
    {{"issue=ca.test; validationmethods=http-01"}, "*.a.test", false, ""},
    {{"issue=ca.test; validationmethods=new-01"}, "a.test", false, ""},
    /* what must be understood, and is not */
    {{"issue=ca.test", "!future=x"}, "a.test", false, ""},
    {{"issue=ca.test", "future=x"}, "a.test", true, "htd"},
    {{"!issue=ca.test"}, "a.test", true, "htd"},
};

static void
verdicts_are_those_of_the_rfcs(void **state)
{
	static const char letters[] = "htd";

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct caa_set s = {.at = "a.test"};
		struct challenge_choice choice = all;
		struct fault f = {0};
		char left[CHALLENGE_TYPES + 1] = "";
		enum err e;

		for (size_t k = 0; rows[i].records[k] != NULL; k++)
			add(&s, rows[i].records[k]);
		e = caa_judge(&s, rows[i].name, &asker, &choice, &f);
		print_message("%zu: %s\n", i, f.text);
		assert_int_equal(e == ERR_OK, rows[i].is_allowed);
		if (e != ERR_OK) {
			assert_int_equal(f.code, FAULT_A15_CAA);
			assert_non_null(strstr(f.action, "CAA 0 issue"));
			continue;
		}
		for (size_t k = 0; k < choice.n; k++)
			left[k] = letters[choice.types[k]];
		assert_string_equal(left, rows[i].types);
	}
}

static void
rdata_that_lies_about_its_tag_is_refused(void **state)
{
	struct caa_set s = {.n = 0};

	(void)state;
	assert_int_equal(caa_add(&s, SLICE("")), ERR_SYNTAX);
	assert_int_equal(caa_add(&s, slice_of("\0", 1)), ERR_SYNTAX);
	assert_int_equal(caa_add(&s, slice_of("\0\x09issue", 7)), ERR_SYNTAX);
	assert_int_equal(s.n, 0);
}

/* A question for CAA of a.test, answered by a CNAME to b.test and its set. */
static void
records_at_the_end_of_a_cname_are_found(void **state)
{
	static const char message[] =
	    "\0\1\x81\x80\0\1\0\3\0\0\0\0"
	    "\1a\4test\0\1\1\0\1"
	    "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\4\1b\xc0\x0e"
	    "\xc0\x24\1\1\0\1\0\0\0\x3c\0\x0e\0\5issueca.test"
	    "\xc0\x0c\1\1\0\1\0\0\0\x3c\0\x0e\0\5issueno.test";
	struct dns_records r;

	(void)state;
	assert_int_equal(
	    dns_message_records(slice_of(message, sizeof(message) - 1),
		"a.test", DNS_TYPE_CAA, &r),
	    DNS_OK);
	assert_int_equal(r.n, 1);
	assert_true(slice_eq(r.rdata[0], slice_of("\0\5issueca.test", 14)));
}

static void
the_record_that_would_cure_it_is_told(void **state)
{
	static const char *const names[] = {"ca.test"};
	struct caa_asker who = {.issuers = names, .n_issuers = 1};
	struct challenge_choice choice = {{CHALLENGE_DNS_01}, 1};
	struct caa_set set = {.at = "strict.test", .n = 2};
	struct caa_cure cure;
	struct fault f = {0};

	(void)state;
	snprintf(set.records[0].tag, CAA_TAG_SIZE, "issue");
	snprintf(set.records[0].value, CAA_VALUE_SIZE, "other.test");
	snprintf(set.records[1].tag, CAA_TAG_SIZE, "issuewild");
	snprintf(set.records[1].value, CAA_VALUE_SIZE, ";");
	assert_false(caa_cure_of(&f, &cure));
	assert_int_equal(
	    caa_judge(&set, "*.www.strict.test", &who, &choice, &f),
	    ERR_DENIED);
	assert_true(caa_cure_of(&f, &cure));
	assert_string_equal(cure.at, "strict.test");
	assert_string_equal(cure.value, "0 issuewild \"ca.test\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_record_that_would_cure_it_is_told),
	    cmocka_unit_test(verdicts_are_those_of_the_rfcs),
	    cmocka_unit_test(rdata_that_lies_about_its_tag_is_refused),
	    cmocka_unit_test(records_at_the_end_of_a_cname_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
