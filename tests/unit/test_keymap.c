#include <stdio.h>
#include <string.h>

#include "admin-tui/commands.h"
#include "admin-tui/keymap.h"
#include "tests/unit/test.h"

static const enum place places[] = {
    PLACE_DASHBOARD, PLACE_DOMAIN, PLACE_HISTORY, PLACE_FILES, PLACE_VERDICT};

static void
a_key_means_one_thing_in_a_place(void **state)
{
	(void)state;
	for (size_t p = 0; p < sizeof(places) / sizeof(places[0]); p++)
		for (size_t i = 0; i < keymap_n; i++) {
			const struct binding *b = &keymap[i];
			if ((b->places & places[p]) == 0)
				continue;
			for (size_t k = 0; k < BINDING_KEYS; k++)
				if (b->keys[k] != 0)
					assert_ptr_equal(b,
					    keymap_find(places[p], b->keys[k]));
		}
}

static void
every_place_has_help_a_way_back_and_a_way_out(void **state)
{
	(void)state;
	for (size_t p = 0; p < sizeof(places) / sizeof(places[0]); p++) {
		const struct binding *help = keymap_find(places[p], '?');
		assert_non_null(help);
		assert_int_equal(help->verb, VERB_HELP);
		assert_int_equal(help->priority, 0); /* never leaves */
		assert_non_null(keymap_find(places[p], KEY_ESCAPE));
		assert_int_equal(
		    keymap_find(places[p], KEY_CTRL('C'))->verb, VERB_QUIT);
	}
	assert_ptr_equal(&keymap[0], keymap_find(PLACE_DASHBOARD, '?'));
}

static void
no_slip_destroys(void **state)
{
	(void)state;
	for (size_t i = 0; i < keymap_n; i++)
		for (size_t k = 0; k < BINDING_KEYS; k++) {
			key_code key = keymap[i].keys[k];
			if (keymap[i].level == LEVEL_DESTRUCTIVE && key != 0)
				assert_in_range(key, 'A', 'Z');
		}
}

static void
every_binding_says_what_it_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < keymap_n; i++) {
		assert_non_null(keymap[i].effect);
		assert_non_null(keymap[i].key);
		assert_int_not_equal(keymap[i].keys[0], 0);
	}
}

static void
what_has_a_command_is_in_the_table_of_commands(void **state)
{
	(void)state;
	for (size_t i = 0; i < keymap_n; i++) {
		struct slice rest = slice_str(keymap[i].cli), first, second;
		if (rest.n == 0)
			continue;
		assert_true(slice_word(&rest, &first));
		const struct command *c = command_find(first);
		if (slice_word(&rest, &second) && second.p[0] >= 'a')
			c = command_find(slice_of(
			    first.p, (size_t)(second.p + second.n - first.p)));
		if (c == NULL)
			fail_msg("towpath %s", keymap[i].cli);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_key_means_one_thing_in_a_place),
	    cmocka_unit_test(every_place_has_help_a_way_back_and_a_way_out),
	    cmocka_unit_test(no_slip_destroys),
	    cmocka_unit_test(every_binding_says_what_it_does),
	    cmocka_unit_test(what_has_a_command_is_in_the_table_of_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
