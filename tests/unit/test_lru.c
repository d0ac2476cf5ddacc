#include "router/edge/lru.h"
#include "tests/unit/test.h"

struct thing {
	struct lru_item item;
	const char *name;
	int dropped;
};

static void
on_drop(struct lru_item *item)
{
	container_of(item, struct thing, item)->dropped++;
}

static void
put(struct lru *l, struct thing *t)
{
	lru_put(l, &t->item, slice_str(t->name));
}

static void
the_least_lately_used_goes_first(void **state)
{
	struct thing a = {.name = "a"}, b = {.name = "b"}, c = {.name = "c"};
	struct lru l;

	(void)state;
	lru_init(&l, 2, on_drop);
	put(&l, &a);
	put(&l, &b);
	assert_ptr_equal(lru_get(&l, SLICE("a")), &a.item); /* used now */
	put(&l, &c);
	assert_int_equal(b.dropped, 1);
	assert_null(lru_get(&l, SLICE("b")));
	assert_int_equal(lru_count(&l), 2);
	lru_clear(&l);
	assert_int_equal(a.dropped + c.dropped, 2);
}

static void
one_of_the_same_name_takes_the_place(void **state)
{
	struct thing old = {.name = "a"}, new = {.name = "a"};
	struct lru l;

	(void)state;
	lru_init(&l, 2, on_drop);
	put(&l, &old);
	put(&l, &new);
	assert_int_equal(old.dropped, 1);
	assert_ptr_equal(lru_get(&l, SLICE("a")), &new.item);
	assert_int_equal(lru_count(&l), 1);
	lru_clear(&l);
}

static void
what_is_removed_is_not_dropped(void **state)
{
	struct thing a = {.name = "a"};
	struct lru l;

	(void)state;
	lru_init(&l, 2, on_drop);
	put(&l, &a);
	lru_remove(&a.item);
	lru_remove(&a.item); /* safe twice */
	assert_int_equal(a.dropped, 0);
	assert_null(lru_get(&l, SLICE("a")));
	lru_clear(&l);
	assert_int_equal(a.dropped, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_least_lately_used_goes_first),
	    cmocka_unit_test(one_of_the_same_name_takes_the_place),
	    cmocka_unit_test(what_is_removed_is_not_dropped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
