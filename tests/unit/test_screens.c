/* The console's screens (tests/unit/screens.h), but for the upload. */
#include "tests/unit/screens.h"

#define CERTIFICATE(                                                           \
    number, before, source, issuer, names, from, to, key, print, removed)      \
	"{'number':" number ",'predecessor':" before ",'source':'" source      \
	"','common_name':'www.example.com','names':[" names                    \
	"],'issuer':'" issuer "','not_before':'" from "','not_after':'" to     \
	"','serial':'0A1B2C','fingerprint_sha256':'" print                     \
	"','key_type':'" key "','chain_length':2,'trusted':true,"              \
	"'trust_fault':null,'installed_at':'" from "','removed_at':" removed   \
	",'installed_by':'uid 1000'}"

#define CERT_5                                                                 \
	CERTIFICATE("5", "4", "custom", "Example CA G2",                       \
	    "'www.example.com','static.example.com'", "2026-11-19T16:40:00Z",  \
	    "2027-11-19T16:40:00Z", "rsa-2048",                                \
	    "9C:40:77:10:20:30:40:50:60:70:80:1B", "null")
#define CERT_4                                                                 \
	CERTIFICATE("4", "2", "custom", "Example CA G1", "'www.example.com'",  \
	    "2026-09-21T08:00:00Z", "2026-12-20T08:00:00Z", "ecdsa-p256",      \
	    "3F:A1:09:10:20:30:40:50:60:70:80:C4", "'2026-11-19T16:40:00Z'")
#define CERT_3                                                                 \
	CERTIFICATE("3", "null", "automatic", "E7", "'www.example.com'",       \
	    "2026-10-21T08:00:00Z", "2027-01-19T08:00:00Z", "ecdsa-p256",      \
	    "77:A1:09:10:20:30:40:50:60:70:80:AA", "null")
#define CERT_2                                                                 \
	CERTIFICATE("2", "null", "custom", "Example CA G1",                    \
	    "'www.example.com'", "2025-09-21T08:00:00Z",                       \
	    "2026-09-22T08:00:00Z", "rsa-2048",                                \
	    "11:A1:09:10:20:30:40:50:60:70:80:BB", "'2026-09-21T08:00:00Z'")

#define DOMAIN(host, app, status, dns, serving, expires, renews, rest)         \
	"{'host':'" host "','app':'" app "','origin':null,'automatic':true,"   \
	"'reference':null,'status':'" status "','status_since':"               \
	"'2026-11-20T11:52:31Z','dns':'" dns "','dns_checked_at':"             \
	"'2026-11-20T14:02:12Z','serving':'" serving "','expires_at':" expires \
	",'renews_at':" renews ",'created_at':'2026-11-20T11:52:03Z'," rest    \
	"}"

#define WELL                                                                   \
	"'next_attempt_at':null,'fault':null,'records':[],'certificate':null"
#define PENDING                                                                \
	"'next_attempt_at':'2026-11-20T14:03:12Z','fault':{'code':'D12',"      \
	"'text':'shop.example.net has the address 203.0.113.9, which is not "  \
	"this router.','action':'Set the records below at your DNS "           \
	"provider.'},'records':[{'do':'delete','type':'A','name':"             \
	"'shop.example.net','value':'203.0.113.9','was':null,'ttl':300},"      \
	"{'do':'create','type':'CNAME','name':'shop.example.net','value':"     \
	"'edge.towpath.example','was':null,'ttl':300}],'resolvers':["          \
	"{'resolver':'1.1.1.1','sees':'us','addresses':[{'address':"           \
	"'192.0.2.10'}],'ttl':120},{'resolver':'9.9.9.9','sees':'elsewhere',"  \
	"'addresses':[{'address':'203.0.113.9'},{'address':'203.0.113.10'}],"  \
	"'ttl':3180}],'certificate':null"
#define CAA                                                                    \
	"'next_attempt_at':null,'fault':{'code':'A15','text':'The CAA record " \
	"of pay.example.net does not allow letsencrypt.org.','action':"        \
	"'Add letsencrypt.org to it.'},'records':[],'certificate':null"

static const char domains[] = "[" DOMAIN("api.example.com", "api", "In use",
    "ok", "automatic", "'2027-01-02T14:00:00Z'", "'2026-12-03T03:00:00Z'",
    WELL) "," DOMAIN("shop.example.net", "shop", "Pending DNS", "pending",
    "placeholder", "null", "null", PENDING) "," DOMAIN("pay.example.net", "pay",
    "Action required", "ok", "placeholder", "null", "null",
    CAA) "," DOMAIN("www.example.com", "web", "Not used", "ok", "custom",
    "'2027-11-19T16:40:00Z'", "null",
    "'next_attempt_at':null,'fault':null,'records':[],"
    "'certificate':" CERT_5) "," DOMAIN("old.example.com", "legacy", "Not used",
    "ok", "custom", "'2026-11-26T16:00:00Z'", "null",
    WELL) "," DOMAIN("blog.example.org", "blog", "Creating", "ok",
    "placeholder", "null", "null",
    WELL) "," DOMAIN("a-very-long-customer-name-indeed.region-7.customers.saas."
		     "example",
    "web", "In use", "ok", "automatic", "'2027-01-20T14:00:00Z'",
    "'2026-12-21T03:00:00Z'", WELL) "]";

static const char history[] = "[" CERT_5 "," CERT_4 "," CERT_3 "," CERT_2 "]";

static const char status[] =
    "{'version':'0.1.0','node':'edge-1','domains':{'Pending DNS':1,"
    "'Creating':1,'In use':2,'Not used':2,'Action required':1},'problems':3}";

static const char events[] =
    "[{'sequence':1,'name':'domain.add','at':'2026-11-20T11:52:03Z','by':"
    "'uid 1000','host':'www.example.com'},"
    "{'sequence':2,'name':'certificate.issue','at':'2026-11-20T11:53:00Z',"
    "'by':'towpath','host':'www.example.com'},"
    "{'sequence':3,'name':'certificate.fail','at':'2026-11-20T12:10:00Z','by':"
    "'towpath','host':'www.example.com','fault':{'code':'A11','text':'The CA "
    "does not answer.','action':''}}]";

static void
the_dashboard_puts_what_needs_a_person_on_top(void **state)
{
	struct app a;
	(void)state;
	start(&a, 24, 80, domains, status);
	looks_like(&a, "dashboard-80x24");
	app_resize(&a, 30, 100);
	looks_like(&a, "dashboard-100x30");
	keys(&a, "jj");
	app_resize(&a, 30, 160);
	looks_like(&a, "dashboard-160x30");
	app_resize(&a, 12, 40);
	looks_like(&a, "dashboard-40x12");
	app_resize(&a, 5, 30);
	looks_like(&a, "dashboard-30x5");
	app_clear(&a);
}

static void
rows_keep_the_cursor_when_they_move(void **state)
{
	struct app a;
	json_t *changed;
	(void)state;
	start(&a, 24, 80, domains, status);
	keys(&a, "jj");
	shows(&a, ">  shop.example.net", true);
	changed = json_of(
	    DOMAIN("shop.example.net", "shop", "In use", "ok", "automatic",
		"'2027-01-02T14:00:00Z'", "'2026-12-03T03:00:00Z'", WELL));
	model_domain(&a.model, changed);
	app_changed(&a);
	shows(&a, ">  shop.example.net", true);
	json_decref(changed);
	app_clear(&a);
}

static void
the_filter_and_the_problems(void **state)
{
	struct app a;
	(void)state;
	start(&a, 24, 80, domains, status);
	keys(&a, "/app:web\n");
	looks_like(&a, "dashboard-filter-80x24");
	app_key(&a, KEY_ESCAPE);
	keys(&a, "!");
	shows(&a, "api.example.com", false);
	shows(&a, "pay.example.net", true);
	app_key(&a, KEY_ESCAPE);
	shows(&a, "api.example.com", true);
	app_clear(&a);
}

static void
a_pending_domain_shows_what_to_do(void **state)
{
	struct app a;
	(void)state;
	start(&a, 24, 80, domains, status);
	keys(&a, "jj\n");
	looks_like(&a, "domain-pending-80x24");
	app_resize(&a, 12, 40);
	looks_like(&a, "domain-pending-40x12");
	app_key(&a, KEY_ESCAPE);
	shows(&a, "STATUS", true);
	app_clear(&a);
}

/* www.example.com with history and events. */
static void
open_www(struct app *a)
{
	keys(a, "/www\n\n");
	reply(a, ASK_HISTORY, true, history);
	reply(a, ASK_EVENTS, true, events);
}

/* The first domain as it is with a custom certificate and this fallback. */
#define CUSTOM(fallback)                                                       \
	"[" DOMAIN("www.example.com", "web", "Not used", "ok", "custom",       \
	    "'2027-11-19T16:40:00Z'", "null",                                  \
	    WELL ",'fallback':" fallback) "]"

static void
what_could_take_over_from_a_custom_certificate(void **state)
{
	static const struct {
		const char *domains, *line;
	} cases[] = {
	    {CUSTOM("{'ready':true,'stands_by':true,'fault':null}"),
		"there, stands by"},
	    {CUSTOM("{'ready':true,'stands_by':false,'fault':null}"),
		"none yet, can be had in time"},
	    {CUSTOM("{'ready':false,'stands_by':false,'fault':{'code':'A15',"
		    "'text':'CAA forbids it','action':'Allow it'}}"),
		"could not be had: A15 CAA forbids it"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct app a;
		start(&a, 24, 80, cases[i].domains, status);
		open_www(&a);
		shows(&a, cases[i].line, true);
		app_clear(&a);
	}
}

static void
the_tabs_of_a_domain(void **state)
{
	struct app a;
	(void)state;
	start(&a, 24, 80, domains, status);
	open_www(&a);
	looks_like(&a, "domain-well-80x24");
	app_key(&a, KEY_TAB);
	looks_like(&a, "domain-acme-80x24");
	app_key(&a, KEY_TAB);
	looks_like(&a, "domain-certificate-80x24");
	app_key(&a, KEY_TAB);
	looks_like(&a, "domain-history-80x24");
	app_resize(&a, 30, 100);
	looks_like(&a, "domain-history-100x30");
	app_resize(&a, 12, 40);
	looks_like(&a, "domain-history-40x12");
	app_clear(&a);
}

static const char story[] =
    "{'host': 'www.example.com', 'now': '2026-11-20T14:02:31Z',"
    " 'domain': {'host': 'www.example.com', 'app': 'shop', 'automatic': true,"
    "  'status': 'In use', 'status_since': '2026-11-19T10:00:00Z',"
    "  'fault': {'code': 'A18', 'text': 'The CA got another server',"
    "   'action': 'Check every address'}},"
    " 'dns': {'reaches': true, 'checked_at': '2026-11-20T14:00:00Z',"
    "  'check_at': '2026-11-20T15:00:00Z', 'fault': null, 'records': []},"
    " 'caa': [{'ca': 'ca.test', 'allowed': true}], 'budget': {},"
    " 'orders': [{'order': 7, 'state': 'failed', 'names': [],"
    "  'directory': 'https://ca.test/dir', 'challenge': 'http-01',"
    "  'created_at': '2026-11-20T14:01:00Z',"
    "  'ended_at': '2026-11-20T14:01:03Z', 'challenges': [],"
    "  'fault': {'code': 'A18', 'text': 'Another server', 'action': 'Check'},"
    "  'said': {'type': 'unauthorized', 'detail': 'Invalid response: 404'},"
    "  'said_url': 'https://ca.test/authz/9'}],"
    " 'serving': {'serving': 'automatic', 'candidates': [{'chosen': true,"
    "  'from': 'automatic', 'why': 'it is the newest', 'certificate': {"
    "  'number': 2, 'issuer': 'R11', 'not_after': '2027-01-01T00:00:00Z'}}]},"
    " 'history': [], 'events': [], 'next': [{'at': '2026-11-20T15:00:00Z',"
    "  'what': 'dns_check', 'text': 'DNS is looked at again'}]}";

static void
the_last_tab_tells_why(void **state)
{
	struct app a;
	(void)state;
	start(&a, 40, 80, domains, status);
	open_www(&a);
	for (int i = 0; i < 4; i++)
		app_key(&a, KEY_TAB);
	shows(&a, "asking ...", true);
	reply(&a, ASK_STORY, true, story);
	looks_like(&a, "domain-why-80x40");
	app_resize(&a, 12, 40);
	looks_like(&a, "domain-why-40x12");
	app_clear(&a);
}

static void
rolling_back_asks_for_the_name_where_it_is_live(void **state)
{
	struct app a;
	struct ask *asks[FX_ASKS_MAX];
	(void)state;
	start(&a, 24, 80, domains, status);
	open_www(&a);
	keys(&a, "R");
	looks_like(&a, "rollback-80x24");
	app_resize(&a, 12, 40);
	looks_like(&a, "rollback-40x12");
	app_resize(&a, 24, 80);
	keys(&a, "www.exampl\n\n"); /* not the whole name: Cancel */
	assert_null(a.dialog);
	for (size_t n = app_take_asks(&a, asks); n > 0; n--)
		ask_free(asks[n - 1]);
	keys(&a, "Rwww.example.com\n\n");
	assert_null(a.dialog);
	assert_int_equal(a.out.n_asks, 1);
	assert_int_equal(a.out.asks[0]->kind, ASK_ROLL_BACK);
	assert_string_equal(a.out.asks[0]->body, "{\"to\":4}");
	assert_string_equal(
	    a.out.asks[0]->path, "/v1/domains/www.example.com/rollback");
	reply(&a, ASK_ROLL_BACK, true, "{}");
	looks_like(&a, "rollback-done-80x24");
	app_clear(&a);
}

static void
a_rollback_that_cannot_be_is_explained(void **state)
{
	struct app a;
	(void)state;
	start(&a, 24, 80, domains, status);
	open_www(&a);
	keys(&a, "HGR");
	assert_null(a.dialog);
	shows(&a, "#2 expired", true);
	keys(&a, "kR");
	shows(&a, "#3 is automatic", true);
	app_clear(&a);
}

static void
removing_a_domain_wants_its_name(void **state)
{
	struct app a;
	(void)state;
	start(&a, 24, 80, domains, status);
	keys(&a, "D");
	looks_like(&a, "remove-80x24");
	keys(&a, "pay.example.net\n\n");
	reply(&a, ASK_REMOVE_DOMAIN, false,
	    "{'code':'P15','text':'Not permitted.','action':'Use a token with "
	    "the scope domains.'}");
	looks_like(&a, "remove-refused-80x24");
	keys(&a, "x");
	shows(&a, "Not permitted", false);
	app_clear(&a);
}

static void
adding_a_domain_opens_it(void **state)
{
	struct app a;
	(void)state;
	start(&a, 24, 80, domains, status);
	keys(&a, "a");
	looks_like(&a, "add-80x24");
	keys(&a, "new.example.org\n\n");
	assert_string_equal(a.out.asks[0]->path, "/v1/domains");
	assert_string_equal(a.out.asks[0]->body,
	    "{\"host\":\"new.example.org\",\"app\":\"pay\"}");
	reply(&a, ASK_ADD, true,
	    DOMAIN("new.example.org", "pay", "Pending DNS", "pending",
		"placeholder", "null", "null", PENDING));
	shows(&a, "Domains > new.example.org", true);
	app_clear(&a);
}

static void
help_and_palette_are_searched_by_typing(void **state)
{
	struct app a;
	(void)state;
	start(&a, 24, 80, domains, status);
	keys(&a, "?");
	looks_like(&a, "help-80x24");
	keys(&a, "roll back");
	app_key(&a, KEY_ESCAPE);
	keys(&a, ":blog\n");
	shows(&a, "Domains > blog.example.org", true);
	keys(&a, "y");
	looks_like(&a, "copy-80x24");
	keys(&a, "n");
	assert_string_equal(a.out.copy, "blog.example.org");
	keys(&a, ":Not-Listed.example.org\n");
	shows(&a, "Domains > not-listed.example.org", true);
	reply(&a, ASK_DOMAIN, false,
	    "{'code':'N15','text':'There is no such domain.','action':''}");
	shows(&a, "There is no such domain.", true);
	app_clear(&a);
}

static void
the_daemon_away_leaves_the_last_state(void **state)
{
	struct app a;
	struct fault f;
	(void)state;
	start(&a, 24, 80, domains, status);
	fault_set(&f, FAULT_P20_DAEMON_AWAY,
	    "No daemon at /run/towpath/control.sock: connection refused");
	app_tick(&a, now() + 5);
	model_away(&a.model, &f, now() + 20);
	app_tick(&a, now() + 17);
	looks_like(&a, "away-80x24");
	keys(&a, "jD");
	assert_null(a.dialog);
	shows(&a, "offline", true);
	app_resize(&a, 12, 40);
	looks_like(&a, "away-40x12");
	app_tick(&a, now() + 19);
	model_live(&a.model);
	app_changed(&a);
	shows(&a, "back after 14 s", true);
	app_clear(&a);
}

static void
nothing_yet_and_nothing_at_all(void **state)
{
	struct app a;
	struct fault f;
	(void)state;
	app_init(&a, "/run/towpath/control.sock", NULL);
	app_tick(&a, now());
	looks_like(&a, "connecting-80x24");
	fault_set(&f, FAULT_P20_DAEMON_AWAY,
	    "/run/towpath/control.sock: No such file or directory");
	model_away(&a.model, &f, now() + 2);
	looks_like(&a, "no-daemon-80x24");
	model_begin(&a.model);
	model_commit(&a.model);
	model_live(&a.model);
	app_changed(&a);
	looks_like(&a, "empty-80x24");
	keys(&a, "\nuRrHDy");
	app_clear(&a);
}

static void
read_only_changes_nothing(void **state)
{
	struct app a;
	(void)state;
	start(&a, 24, 80, domains, status);
	a.model.is_read_only = true;
	keys(&a, "uRDra");
	assert_null(a.dialog);
	assert_int_equal(a.n_stack, 1);
	assert_int_equal(a.out.n_asks, 0);
	shows(&a, "read-only", true);
	app_clear(&a);
}

/* Answers of a hostile or broken daemon: nothing may crash, no row may be
 * wider than the screen. */
static void
weird_answers_are_drawn_all_the_same(void **state)
{
	static const char *const lists[] = {"{}", "[]", "[1,null,'x',[],{}]",
	    "[{'host':7},{'host':'x','status':[],'certificate':[],'fault':3,"
	    "'records':[1,{}],'expires_at':'never','renews_at':1e300}]",
	    "[{'host':'\\u001b[2J\\u202e\\u4f8b\\u4f8b\\u4f8b\\u4f8b','app':"
	    "'\\n\\n','status':'Something new','serving':'\\t','fault':{'code':"
	    "'Z99','text':'\\u0007'},'certificate':{'names':[1,2],"
	    "'fingerprint_sha256':'x','number':-9}}]",
	    "[{'host':'a','expires_at':'9999-12-31T23:59:59Z'},{'host':'a'}]"};
	static const int sizes[][2] = {
	    {24, 80}, {12, 40}, {10, 36}, {1, 1}, {3, 200}, {200, 10}};
	struct app a;
	(void)state;
	for (size_t i = 0; i < COUNT_OF(lists); i++)
		for (size_t k = 0; k < COUNT_OF(sizes); k++) {
			start(&a, sizes[k][0], sizes[k][1], domains, status);
			load(&a, lists[i], status);
			free(screen_text(&a));
			keys(&a, "\nrHRD\t\t\t\t?");
			app_key(&a, KEY_ESCAPE);
			free(screen_text(&a));
			app_clear(&a);
		}
}

static void
a_thousand_domains_scroll(void **state)
{
	struct app a;
	struct buf b;
	(void)state;
	buf_init(&b, 1 << 20);
	buf_add_char(&b, '[');
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%s{'host':'c%04d.example','status':'In use'}",
		    i == 0 ? "" : ",", i);
	buf_add_char(&b, ']');
	char *list = buf_take(&b);
	start(&a, 24, 80, domains, status);
	load(&a, list, status);
	keys(&a, "G");
	shows(&a, ">  c0999.example", true);
	keys(&a, "gj");
	shows(&a, ">  c0001.example", true);
	free(list);
	app_clear(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_dashboard_puts_what_needs_a_person_on_top),
	    cmocka_unit_test(rows_keep_the_cursor_when_they_move),
	    cmocka_unit_test(the_filter_and_the_problems),
	    cmocka_unit_test(a_pending_domain_shows_what_to_do),
	    cmocka_unit_test(what_could_take_over_from_a_custom_certificate),
	    cmocka_unit_test(the_tabs_of_a_domain),
	    cmocka_unit_test(the_last_tab_tells_why),
	    cmocka_unit_test(rolling_back_asks_for_the_name_where_it_is_live),
	    cmocka_unit_test(a_rollback_that_cannot_be_is_explained),
	    cmocka_unit_test(removing_a_domain_wants_its_name),
	    cmocka_unit_test(adding_a_domain_opens_it),
	    cmocka_unit_test(help_and_palette_are_searched_by_typing),
	    cmocka_unit_test(the_daemon_away_leaves_the_last_state),
	    cmocka_unit_test(nothing_yet_and_nothing_at_all),
	    cmocka_unit_test(read_only_changes_nothing),
	    cmocka_unit_test(weird_answers_are_drawn_all_the_same),
	    cmocka_unit_test(a_thousand_domains_scroll),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
