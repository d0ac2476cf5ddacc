#include <string.h>

#include "acme/dns/dns_message.h"
#include "acme/dns/zone_check.h"
#include "base/mem.h"
#include "tests/unit/name_server.h"
#include "tests/unit/test.h"

#define ROUNDS_MAX 20000
#define LONG_MS    60000

static const char *const txt[] = {"_acme-challenge.www.zone.test", "value"};

static const struct zone_record records[] = {
    {"zone.test", "ns.zone.test", DNS_TYPE_NS, 60},
    {"ns.zone.test", "127.0.0.1", DNS_TYPE_A, 60},
    {"_acme-challenge.www.zone.test", "other", DNS_TYPE_TXT, 60},
    {"_acme-challenge.www.zone.test", "value", DNS_TYPE_TXT, 60},
};
static const struct zone whole = {records, 4, .follows = true};
static const struct zone behind = {records, 3, .follows = true};
static const struct zone unwilling = {.rcode = 5};

/* A resolver that knows the zone, and two servers that are the zone's. */
struct scene {
	struct name_server resolver, first, second;
	struct dns *dns;
	struct zone_check_config config;
	int times;
	struct fault f;
};

static void
on_done(void *ctx, const struct fault *f)
{
	struct scene *s = ctx;

	s->times++;
	if (f != NULL)
		s->f = *f;
}

static void
start(struct scene *s, const struct zone *resolver, const struct zone *first,
    const struct zone *second)
{
	*s = (struct scene){.config = {.patience_ms = LONG_MS,
				.resolver_patience_ms = LONG_MS}};
	name_server_start(&s->resolver, resolver);
	name_server_start(&s->first, first);
	name_server_start(&s->second, second);
	s->config.known[s->config.n_known++] = s->first.addr;
	s->config.known[s->config.n_known++] = s->second.addr;
	assert_int_equal(
	    dns_new(EV_DEFAULT, &s->resolver.addr, 1, &s->dns, NULL), ERR_OK);
}

static void
check(struct scene *s)
{
	(void)zone_check_start(EV_DEFAULT, s->dns, &s->config, txt, on_done, s);
	for (int i = 0; i < ROUNDS_MAX && s->times == 0; i++)
		ev_run(EV_DEFAULT, EVRUN_ONCE);
	assert_int_equal(s->times, 1);
}

static void
stop(struct scene *s)
{
	dns_free(s->dns);
	name_server_stop(&s->resolver);
	name_server_stop(&s->first);
	name_server_stop(&s->second);
}

static void
both_servers_are_asked_and_have_it(void **state)
{
	struct scene s;

	(void)state;
	start(&s, &behind, &whole, &whole);
	check(&s);
	assert_int_equal(s.f.code, FAULT_NONE);
	assert_true(s.first.n_asked > 0 && s.second.n_asked > 0);
	stop(&s);
}

static void
one_that_never_has_it_is_named(void **state)
{
	char address[ADDR_TEXT_SIZE];
	struct scene s;

	(void)state;
	start(&s, &whole, &whole, &behind);
	s.config.patience_ms = 300;
	check(&s);
	assert_int_equal(s.f.code, FAULT_D33_ZONE_SERVER_BEHIND);
	assert_non_null(strstr(s.f.text, addr_format(&s.second.addr, address)));
	assert_non_null(strstr(s.f.text, "ns.zone.test"));
	assert_int_equal(s.first.n_asked, 1); /* it had said so */
	stop(&s);
}

static void
catch_up(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct scene *s = w->data;

	(void)loop;
	(void)revents;
	s->second.zone = &whole;
}

static void
one_that_is_slow_is_waited_for(void **state)
{
	struct scene s;
	ev_timer later;

	(void)state;
	start(&s, &whole, &whole, &behind);
	ev_timer_init(&later, catch_up, 0.3, 0.);
	later.data = &s;
	ev_timer_start(EV_DEFAULT, &later);
	check(&s);
	assert_int_equal(s.f.code, FAULT_NONE);
	ev_timer_stop(EV_DEFAULT, &later);
	stop(&s);
}

static void
one_that_refuses_is_passed_over(void **state)
{
	struct scene s;

	(void)state;
	start(&s, &whole, &whole, &unwilling);
	check(&s);
	assert_int_equal(s.f.code, FAULT_NONE);
	stop(&s);
}

static void
where_none_can_be_asked_the_resolvers_are(void **state)
{
	struct scene s;
	int asked;

	(void)state;
	start(&s, &whole, &unwilling, &unwilling);
	check(&s);
	assert_int_equal(s.f.code, FAULT_NONE);
	stop(&s);
	/* what they remember of the time before delays, no more */
	start(&s, &behind, &unwilling, &unwilling);
	s.config.resolver_patience_ms = 300;
	check(&s);
	asked = s.resolver.n_asked;
	assert_int_equal(s.f.code, FAULT_NONE);
	assert_true(asked > 4);
	stop(&s);
}

static void
without_a_zone_nobody_can_say(void **state)
{
	struct scene s;

	(void)state;
	start(&s, &unwilling, &unwilling, &unwilling);
	check(&s);
	assert_int_equal(s.f.code, FAULT_NONE);
	assert_int_equal(s.first.n_asked, 0);
	stop(&s);
}

static void
one_that_is_dropped_tells_nothing(void **state)
{
	struct zone_check *z;
	struct scene s;

	(void)state;
	start(&s, &whole, &whole, &behind);
	for (int rounds = 0; rounds < 12; rounds++) {
		z = zone_check_start(
		    EV_DEFAULT, s.dns, &s.config, txt, on_done, &s);
		for (int i = 0; i < rounds; i++)
			ev_run(EV_DEFAULT, EVRUN_ONCE);
		zone_check_cancel(z);
	}
	assert_int_equal(s.times, 0);
	stop(&s);
}

static void
a_text_may_come_in_parts(void **state)
{
	(void)state;
	assert_true(zone_check_is_text(SLICE("\3abc\2de"), "abcde"));
	assert_true(zone_check_is_text(SLICE("\0"), ""));
	assert_false(zone_check_is_text(SLICE("\3abc"), "ab"));
	assert_false(zone_check_is_text(SLICE("\3abc"), "abcd"));
	assert_false(zone_check_is_text(SLICE("\4abc"), "abc"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_servers_are_asked_and_have_it),
	    cmocka_unit_test(one_that_never_has_it_is_named),
	    cmocka_unit_test(one_that_is_slow_is_waited_for),
	    cmocka_unit_test(one_that_refuses_is_passed_over),
	    cmocka_unit_test(where_none_can_be_asked_the_resolvers_are),
	    cmocka_unit_test(without_a_zone_nobody_can_say),
	    cmocka_unit_test(one_that_is_dropped_tells_nothing),
	    cmocka_unit_test(a_text_may_come_in_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
