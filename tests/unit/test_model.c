#include <stdio.h>
#include <stdlib.h>

#include "admin-tui/model.h"
#include "base/mem.h"
#include "tests/unit/test.h"

#define NOW 1795000000

static json_t *
json_of(const char *text)
{
	char *copy = xstrdup(text);
	json_t *j = NULL;
	struct fault f;
	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	if (json_parse(slice_str(copy), &j, &f) != ERR_OK)
		fail_msg("%s", f.text);
	free(copy);
	return j;
}

static void
add(struct model *m, const char *text)
{
	json_t *page = json_of(text);
	model_add(m, page);
	json_decref(page);
}

static void
what_needs_a_person_comes_first_then_names(void **state)
{
	static const char *const order[] = {"e", "d", "c", "b", "a", "f"};
	struct model m;
	(void)state;
	model_init(&m, "here");
	m.now = NOW;
	model_begin(&m);
	add(&m, "[{'host':'f','status':'In use'},{'host':'a','status':"
		"'Not used'},{'host':'b','status':'Creating'},"
		"{'host':'c','status':'Pending DNS'}]");
	add(&m, "[{'host':'d','status':'In use','fault':{'code':'A11','text':"
		"'x','action':''}},{'host':'e','status':'Action required'}]");
	model_commit(&m);
	assert_int_equal(m.n_domains, COUNT_OF(order));
	for (size_t i = 0; i < COUNT_OF(order); i++)
		assert_string_equal(m.domains[i].host, order[i]);
	assert_int_equal(m.n_total, 6); /* until the daemon says more */
	model_clear(&m);
}

static void
a_domain_of_two_pages_is_one(void **state)
{
	struct model m;
	(void)state;
	model_init(&m, "here");
	model_begin(&m);
	add(&m, "[{'host':'a','status':'Pending DNS'}]");
	add(&m, "[{'host':'a','status':'Pending DNS'},{'host':'b'}]");
	model_commit(&m);
	assert_int_equal(m.n_domains, 2);
	model_clear(&m);
}

static void
an_unfinished_snapshot_leaves_the_last_one(void **state)
{
	struct model m;
	struct fault f;
	(void)state;
	model_init(&m, "here");
	m.now = NOW;
	model_begin(&m);
	add(&m, "[{'host':'a'}]");
	model_commit(&m);
	model_live(&m);
	model_begin(&m);
	add(&m, "[{'host':'b'}]");
	fault_set(&f, FAULT_P20_DAEMON_AWAY, NULL);
	m.now = NOW + 5;
	model_away(&m, &f, NOW + 10);
	m.now = NOW + 7;
	model_away(&m, &f, NOW + 12);
	assert_non_null(model_find(&m, "a"));
	assert_null(model_find(&m, "b"));
	assert_int_equal(m.away_since, NOW + 5);
	assert_int_equal(m.data_at, NOW);
	model_clear(&m);
}

static void
the_daemon_counts_what_is_not_listed(void **state)
{
	struct model m;
	json_t *status =
	    json_of("{'domains':{'In use':99000,'Pending DNS':7}}");
	(void)state;
	model_init(&m, "here");
	model_status(&m, status);
	model_begin(&m);
	model_commit(&m);
	assert_int_equal(m.n_total, 99007);
	assert_int_equal(m.by_status[STATUS_PENDING_DNS], 7);
	json_decref(status);
	model_clear(&m);
}

static void
traffic_is_of_all_apps_and_unknown_until_told(void **state)
{
	struct model m;
	json_t *stats = json_of("{'all':{'requests_per_second':48.5,"
				"'failures_per_second':2,'p95':0.041}}");
	json_t *problem = json_of("{'status':404}");
	(void)state;
	model_init(&m, "here");
	assert_false(m.has_traffic);
	model_traffic(&m, stats);
	assert_true(m.has_traffic);
	assert_true(m.traffic.requests == 48.5 && m.traffic.failures == 2 &&
		    m.traffic.p95 == 0.041);
	model_traffic(&m, problem); /* an older daemon knows of none */
	assert_false(m.has_traffic);
	json_decref(stats);
	json_decref(problem);
	model_clear(&m);
}

static void
history(struct model *m, const char *text)
{
	json_t *list = json_of(text);
	model_open(m, "h");
	model_history(m, list);
	json_decref(list);
}

static void
rollback_leads_to_the_predecessor(void **state)
{
	struct model m;
	(void)state;
	model_init(&m, "here");
	history(&m, "[{'number':1,'source':'custom','removed_at':"
		    "'2026-01-01T00:00:00Z','predecessor':null},"
		    "{'number':3,'source':'custom','predecessor':1},"
		    "{'number':4,'source':'automatic'},"
		    "{'number':2,'source':'custom','removed_at':"
		    "'2026-01-01T00:00:00Z','predecessor':1}]");
	assert_int_equal(model_predecessor(&m)->number, 1);
	/* after a remove: the removed one */
	history(&m,
	    "[{'number':1,'source':'custom','removed_at':"
	    "'2026-01-01T00:00:00Z'},{'number':2,'source':'automatic'}]");
	assert_int_equal(model_predecessor(&m)->number, 1);
	history(&m, "[{'number':1,'source':'custom','predecessor':null}]");
	assert_null(model_predecessor(&m));
	history(&m, "[]");
	assert_null(model_predecessor(&m));
	model_clear(&m);
}

static void
expiring_is_relative_and_never_a_number_of_days(void **state)
{
	static const struct {
		const char *serving;
		int64_t lived, left, renews; /* seconds, from now */
		bool expected;
	} cases[] = {
	    {"automatic", 60 * 86400, 30 * 86400, 86400, false},
	    {"automatic", 3 * 86400, 3 * 86400, 3600, false}, /* short-lived */
	    {"automatic", 60 * 86400, 20 * 86400, -3 * 86400, true},
	    {"automatic", 60 * 86400, 30 * 86400, -3600, false},
	    {"automatic", 90 * 86400, -1, 0, true},
	    {"custom", 300 * 86400, 60 * 86400, 0, false},
	    {"custom", 350 * 86400, 13 * 86400, 0, true},
	    {"custom", 2 * 86400, 5 * 86400, 0, false},
	    {"custom", 5 * 86400, 2 * 86400, 0, true},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char serving[16];
		snprintf(serving, sizeof(serving), "%s", cases[i].serving);
		struct domain d = {.serving = serving,
		    .status_text = serving,
		    .expires_at = NOW + cases[i].left,
		    .has_certificate = true};
		d.certificate.not_before = NOW - cases[i].lived;
		d.renews_at = cases[i].renews == 0 ? 0 : NOW + cases[i].renews;
		if (domain_is_expiring(&d, NOW) != cases[i].expected)
			fail_msg("case %zu", i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_needs_a_person_comes_first_then_names),
	    cmocka_unit_test(a_domain_of_two_pages_is_one),
	    cmocka_unit_test(an_unfinished_snapshot_leaves_the_last_one),
	    cmocka_unit_test(the_daemon_counts_what_is_not_listed),
	    cmocka_unit_test(traffic_is_of_all_apps_and_unknown_until_told),
	    cmocka_unit_test(rollback_leads_to_the_predecessor),
	    cmocka_unit_test(expiring_is_relative_and_never_a_number_of_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
