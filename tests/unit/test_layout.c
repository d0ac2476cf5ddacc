#include "admin-tui/layout.h"
#include "base/mem.h"
#include "tests/unit/test.h"

static void
rectangles_never_get_negative(void **state)
{
	struct rect r = {0, 0, 3, 10};
	(void)state;
	struct rect top = rect_top(&r, 2);
	assert_int_equal(top.rows, 2);
	struct rect bottom = rect_bottom(&r, 5);
	assert_int_equal(bottom.rows, 1);
	assert_int_equal(bottom.y, 2);
	assert_int_equal(r.rows, 0);
	assert_int_equal(rect_top(&r, 1).rows, 0);
	struct rect centre = rect_centre((struct rect){0, 0, 4, 4}, 9, 2);
	assert_int_equal(centre.rows, 4);
	assert_int_equal(centre.x, 1);
}

static void
the_least_important_leaves_first(void **state)
{
	struct fit items[] = {{5, 0, false}, {5, 2, false}, {5, 1, false}};
	(void)state;
	layout_fit(items, COUNT_OF(items), 19, 2);
	assert_true(items[0].shown && items[1].shown && items[2].shown);
	layout_fit(items, COUNT_OF(items), 18, 2);
	assert_true(items[0].shown && !items[1].shown && items[2].shown);
	layout_fit(items, COUNT_OF(items), 3, 2);
	assert_true(items[0].shown && !items[1].shown && !items[2].shown);
}

static void
columns_leave_and_grow_by_room(void **state)
{
	struct column_width c[] = {
	    {10, 30, 0, 0}, {8, 8, 0, 0}, {6, 6, 1, 0}, {6, 6, 2, 0}};
	(void)state;
	layout_columns(c, COUNT_OF(c), 60, 2);
	assert_int_equal(c[0].width, 30);
	assert_int_equal(c[3].width, 6);
	layout_columns(c, COUNT_OF(c), 30, 2);
	assert_int_equal(c[3].width, 0);
	assert_int_equal(c[2].width, 6);
	layout_columns(c, COUNT_OF(c), 20, 2);
	assert_int_equal(c[2].width, 0);
	assert_int_equal(c[0].width, 10);
	layout_columns(c, COUNT_OF(c), 5, 2);
	assert_in_range(c[0].width, 1, 10);
	layout_columns(c, COUNT_OF(c), -5, 2);
	assert_in_range(c[0].width, 1, 10);
}

static void
scrolling_keeps_the_selected_row_in_view(void **state)
{
	static const struct {
		size_t top, selected, n;
		int rows;
		size_t expected;
	} cases[] = {
	    {0, 3, 10, 5, 0},
	    {0, 5, 10, 5, 1},
	    {6, 2, 10, 5, 2},
	    {9, 9, 10, 5, 5},
	    {4, 0, 3, 5, 0},
	    {0, 0, 0, 5, 0},
	    {3, 5, 10, 0, 5},
	    {3, 5, 10, -4, 5},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(layout_scroll(cases[i].top, cases[i].selected,
				     cases[i].n, cases[i].rows),
		    cases[i].expected);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rectangles_never_get_negative),
	    cmocka_unit_test(the_least_important_leaves_first),
	    cmocka_unit_test(columns_leave_and_grow_by_room),
	    cmocka_unit_test(scrolling_keeps_the_selected_row_in_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
