#include <string.h>

#include "acme/by_hand.h"
#include "acme/dns/dns_message.h"
#include "base/clock.h"
#include "base/mem.h"
#include "tests/unit/name_server.h"
#include "tests/unit/test.h"

#define ROUNDS_MAX 2000

static const struct by_hand_goal record = {
    "www.test", "token", "token.thumbprint", CHALLENGE_DNS_01};

struct scene {
	struct name_server server;
	struct fetch *fetch;
	struct by_hand_env env;
	int times;
	size_t which;
};

static void
on_done(void *ctx, size_t which)
{
	struct scene *s = ctx;

	s->times++;
	s->which = which;
}

static void
start(struct scene *s, const struct zone *zone)
{
	struct fetch_options options = {.user_agent = "test"};

	*s = (struct scene){.times = 0};
	name_server_start(&s->server, zone);
	s->fetch = fetch_new(EV_DEFAULT, &options);
	s->env.loop = EV_DEFAULT;
	s->env.fetch = s->fetch;
	s->env.http_port = BY_HAND_PORT;
	assert_int_equal(
	    dns_new(EV_DEFAULT, &s->server.addr, 1, &s->env.dns, NULL), ERR_OK);
}

static void
run(struct scene *s)
{
	for (int i = 0; i < ROUNDS_MAX && s->times == 0; i++)
		ev_run(EV_DEFAULT, EVRUN_ONCE);
	assert_int_equal(s->times, 1);
}

static void
stop(struct scene *s)
{
	dns_free(s->env.dns);
	fetch_free(s->fetch);
	name_server_stop(&s->server);
}

static void
a_record_that_is_there_is_seen(void **state)
{
	char value[CHALLENGE_DIGEST_MAX + 1];
	struct zone_record records[] = {
	    {"_acme-challenge.www.test", "another", DNS_TYPE_TXT, 60},
	    {"_acme-challenge.www.test", value, DNS_TYPE_TXT, 60},
	};
	struct zone zone = {records, COUNT_OF(records), .follows = true};
	struct scene s;

	(void)state;
	assert_int_equal(
	    challenge_dns_value(record.key_authorization, value), ERR_OK);
	start(&s, &zone);
	(void)by_hand_start(&s.env, &record, 1, 0, on_done, &s);
	run(&s);
	assert_int_equal(s.which, 0);
	stop(&s);
}

static void
who_says_that_it_is_there_is_believed(void **state)
{
	static const struct zone nothing = {.minimum = 1};
	struct by_hand_goal goals[] = {record, record};
	struct by_hand *b;
	struct scene s;

	(void)state;
	goals[0].type = CHALLENGE_HTTP_01;
	start(&s, &nothing);
	b = by_hand_start(&s.env, goals, 2, 0, on_done, &s);
	by_hand_tell(b, CHALLENGE_DNS_01);
	run(&s);
	assert_int_equal(s.which, 1);
	stop(&s);
}

static void
it_ends_when_the_ca_gives_it_up(void **state)
{
	static const struct zone nothing = {.minimum = 1};
	struct scene s;

	(void)state;
	start(&s, &nothing);
	(void)by_hand_start(&s.env, &record, 1, clock_now() - 1, on_done, &s);
	run(&s);
	assert_int_equal(s.which, 1);
	stop(&s);
}

static void
one_that_is_dropped_tells_nothing(void **state)
{
	static const struct zone nothing = {.minimum = 1};
	struct scene s;

	(void)state;
	start(&s, &nothing);
	for (int rounds = 0; rounds < 6; rounds++) {
		struct by_hand *b =
		    by_hand_start(&s.env, &record, 1, 0, on_done, &s);

		for (int i = 0; i < rounds; i++)
			ev_run(EV_DEFAULT, EVRUN_ONCE);
		by_hand_cancel(b);
	}
	assert_int_equal(s.times, 0);
	stop(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_record_that_is_there_is_seen),
	    cmocka_unit_test(who_says_that_it_is_there_is_believed),
	    cmocka_unit_test(it_ends_when_the_ca_gives_it_up),
	    cmocka_unit_test(one_that_is_dropped_tells_nothing),
	};

	clock_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
