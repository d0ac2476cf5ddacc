#include <stdio.h>
#include <stdlib.h>

#include "acme/dns/provider.h"
#include "base/mem.h"
#include "tests/unit/test.h"

/* One that notes what it is asked, and leaves the rest to the test. */
struct noted {
	struct provider provider;
	int started, stopped, dropped, freed;
	int done;
	char name[PROVIDER_NAME_SIZE];
};

static struct noted *noted;

static void
start(struct provider *p)
{
	(void)p;
	noted->started++;
	(void)snprintf(noted->name, sizeof(noted->name), "%s",
	    noted->provider.current->change.name);
}

static void
stop(struct provider *p)
{
	(void)p;
	noted->stopped++;
}

static void
drop(struct provider *p, struct provider_call *call)
{
	(void)p;
	(void)call;
	noted->dropped++;
}

static void
free_noted(struct provider *p)
{
	(void)p;
	noted->freed++;
}

static void
on_done(void *ctx, const struct fault *f)
{
	(void)ctx;
	assert_null(f);
	noted->done++;
}

static int
set_up(void **state)
{
	static const struct provider_ops ops = {start, stop, drop, free_noted};

	(void)state;
	noted = xcalloc(1, sizeof(*noted));
	provider_init(&noted->provider, EV_DEFAULT, &ops);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	provider_free(&noted->provider);
	assert_int_equal(noted->freed, 1);
	free(noted);
	return 0;
}

static struct provider_call *
apply(const char *name)
{
	struct provider_change c = {
	    .act = PROVIDER_ADD, .name = name, .type = "TXT", .value = "v"};

	return provider_apply(&noted->provider, &c, on_done, NULL);
}

static void
turn(void)
{
	(void)ev_run(EV_DEFAULT, EVRUN_NOWAIT);
}

static void
one_is_made_after_the_other(void **state)
{
	(void)state;
	(void)apply("a");
	(void)apply("b");
	assert_int_equal(noted->started, 0);
	turn();
	turn();
	assert_string_equal(noted->name, "a");
	assert_int_equal(noted->started, 1);
	provider_finish(&noted->provider, NULL);
	assert_int_equal(noted->done, 1);
	turn();
	assert_string_equal(noted->name, "b");
	provider_finish(&noted->provider, NULL);
	assert_int_equal(noted->done, 2);
}

static void
the_next_begins_while_one_settles(void **state)
{
	struct provider_call *first;

	(void)state;
	(void)apply("a");
	(void)apply("b");
	turn();
	first = provider_settle(&noted->provider);
	turn();
	assert_string_equal(noted->name, "b");
	assert_int_equal(noted->done, 0);
	provider_settled(first, NULL);
	assert_int_equal(noted->done, 1);
	provider_finish(&noted->provider, NULL);
	assert_int_equal(noted->done, 2);
}

static void
one_that_settles_can_be_cancelled(void **state)
{
	(void)state;
	(void)apply("a");
	turn();
	provider_cancel(provider_settle(&noted->provider));
	assert_int_equal(noted->dropped, 1);
	assert_int_equal(noted->stopped, 0);
	assert_int_equal(noted->done, 0);
}

static void
nobody_is_told_when_it_goes(void **state)
{
	(void)state;
	(void)apply("a");
	(void)apply("b");
	(void)apply("c");
	turn();
	(void)provider_settle(&noted->provider);
	turn();
	assert_string_equal(noted->name, "b");
	/* and tear_down frees it */
}

#define A_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    A_TEST(one_is_made_after_the_other),
	    A_TEST(the_next_begins_while_one_settles),
	    A_TEST(one_that_settles_can_be_cancelled),
	    A_TEST(nobody_is_told_when_it_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
