#include "base/list.h"
#include "tests/unit/test.h"

struct item {
	int number;
	struct list link;
};

static struct item *
item_of(struct list *l)
{
	return container_of(l, struct item, link);
}

static void
members_stay_in_order(void **state)
{
	struct item items[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
	struct list head;
	int expected = 0;

	(void)state;
	list_init(&head);
	assert_true(list_empty(&head));
	assert_null(list_first(&head));
	assert_null(list_last(&head));
	list_append(&head, &items[1].link);
	list_append(&head, &items[2].link);
	list_push(&head, &items[0].link);
	LIST_FOREACH(it, &head)
		assert_int_equal(item_of(it)->number, expected++);
	assert_int_equal(expected, 3);
	assert_int_equal(item_of(list_first(&head))->number, 0);
	assert_int_equal(item_of(list_last(&head))->number, 2);
}

static void
a_member_leaves_without_the_head_and_twice(void **state)
{
	struct item items[2] = {{.number = 0}, {.number = 1}};
	struct list head;

	(void)state;
	list_init(&head);
	list_append(&head, &items[0].link);
	list_append(&head, &items[1].link);
	list_remove(&items[0].link);
	list_remove(&items[0].link);
	assert_ptr_equal(list_first(&head), &items[1].link);
	assert_ptr_equal(list_last(&head), &items[1].link);
	LIST_FOREACH_SAFE(it, &head)
		list_remove(it);
	assert_true(list_empty(&head));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(members_stay_in_order),
	    cmocka_unit_test(a_member_leaves_without_the_head_and_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
