#include <stdlib.h>

#include "admin-tui/lineedit.h"
#include "tests/unit/test.h"

static void
type(struct lineedit *e, const char *keys)
{
	for (; *keys != '\0'; keys++)
		assert_true(lineedit_key(e, (key_code)*keys));
}

static void
typing_goes_in_at_the_caret(void **state)
{
	struct lineedit e;
	(void)state;
	lineedit_init(&e, false);
	type(&e, "wrld");
	lineedit_key(&e, KEY_FIRST);
	lineedit_key(&e, KEY_ARROW_RIGHT);
	type(&e, "o");
	assert_string_equal(e.text, "world");
	lineedit_key(&e, KEY_CTRL('E'));
	lineedit_key(&e, KEY_ERASE);
	assert_string_equal(e.text, "worl");
	lineedit_key(&e, KEY_CTRL('A'));
	lineedit_key(&e, KEY_FORWARD_ERASE);
	assert_string_equal(e.text, "orl");
}

static void
a_character_of_many_bytes_goes_as_one(void **state)
{
	struct lineedit e;
	(void)state;
	lineedit_init(&e, false);
	lineedit_key(&e, 0xe9);
	lineedit_key(&e, 0x4f8b);
	lineedit_key(&e, KEY_ERASE);
	assert_string_equal(e.text, "\xc3\xa9");
	lineedit_key(&e, KEY_ARROW_LEFT);
	assert_int_equal(e.at, 0);
	lineedit_key(&e, KEY_ARROW_LEFT);
	lineedit_key(&e, KEY_ERASE);
	assert_string_equal(e.text, "\xc3\xa9");
}

static void
words_and_lines_are_erased_as_in_a_shell(void **state)
{
	struct lineedit e;
	(void)state;
	lineedit_init(&e, false);
	type(&e, "one two  ");
	lineedit_key(&e, KEY_CTRL('W'));
	assert_string_equal(e.text, "one ");
	lineedit_key(&e, KEY_CTRL('U'));
	assert_string_equal(e.text, "");
	type(&e, "abc");
	lineedit_key(&e, KEY_FIRST);
	lineedit_key(&e, KEY_CTRL('K'));
	assert_string_equal(e.text, "");
}

static void
keys_that_mean_more_are_left_to_the_caller(void **state)
{
	struct lineedit e;
	(void)state;
	lineedit_init(&e, false);
	assert_false(lineedit_key(&e, KEY_RETURN));
	assert_false(lineedit_key(&e, KEY_ESCAPE));
	assert_false(lineedit_key(&e, KEY_TAB));
	assert_false(lineedit_key(&e, KEY_ARROW_UP));
	assert_string_equal(e.text, "");
}

static void
a_paste_is_one_line_and_has_a_limit(void **state)
{
	struct lineedit e;
	char *large = calloc(1, 4 * LINEEDIT_SIZE);
	(void)state;
	lineedit_init(&e, false);
	lineedit_paste(&e, SLICE("www.example.com\r\n\x1b[A"));
	assert_string_equal(e.text, "www.example.com[A");
	memset(large, 'x', 4 * LINEEDIT_SIZE - 1);
	lineedit_paste(&e, slice_str(large));
	assert_int_equal(strlen(e.text), LINEEDIT_SIZE - 1);
	free(large);
}

static void
a_passphrase_is_drawn_as_stars_and_wiped(void **state)
{
	struct lineedit e;
	struct grid g;
	(void)state;
	lineedit_init(&e, true);
	lineedit_paste(&e, SLICE("p\xc3\xa9ss"));
	grid_init(&g);
	grid_resize(&g, 1, 10);
	lineedit_draw(&e, canvas_all(&g), (struct rect){0, 0, 1, 10});
	char *row = grid_row(&g, 0);
	assert_string_equal(row, "****");
	assert_int_equal(g.cursor_x, 4);
	free(row);
	grid_clear(&g);
	lineedit_clear(&e);
	for (size_t i = 0; i < sizeof(e.text); i++)
		assert_int_equal(e.text[i], 0);
}

static void
the_caret_stays_in_view(void **state)
{
	struct lineedit e;
	struct grid g;
	(void)state;
	lineedit_init(&e, false);
	type(&e, "abcdefghij");
	grid_init(&g);
	grid_resize(&g, 1, 5);
	lineedit_draw(&e, canvas_all(&g), (struct rect){0, 0, 1, 5});
	char *row = grid_row(&g, 0);
	assert_string_equal(row, "ghij");
	assert_int_equal(g.cursor_x, 4);
	free(row);
	grid_clear(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(typing_goes_in_at_the_caret),
	    cmocka_unit_test(a_character_of_many_bytes_goes_as_one),
	    cmocka_unit_test(words_and_lines_are_erased_as_in_a_shell),
	    cmocka_unit_test(keys_that_mean_more_are_left_to_the_caller),
	    cmocka_unit_test(a_paste_is_one_line_and_has_a_limit),
	    cmocka_unit_test(a_passphrase_is_drawn_as_stars_and_wiped),
	    cmocka_unit_test(the_caret_stays_in_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
