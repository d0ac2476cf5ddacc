#include <stdio.h>
#include <stdlib.h>

#include "admin-tui/table.h"
#include "base/mem.h"
#include "tests/unit/test.h"

/* Rows that a test changes under the table. */
struct rows {
	const char *names[200];
	size_t n;
};

static size_t
count(const void *ctx)
{
	return ((const struct rows *)ctx)->n;
}

static void
id(const void *ctx, size_t row, char out[TABLE_ID_SIZE])
{
	snprintf(
	    out, TABLE_ID_SIZE, "%s", ((const struct rows *)ctx)->names[row]);
}

static void
cell(const void *ctx, size_t row, size_t column, struct table_cell *out)
{
	(void)column;
	id(ctx, row, out->text);
}

static bool
text(const void *ctx, size_t row, const char *name, char out[FILTER_TEXT_SIZE])
{
	if (name[0] != '\0' && strcmp(name, "name") != 0)
		return false;
	id(ctx, row, out);
	return true;
}

static int
compare(const void *ctx, size_t a, size_t b, size_t column)
{
	const struct rows *rows = ctx;
	(void)column;
	return strcmp(rows->names[a], rows->names[b]);
}

static const struct table_source source = {
    .count = count, .id = id, .cell = cell, .text = text, .compare = compare};
static const struct table_column columns[] = {
    {"NAME", {8, 20, 0, 0}, TEXT_CUT_END}};

static void
start(struct table *t, struct rows *rows, int height)
{
	static const char *const names[] = {
	    "delta", "alpha", "bravo", "charlie"};
	rows->n = COUNT_OF(names);
	memcpy(rows->names, names, sizeof(names));
	table_init(t, &source, rows, columns, COUNT_OF(columns));
	table_sync(t, height);
}

static void
the_selection_follows_its_object(void **state)
{
	struct rows rows;
	struct table t;
	(void)state;
	start(&t, &rows, 10);
	assert_string_equal(t.selected, "delta");
	table_move(&t, 2);
	assert_string_equal(t.selected, "bravo");
	rows.names[2] = "new";
	rows.names[0] = "bravo";
	table_sync(&t, 10);
	assert_string_equal(t.selected, "bravo");
	assert_int_equal(t.at, 0);
	table_clear(&t);
}

static void
when_the_selected_one_goes_its_place_is_kept(void **state)
{
	struct rows rows;
	struct table t;
	(void)state;
	start(&t, &rows, 10);
	table_move(&t, 1);
	rows.names[1] = "other";
	table_sync(&t, 10);
	assert_string_equal(t.selected, "other");
	table_move(&t, 99);
	rows.n = 2;
	table_sync(&t, 10);
	assert_string_equal(t.selected, "other");
	rows.n = 0;
	table_sync(&t, 10);
	assert_string_equal(t.selected, "");
	table_move(&t, 1);
	table_mark(&t);
	table_clear(&t);
}

static void
a_filter_takes_words_and_columns(void **state)
{
	static const struct {
		const char *filter;
		size_t n;
	} cases[] = {{"", 4}, {"a", 4}, {"ALPHA", 1}, {"l a", 3}, {"-l", 1},
	    {"name:br", 1}, {"-name:br", 3}, {"no:column", 0}, {"-", 0},
	    {"   ", 4}};
	struct rows rows;
	struct table t;
	(void)state;
	start(&t, &rows, 10);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		table_filter(&t, cases[i].filter);
		assert_int_equal(t.n_view, cases[i].n);
	}
	table_clear(&t);
}

static void
sorting_goes_round_and_can_be_turned(void **state)
{
	struct rows rows;
	struct table t;
	(void)state;
	start(&t, &rows, 10);
	table_sort(&t, 1);
	assert_int_equal(t.view[0], 1); /* alpha */
	assert_string_equal(t.selected, "delta");
	table_invert(&t);
	assert_int_equal(t.view[0], 0);
	table_sort(&t, 1);
	assert_int_equal(t.sort, -1);
	table_clear(&t);
}

static void
marks_stay_with_their_objects(void **state)
{
	struct rows rows;
	struct table t;
	(void)state;
	start(&t, &rows, 10);
	table_mark(&t);
	assert_true(table_is_marked(&t, "delta"));
	assert_string_equal(t.selected, "alpha");
	table_move(&t, -1);
	table_mark(&t);
	assert_false(table_is_marked(&t, "delta"));
	table_mark_id(&t, "bravo");
	table_unmark_all(&t);
	assert_false(table_is_marked(&t, "bravo"));
	table_clear(&t);
}

static void
drawing_parks_the_cursor_on_the_selected_row(void **state)
{
	struct rows rows;
	struct table t;
	struct grid g;
	(void)state;
	start(&t, &rows, 2);
	table_move(&t, 2);
	grid_init(&g);
	grid_resize(&g, 3, 20);
	table_draw(&t, canvas_all(&g));
	assert_int_equal(g.cursor_y, 2);
	char *row = grid_row(&g, 2);
	assert_string_equal(row, ">  bravo");
	free(row);
	grid_resize(&g, 1, 1);
	table_draw(&t, canvas_all(&g));
	grid_clear(&g);
	table_clear(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_selection_follows_its_object),
	    cmocka_unit_test(when_the_selected_one_goes_its_place_is_kept),
	    cmocka_unit_test(a_filter_takes_words_and_columns),
	    cmocka_unit_test(sorting_goes_round_and_can_be_turned),
	    cmocka_unit_test(marks_stay_with_their_objects),
	    cmocka_unit_test(drawing_parks_the_cursor_on_the_selected_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
