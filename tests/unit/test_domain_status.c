#include <string.h>

#include "base/mem.h"
#include "router/control/domain_status.h"
#include "tests/unit/test.h"

#define NOW 1000000

/* Certificates of a case, by letters: c and C are a valid and an expired
 * custom one, a and A automatic ones, w a valid wildcard's. */
static size_t
candidates_of(const char *letters, struct candidate *out)
{
	size_t n = 0;

	for (; *letters != '\0'; letters++) {
		bool expired = *letters == 'C' || *letters == 'A';
		struct candidate c = {.certificate_id = (int64_t)n + 1,
		    .not_before = NOW - 1000,
		    .not_after = expired ? NOW - 1 : NOW + 1000,
		    .covers = true};

		c.source = (*letters | 0x20) == 'c'   ? CANDIDATE_CUSTOM
			   : (*letters | 0x20) == 'a' ? CANDIDATE_AUTOMATIC
						      : CANDIDATE_WILDCARD;
		out[n++] = c;
	}
	return n;
}

/* Facts by words: everything is well unless a word says otherwise. */
static struct domain_facts
facts_of(const char *words, const char *letters, struct candidate *room,
    struct fault *dns, struct fault *order)
{
	struct domain_facts f = {.now = NOW,
	    .automatic = true,
	    .can_automate = true,
	    .terms_agreed = true,
	    .dns = DOMAIN_DNS_OK,
	    .dns_fault = dns,
	    .order_fault = order,
	    .check_at = NOW + 500,
	    .candidates = room};

	fault_clear(dns);
	fault_clear(order);
	f.n_candidates = candidates_of(letters, room);
	if (strstr(words, "off") != NULL)
		f.automatic = false;
	if (strstr(words, "wildcard") != NULL)
		f.can_automate = false;
	if (strstr(words, "terms") != NULL)
		f.terms_agreed = false;
	if (strstr(words, "elsewhere") != NULL) {
		f.dns = DOMAIN_DNS_PENDING;
		fault_set(dns, FAULT_D12_ELSEWHERE, NULL);
	}
	if (strstr(words, "unseen") != NULL)
		f.dns = DOMAIN_DNS_PENDING;
	if (strstr(words, "lost") != NULL) {
		f.dns = DOMAIN_DNS_LOST;
		fault_set(dns, FAULT_D20_LOST, NULL);
	}
	if (strstr(words, "open") != NULL)
		f.order_open = true;
	if (strstr(words, "failed") != NULL) {
		fault_set(order, FAULT_A17_CHALLENGE_CONNECTION, NULL);
		f.retry_at = NOW + 60;
	}
	if (strstr(words, "longago") != NULL) {
		fault_set(order, FAULT_A17_CHALLENGE_CONNECTION, NULL);
		f.retry_at = NOW - 100000;
	}
	if (strstr(words, "irreplaceable") != NULL) {
		static struct fault caa;

		fault_set(&caa, FAULT_A15_CAA, NULL);
		f.fallback_fault = &caa;
	}
	if (strstr(words, "person") != NULL) {
		fault_set(order, FAULT_A15_CAA, NULL);
		f.needs_person = true;
		f.retry_at = NOW + 60;
	}
	if (strstr(words, "renew") != NULL)
		f.renew_at = NOW - 1;
	if (strstr(words, "expiring") != NULL)
		f.expiring_at = NOW - 1;
	return f;
}

static const struct {
	const char *facts, *certificates;
	enum domain_status status;
	enum serving serving;
	const char *fault;
	bool orders;
} states[] = {
    /* nothing there yet */
    {"unseen", "", DOMAIN_PENDING_DNS, SERVING_PLACEHOLDER, "", false},
    {"elsewhere", "", DOMAIN_PENDING_DNS, SERVING_PLACEHOLDER, "D12", false},
    {"", "", DOMAIN_CREATING, SERVING_PLACEHOLDER, "", true},
    {"open", "", DOMAIN_CREATING, SERVING_PLACEHOLDER, "", false},
    {"failed", "", DOMAIN_CREATING, SERVING_PLACEHOLDER, "A17", false},
    /* what only a person can change */
    {"terms", "", DOMAIN_ACTION_REQUIRED, SERVING_PLACEHOLDER, "A10", false},
    {"terms elsewhere", "", DOMAIN_ACTION_REQUIRED, SERVING_PLACEHOLDER, "A10",
	false},
    {"off", "", DOMAIN_ACTION_REQUIRED, SERVING_PLACEHOLDER, "A26", false},
    {"wildcard", "", DOMAIN_ACTION_REQUIRED, SERVING_PLACEHOLDER, "N14", false},
    {"person", "", DOMAIN_ACTION_REQUIRED, SERVING_PLACEHOLDER, "A15", false},
    {"person open", "", DOMAIN_CREATING, SERVING_PLACEHOLDER, "A15", false},
    /* an automatic one */
    {"", "a", DOMAIN_IN_USE, SERVING_AUTOMATIC, "", false},
    {"renew", "a", DOMAIN_IN_USE, SERVING_AUTOMATIC, "", true},
    {"renew failed", "a", DOMAIN_IN_USE, SERVING_AUTOMATIC, "A17", false},
    {"renew terms", "a", DOMAIN_IN_USE, SERVING_AUTOMATIC, "", false},
    {"lost renew", "a", DOMAIN_IN_USE, SERVING_AUTOMATIC, "D20", false},
    {"off", "a", DOMAIN_IN_USE, SERVING_AUTOMATIC, "", false},
    {"", "A", DOMAIN_CREATING, SERVING_AUTOMATIC, "C35", true},
    {"failed", "A", DOMAIN_CREATING, SERVING_AUTOMATIC, "A17", false},
    {"lost", "A", DOMAIN_PENDING_DNS, SERVING_AUTOMATIC, "D20", false},
    /* a custom one */
    {"", "c", DOMAIN_NOT_USED, SERVING_CUSTOM, "", false},
    {"elsewhere", "c", DOMAIN_NOT_USED, SERVING_CUSTOM, "D12", false},
    {"", "ca", DOMAIN_NOT_USED, SERVING_CUSTOM, "", false},
    {"renew", "ca", DOMAIN_NOT_USED, SERVING_CUSTOM, "", true},
    {"expiring", "c", DOMAIN_NOT_USED, SERVING_CUSTOM, "C39", true},
    {"expiring open", "c", DOMAIN_NOT_USED, SERVING_CUSTOM, "C39", false},
    {"expiring", "ca", DOMAIN_NOT_USED, SERVING_CUSTOM, "C39", false},
    {"expiring off", "c", DOMAIN_NOT_USED, SERVING_CUSTOM, "C42", false},
    {"expiring elsewhere", "c", DOMAIN_NOT_USED, SERVING_CUSTOM, "C42", false},
    {"expiring elsewhere", "ca", DOMAIN_NOT_USED, SERVING_CUSTOM, "C39", false},
    {"expiring failed", "c", DOMAIN_NOT_USED, SERVING_CUSTOM, "C42", false},
    {"expiring longago", "c", DOMAIN_NOT_USED, SERVING_CUSTOM, "C39", true},
    {"off", "c", DOMAIN_NOT_USED, SERVING_CUSTOM, "", false},
    {"terms", "c", DOMAIN_NOT_USED, SERVING_CUSTOM, "", false},
    {"expiring terms", "c", DOMAIN_NOT_USED, SERVING_CUSTOM, "C42", false},
    {"irreplaceable", "c", DOMAIN_NOT_USED, SERVING_CUSTOM, "C42", false},
    {"irreplaceable", "cw", DOMAIN_NOT_USED, SERVING_CUSTOM, "", false},
    {"irreplaceable off", "c", DOMAIN_NOT_USED, SERVING_CUSTOM, "", false},
    {"irreplaceable lost", "c", DOMAIN_NOT_USED, SERVING_CUSTOM, "D20", false},
    /* its time is over */
    {"", "Ca", DOMAIN_IN_USE, SERVING_AUTOMATIC, "C34", false},
    {"", "C", DOMAIN_CREATING, SERVING_CUSTOM, "C35", true},
    {"off", "C", DOMAIN_ACTION_REQUIRED, SERVING_CUSTOM, "A26", false},
    {"elsewhere", "C", DOMAIN_PENDING_DNS, SERVING_CUSTOM, "D12", false},
    /* a wildcard over it */
    {"off", "w", DOMAIN_IN_USE, SERVING_AUTOMATIC, "", false},
    {"", "w", DOMAIN_CREATING, SERVING_AUTOMATIC, "", true},
    {"off", "Cw", DOMAIN_IN_USE, SERVING_AUTOMATIC, "C34", false},
};

static void
every_state_follows_from_the_facts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(states); i++) {
		struct candidate room[8];
		struct fault dns, order;
		struct domain_facts f = facts_of(states[i].facts,
		    states[i].certificates, room, &dns, &order);
		struct domain_verdict v;

		domain_derive(&f, &v);
		if (v.status != states[i].status ||
		    v.serving != states[i].serving ||
		    v.wants_order != states[i].orders ||
		    strcmp(fault_code_name(v.fault.code), states[i].fault) != 0)
			fail_msg("[%s] [%s]: %s, %s, %s, orders %d",
			    states[i].facts, states[i].certificates,
			    domain_status_text(v.status),
			    serving_text(v.serving),
			    fault_code_name(v.fault.code), v.wants_order);
	}
}

static void
the_next_look_is_the_earliest_thing_to_come(void **state)
{
	struct candidate room[8];
	struct fault dns, order;
	struct domain_facts f = facts_of("", "ca", room, &dns, &order);
	struct domain_verdict v;

	(void)state;
	f.check_at = NOW + 5000;
	f.renew_at = NOW + 4000;
	domain_derive(&f, &v);
	assert_int_equal(v.next_at, NOW + 334); /* a third of it is left */
	f.candidates = &room[1];                /* without the custom one */
	f.n_candidates = 1;
	domain_derive(&f, &v);
	assert_int_equal(v.next_at, NOW + 1001); /* it ends */
	f.candidates = room;
	f.n_candidates = 2;
	f.expiring_at = NOW + 300;
	domain_derive(&f, &v);
	assert_int_equal(v.next_at, NOW + 300);
	f.retry_at = NOW + 200;
	domain_derive(&f, &v);
	assert_int_equal(v.next_at, NOW + 200);
	f.check_at = NOW - 7; /* due: whoever looks moves it on */
	domain_derive(&f, &v);
	assert_int_equal(v.next_at, NOW - 7);
}

static void
what_is_due_but_blocked_does_not_come_back_at_once(void **state)
{
	struct candidate room[8];
	struct fault dns, order;
	struct domain_facts f = facts_of("renew lost", "a", room, &dns, &order);
	struct domain_verdict v;

	(void)state;
	domain_derive(&f, &v);
	assert_false(v.wants_order);
	assert_true(v.next_at > NOW);
}

static void
the_fallback_is_what_would_be_without_the_custom_one(void **state)
{
	static const struct {
		const char *facts, *certificates, *fault;
	} cases[] = {
	    {"", "ca", ""},
	    {"", "c", ""}, /* could be issued today */
	    {"elsewhere", "c", "D12"},
	    {"unseen", "c", "D11"},
	    {"off", "c", "A26"},
	    {"off", "cw", ""},
	    {"terms", "c", "A10"},
	    {"wildcard", "c", "N14"},
	    {"failed", "c", "A17"},
	    {"longago", "c", ""},
	    {"irreplaceable", "c", "A15"},
	    {"irreplaceable", "ca", ""},
	    {"irreplaceable elsewhere", "c", "D12"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct candidate room[8];
		struct fault dns, order, why;
		struct domain_facts f = facts_of(
		    cases[i].facts, cases[i].certificates, room, &dns, &order);

		domain_fallback(&f, &why);
		assert_string_equal(fault_code_name(why.code), cases[i].fault);
	}
}

static void
each_mark_of_a_custom_one_is_told_once(void **state)
{
	struct candidate room[8];
	struct fault dns, order;
	struct domain_facts f = facts_of("", "c", room, &dns, &order);
	struct domain_verdict v;
	int64_t end = NOW + 1000; /* of 2000 seconds */

	(void)state;
	domain_derive(&f, &v);
	assert_false(v.warns);
	f.check_at = 0;
	f.now = end - 666;
	domain_derive(&f, &v);
	assert_true(v.warns);
	f.warned_at = f.now;
	domain_derive(&f, &v);
	assert_false(v.warns);
	assert_int_equal(v.next_at, end - 166);
	f.now = end - 100; /* as after a night's sleep */
	domain_derive(&f, &v);
	assert_true(v.warns);
	f.now = end + 1;
	domain_derive(&f, &v);
	assert_false(v.warns);
	f = facts_of("", "a", room, &dns, &order);
	f.now = end - 1;
	domain_derive(&f, &v);
	assert_false(v.warns);
}

static void
words_are_read_back(void **state)
{
	(void)state;
	for (int i = DOMAIN_PENDING_DNS; i <= DOMAIN_ACTION_REQUIRED; i++)
		assert_int_equal(
		    domain_status_of(domain_status_text((enum domain_status)i)),
		    i);
	for (int i = DOMAIN_DNS_PENDING; i <= DOMAIN_DNS_LOST; i++)
		assert_int_equal(
		    domain_dns_of(domain_dns_text((enum domain_dns)i)), i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_state_follows_from_the_facts),
	    cmocka_unit_test(the_next_look_is_the_earliest_thing_to_come),
	    cmocka_unit_test(
		what_is_due_but_blocked_does_not_come_back_at_once),
	    cmocka_unit_test(
		the_fallback_is_what_would_be_without_the_custom_one),
	    cmocka_unit_test(each_mark_of_a_custom_one_is_told_once),
	    cmocka_unit_test(words_are_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
