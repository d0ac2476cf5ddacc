#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin-tui/cli_man.h"
#include "admin-tui/commands.h"
#include "base/mem.h"
#include "tests/unit/test.h"

static void
every_command_has_words_help_and_something_to_run(void **state)
{
	(void)state;
	for (const struct command *c = commands; c->words != NULL; c++) {
		assert_non_null(c->args);
		assert_non_null(c->scope);
		assert_non_null(c->run);
		assert_true(islower((unsigned char)c->help[0]));
		assert_true(strlen(c->help) <= 60);
		assert_true(c->help[strlen(c->help) - 1] != '.');
		assert_ptr_equal(command_find(slice_str(c->words)), c);
	}
}

static void
two_words_belong_to_a_group_that_is_a_command_itself(void **state)
{
	(void)state;
	for (const struct command *c = commands; c->words != NULL; c++) {
		struct slice words = slice_str(c->words);
		struct slice group = slice_of(words.p, slice_find(words, ' '));
		assert_non_null(command_find(group));
	}
}

/* Options are read before the command is known. */
static void
an_option_of_one_name_takes_a_value_everywhere_or_nowhere(void **state)
{
	(void)state;
	for (const struct command *c = commands; c->words != NULL; c++) {
		for (const struct command_option *o = c->options;
		     o != NULL && o->name != NULL; o++) {
			const struct command_option *any =
			    command_option(NULL, slice_str(o->name));
			assert_int_equal(o->value == NULL, any->value == NULL);
			assert_int_equal(o->letter, any->letter);
			if (o->letter != 0)
				assert_string_equal(
				    command_letter(NULL, o->letter)->name,
				    o->name);
		}
	}
}

static void
what_destroys_or_changes_dns_can_be_confirmed_and_nothing_else_can(void **state)
{
	(void)state;
	for (const struct command *c = commands; c->words != NULL; c++)
		assert_int_equal(c->effect == COMMAND_DESTROYS ||
				     command_option(c, SLICE("repair-caa")),
		    command_option(c, SLICE("confirm")) != NULL);
}

static void
a_command_is_found_in_every_accepted_form(void **state)
{
	static const struct {
		char *words[3];
		size_t n;
		const char *command; /* NULL: none */
		size_t used;
	} cases[] = {
	    {{"certs", "add", "h"}, 3, "certs add", 2},
	    {{"certs:add", "h"}, 2, "certs add", 1},
	    {{"certs-add"}, 1, "certs add", 1},
	    {{"domains-add", "h"}, 2, "domains add", 1},
	    {{"domains"}, 1, "domains", 1},
	    {{"backends", "shop"}, 2, "backends", 1},
	    {{"frobnicate", "x"}, 2, NULL, 0},
	    {{"certs:frobnicate"}, 1, NULL, 0},
	    {{""}, 1, NULL, 0},
	    {{NULL}, 0, NULL, 0},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		size_t used;
		const struct command *c =
		    command_match(cases[i].words, cases[i].n, &used);
		assert_int_equal(used, cases[i].used);
		assert_int_equal(c == NULL, cases[i].command == NULL);
		if (c != NULL)
			assert_string_equal(c->words, cases[i].command);
	}
}

static void
a_synopsis_shows_words_arguments_and_options(void **state)
{
	char out[COMMAND_SYNOPSIS_SIZE];
	(void)state;
	assert_string_equal(
	    command_synopsis(command_find(SLICE("domains check")), out),
	    "domains check HOST [--wait[=S]]");
	assert_string_equal(
	    command_synopsis(command_find(SLICE("apps create")), out),
	    "apps create NAME [--backend BACKEND]");
	command_synopsis(command_find(SLICE("certs add")), out);
	assert_non_null(strstr(out, "certs add HOST|--app=APP [FILE...] ["));
	assert_null(strstr(out, "[--app"));
	assert_string_equal(command_synopsis(command_find(SLICE("help")), out),
	    "help [COMMAND|CODE...]");
}

static void
the_manual_page_names_every_command(void **state)
{
	char *text;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	(void)state;
	cli_man(out);
	fclose(out);
	for (const struct command *c = commands; c->words != NULL; c++) {
		struct slice first, rest = slice_str(c->words);
		bool has_hyphen = slice_cut(&rest, '-', &first) && rest.n > 0;
		char *line = xasprintf("\n.SS %" SLICE_FMT "%s%" SLICE_FMT,
		    SLICE_ARG(first), has_hyphen ? "\\-" : "", SLICE_ARG(rest));
		assert_non_null(strstr(text, line));
		free(line);
	}
	free(text);
}

static void
the_page_of_codes_has_those_of_both_tables(void **state)
{
	char *text;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	(void)state;
	cli_man_faults(out);
	fclose(out);
	assert_non_null(strstr(text, "\n.B D12\n"));
	assert_non_null(strstr(text, "\n.B H12\n"));
	assert_non_null(
	    strstr(text, "\\fBtowpath certs update HOST FILE...\\fR"));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_command_has_words_help_and_something_to_run),
	    cmocka_unit_test(the_page_of_codes_has_those_of_both_tables),
	    cmocka_unit_test(
		two_words_belong_to_a_group_that_is_a_command_itself),
	    cmocka_unit_test(
		an_option_of_one_name_takes_a_value_everywhere_or_nowhere),
	    cmocka_unit_test(
		what_destroys_or_changes_dns_can_be_confirmed_and_nothing_else_can),
	    cmocka_unit_test(a_command_is_found_in_every_accepted_form),
	    cmocka_unit_test(a_synopsis_shows_words_arguments_and_options),
	    cmocka_unit_test(the_manual_page_names_every_command),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
