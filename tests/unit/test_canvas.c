#include <stdlib.h>

#include "admin-tui/canvas.h"
#include "tests/unit/test.h"

static void
row_is(const struct grid *g, int y, const char *expected)
{
	char *row = grid_row(g, y);
	assert_string_equal(row, expected);
	free(row);
}

static void
text_outside_is_not_drawn(void **state)
{
	struct grid g;
	(void)state;
	grid_init(&g);
	grid_resize(&g, 3, 10);
	struct canvas c = canvas_all(&g);
	canvas_text(c, 0, 6, ROLE_TEXT, "abcdefgh");
	canvas_text(c, 7, 0, ROLE_TEXT, "below");
	canvas_text(c, -1, 0, ROLE_TEXT, "above");
	canvas_text(c, 1, 30, ROLE_TEXT, "right of it");
	row_is(&g, 0, "      abc\xe2\x80\xa6");
	row_is(&g, 1, "");
	row_is(&g, 2, "");
	grid_clear(&g);
}

static void
a_part_clips_to_its_parent(void **state)
{
	struct grid g;
	(void)state;
	grid_init(&g);
	grid_resize(&g, 4, 10);
	struct canvas part =
	    canvas_part(canvas_all(&g), (struct rect){1, 2, 50, 5});
	assert_int_equal(part.r.rows, 3);
	canvas_text(part, 0, 0, ROLE_TEXT, "0123456789");
	row_is(&g, 1, "  0123\xe2\x80\xa6");
	struct canvas none = canvas_part(part, (struct rect){9, 9, 2, 2});
	canvas_text(none, 0, 0, ROLE_TEXT, "x");
	canvas_box(none, (struct rect){0, 0, 5, 5}, "t", "h");
	canvas_cursor(none, 40, 40);
	assert_in_range(g.cursor_y, 0, 3);
	assert_in_range(g.cursor_x, 0, 9);
	grid_clear(&g);
}

static void
half_of_a_wide_character_leaves_a_blank(void **state)
{
	struct grid g;
	(void)state;
	grid_init(&g);
	grid_resize(&g, 1, 6);
	struct canvas c = canvas_all(&g);
	canvas_text(c, 0, 0, ROLE_TEXT, "\xe4\xbe\x8b\xe4\xbe\x8b");
	canvas_text(c, 0, 1, ROLE_TEXT, "x");
	row_is(&g, 0, " x\xe4\xbe\x8b");
	grid_clear(&g);
}

static void
a_box_has_its_title_and_an_inside(void **state)
{
	struct grid g;
	(void)state;
	grid_init(&g);
	grid_resize(&g, 4, 14);
	struct canvas in = canvas_box(
	    canvas_all(&g), (struct rect){0, 0, 4, 14}, "Title", "Esc");
	assert_int_equal(in.r.rows, 2);
	assert_int_equal(in.r.cols, 10);
	canvas_text(in, 0, 0, ROLE_TEXT, "0123456789");
	row_is(&g, 0,
	    "\xe2\x94\x8c\xe2\x94\x80 Title "
	    "\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80"
	    "\xe2\x94\x90");
	row_is(&g, 1, "\xe2\x94\x82 0123456789 \xe2\x94\x82");
	grid_clear(&g);
}

static void
wrapped_text_is_cut_visibly_in_its_last_row(void **state)
{
	struct grid g;
	(void)state;
	grid_init(&g);
	grid_resize(&g, 3, 10);
	int n = canvas_wrapped(canvas_all(&g), (struct rect){0, 0, 2, 10},
	    ROLE_TEXT, "one two three four five six seven");
	assert_int_equal(n, 2);
	row_is(&g, 0, "one two");
	row_is(&g, 1, "three fou\xe2\x80\xa6");
	grid_clear(&g);
}

static void
glyphs_degrade_as_a_set(void **state)
{
	(void)state;
	assert_int_equal(theme_glyph(0x2713, GLYPHS_FULL), 0x2713);
	assert_int_equal(theme_glyph(0x2713, GLYPHS_ASCII), '+');
	assert_int_equal(theme_glyph(0x2713, GLYPHS_LINE), '+');
	assert_int_equal(theme_glyph(0x2500, GLYPHS_LINE), 0x2500);
	assert_int_equal(theme_glyph(0x2500, GLYPHS_ASCII), '-');
	assert_int_equal(theme_glyph(0x4f8b, GLYPHS_ASCII), '?');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_outside_is_not_drawn),
	    cmocka_unit_test(a_part_clips_to_its_parent),
	    cmocka_unit_test(half_of_a_wide_character_leaves_a_blank),
	    cmocka_unit_test(a_box_has_its_title_and_an_inside),
	    cmocka_unit_test(wrapped_text_is_cut_visibly_in_its_last_row),
	    cmocka_unit_test(glyphs_degrade_as_a_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
