#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "router/edge/queue.h"
#include "tests/unit/test.h"

struct world {
	struct ev_loop *loop;
	struct limits *limits;
	struct queues mine, theirs;
	struct queue shop, blog, theirs_shop;
};

static int
set_up(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	int fd;

	w->loop = ev_loop_new(EVBACKEND_EPOLL);
	assert_int_equal(limits_create(2, &fd), ERR_OK);
	assert_int_equal(limits_map(fd, &w->limits), ERR_OK);
	close(fd);
	queues_init(&w->mine, w->loop, w->limits, 0);
	queues_init(&w->theirs, w->loop, w->limits, 1);
	queue_init(&w->shop, &w->mine, SLICE("shop"));
	queue_init(&w->blog, &w->mine, SLICE("blog"));
	queue_init(&w->theirs_shop, &w->theirs, SLICE("shop"));
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	queues_clear(&w->mine);
	queues_clear(&w->theirs);
	limits_unmap(w->limits);
	ev_loop_destroy(w->loop);
	free(w);
	return 0;
}

static void
who_came_first_is_first(void **state)
{
	struct world *w = *state;
	struct queue_place p[3] = {0};

	assert_null(queue_first(&w->shop));
	for (int i = 0; i < 3; i++)
		queue_join(&w->mine, &w->shop, &p[i]);
	assert_ptr_equal(queue_first(&w->shop), &p[0]);
	queue_leave(&w->mine, &p[1]); /* gave up waiting */
	queue_leave(&w->mine, &p[1]);
	queue_leave(&w->mine, &p[0]);
	assert_ptr_equal(queue_first(&w->shop), &p[2]);
	queue_leave(&w->mine, &p[2]);
	assert_null(queue_first(&w->shop));
	assert_false(ev_is_active(&w->mine.tick));
}

static void
all_workers_queues_of_an_app_count(void **state)
{
	struct world *w = *state;
	struct queue_place p[4] = {0};

	queue_join(&w->mine, &w->shop, &p[0]);
	queue_join(&w->mine, &w->blog, &p[1]);
	queue_join(&w->theirs, &w->theirs_shop, &p[2]);
	queue_join(&w->theirs, &w->theirs_shop, &p[3]);
	assert_int_equal(queue_length(&w->mine, &w->shop), 3);
	assert_int_equal(queue_length_elsewhere(&w->mine, &w->shop), 2);
	assert_int_equal(queue_length(&w->theirs, &w->theirs_shop), 3);
	assert_int_equal(queue_length(&w->mine, &w->blog), 1);
	for (int i = 0; i < 4; i++)
		queue_leave(i < 2 ? &w->mine : &w->theirs, &p[i]);
	assert_int_equal(queue_length(&w->mine, &w->shop), 0);
}

static void
due_are_those_that_something_happened_to(void **state)
{
	struct world *w = *state;
	struct queue_place p[2] = {0};

	queue_is_due(&w->mine, &w->shop); /* nobody waits */
	assert_null(queues_next_due(&w->mine));
	queue_join(&w->mine, &w->shop, &p[0]);
	queue_join(&w->mine, &w->blog, &p[1]);
	assert_null(queues_next_due(&w->mine));
	queue_is_due(&w->mine, &w->blog);
	assert_ptr_equal(queues_next_due(&w->mine), &w->blog);
	assert_null(queues_next_due(&w->mine));
	/* after a while, all of them */
	ev_run(w->loop, EVRUN_ONCE);
	assert_ptr_equal(queues_next_due(&w->mine), &w->shop);
	assert_ptr_equal(queues_next_due(&w->mine), &w->blog);
	assert_null(queues_next_due(&w->mine));
	queue_leave(&w->mine, &p[0]);
	queue_leave(&w->mine, &p[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		who_came_first_is_first, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		all_workers_queues_of_an_app_count, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		due_are_those_that_something_happened_to, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
