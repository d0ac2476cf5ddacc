#include <stdio.h>

#include "admin-tui/args.h"
#include "base/mem.h"
#include "tests/unit/test.h"

#define WORDS_MAX 16

/* A command line as a person writes it, split at blanks. */
struct line {
	char text[256];
	char *argv[WORDS_MAX];
	int argc;
	struct args args;
	struct fault fault;
};

static enum err
parse(struct line *l, const char *text)
{
	*l = (struct line){.argc = 1};
	l->argv[0] = "towpath";
	snprintf(l->text, sizeof(l->text), "%s", text);
	for (char *word = l->text; *word != '\0';) {
		size_t n = strcspn(word, " ");
		l->argv[l->argc++] = word;
		word += n;
		if (*word == ' ')
			*word++ = '\0';
	}
	return args_parse(l->argc, l->argv, &l->args, &l->fault);
}

static void
words_behind_the_command_are_its_arguments(void **state)
{
	struct line l;
	(void)state;
	assert_int_equal(parse(&l, "backends add shop a:1 b:2"), ERR_OK);
	assert_string_equal(l.args.command->words, "backends add");
	assert_int_equal(l.args.n_words, 3);
	assert_string_equal(args_word(&l.args, 0), "shop");
	assert_string_equal(args_word(&l.args, 2), "b:2");
	assert_null(args_word(&l.args, 3));
	args_clear(&l.args);
}

static void
options_may_stand_anywhere(void **state)
{
	static const char *const lines[] = {
	    "--app shop domains -j",
	    "domains --app=shop --json",
	    "-a shop -j domains",
	    "-j domains -ashop",
	    "domains --app other -ja shop",
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		struct line l;
		assert_int_equal(parse(&l, lines[i]), ERR_OK);
		assert_string_equal(l.args.command->words, "domains");
		assert_string_equal(args_value(&l.args, "app"), "shop");
		assert_true(args_has(&l.args, "json"));
		assert_false(args_has(&l.args, "problems"));
		args_clear(&l.args);
	}
}

static void
aliases_are_the_same_option(void **state)
{
	struct line l;
	(void)state;
	assert_int_equal(parse(&l, "events --tail"), ERR_OK);
	assert_true(args_has(&l.args, "follow"));
	args_clear(&l.args);
	assert_int_equal(parse(&l, "apps:destroy shop -c shop"), ERR_OK);
	assert_string_equal(args_value(&l.args, "confirm"), "shop");
	args_clear(&l.args);
}

static void
a_repeated_option_keeps_every_value(void **state)
{
	struct line l;
	size_t at = 0;
	(void)state;
	assert_int_equal(
	    parse(&l, "apps create x --backend a --backend=b"), ERR_OK);
	assert_string_equal(args_each(&l.args, "backend", &at), "a");
	assert_string_equal(args_each(&l.args, "backend", &at), "b");
	assert_null(args_each(&l.args, "backend", &at));
	args_clear(&l.args);
}

static void
an_optional_value_only_follows_an_equals_sign(void **state)
{
	struct line l;
	(void)state;
	assert_int_equal(parse(&l, "domains check --wait h.example"), ERR_OK);
	assert_true(args_has(&l.args, "wait"));
	assert_null(args_value(&l.args, "wait"));
	assert_string_equal(args_word(&l.args, 0), "h.example");
	args_clear(&l.args);
	assert_int_equal(parse(&l, "domains check h.example --wait=9"), ERR_OK);
	assert_string_equal(args_value(&l.args, "wait"), "9");
	args_clear(&l.args);
}

static void
a_dash_is_a_word_and_two_end_the_options(void **state)
{
	struct line l;
	(void)state;
	assert_int_equal(parse(&l, "import -"), ERR_OK);
	assert_string_equal(args_word(&l.args, 0), "-");
	args_clear(&l.args);
	assert_int_equal(parse(&l, "import -- --odd-name"), ERR_OK);
	assert_string_equal(args_word(&l.args, 0), "--odd-name");
	args_clear(&l.args);
}

static void
no_words_are_no_command_and_no_error(void **state)
{
	struct line l;
	(void)state;
	assert_int_equal(parse(&l, ""), ERR_OK);
	assert_null(l.args.command);
	args_clear(&l.args);
	assert_int_equal(parse(&l, "-s /x --read-only"), ERR_OK);
	assert_null(l.args.command);
	assert_string_equal(args_value(&l.args, "server"), "/x");
	args_clear(&l.args);
}

static void
app_stands_in_for_the_host_of_an_upload(void **state)
{
	struct line l;
	(void)state;
	assert_int_equal(parse(&l, "certs add --app shop"), ERR_OK);
	args_clear(&l.args);
	assert_int_equal(parse(&l, "certs add --app shop a.pem"), ERR_OK);
	assert_string_equal(args_word(&l.args, 0), "a.pem");
	args_clear(&l.args);
	assert_int_equal(parse(&l, "certs add"), ERR_SYNTAX);
	args_clear(&l.args);
}

static void
wrong_usage_is_refused_and_says_what(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
	    {"frobnicate", "frobnicate"},
	    {"domains add", "domains add"},
	    {"domains info a.example b.example", "b.example"},
	    {"apps create x --nonsense", "--nonsense"},
	    {"apps create x -z", "-z"},
	    {"apps --confirm x", "--confirm"},
	    {"domains --app", "--app"},
	    {"apps -a", "-a"},
	    {"-j --json=yes apps", "--json=yes"},
	    {"domains frob", "frob"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct line l;
		assert_int_equal(parse(&l, cases[i].line), ERR_SYNTAX);
		assert_int_equal(l.fault.code, FAULT_P18_USAGE);
		assert_non_null(strstr(l.fault.text, cases[i].says));
		args_clear(&l.args);
	}
}

static void
json_holds_for_the_error_too(void **state)
{
	struct line l;
	(void)state;
	assert_int_equal(parse(&l, "-j frobnicate"), ERR_SYNTAX);
	assert_true(args_has(&l.args, "json"));
	args_clear(&l.args);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_behind_the_command_are_its_arguments),
	    cmocka_unit_test(options_may_stand_anywhere),
	    cmocka_unit_test(aliases_are_the_same_option),
	    cmocka_unit_test(a_repeated_option_keeps_every_value),
	    cmocka_unit_test(an_optional_value_only_follows_an_equals_sign),
	    cmocka_unit_test(a_dash_is_a_word_and_two_end_the_options),
	    cmocka_unit_test(no_words_are_no_command_and_no_error),
	    cmocka_unit_test(app_stands_in_for_the_host_of_an_upload),
	    cmocka_unit_test(wrong_usage_is_refused_and_says_what),
	    cmocka_unit_test(json_holds_for_the_error_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
