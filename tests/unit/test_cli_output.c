#include <stdlib.h>
#include <time.h>

#include "admin-tui/cli_output.h"
#include "tests/unit/test.h"

/* An output into memory. */
struct capture {
	struct cli_output o;
	char *text, *errors;
	size_t n, n_errors;
};

static void
begin(struct capture *c, bool is_terminal, bool is_json)
{
	*c = (struct capture){
	    .o = {
		.is_terminal = is_terminal, .is_json = is_json, .columns = 40}};
	c->o.out = open_memstream(&c->text, &c->n);
	c->o.err = open_memstream(&c->errors, &c->n_errors);
}

static void
assert_wrote(struct capture *c, const char *out, const char *err)
{
	fclose(c->o.out);
	fclose(c->o.err);
	assert_string_equal(c->text, out);
	assert_string_equal(c->errors, err);
	free(c->text);
	free(c->errors);
}

static const char *const heads[] = {"HOST", "N", "FAULT", NULL};

static void
add_rows(struct cli_table *t)
{
	cli_table_add(t, "www.example.com");
	cli_table_addf(t, "%d", 7);
	cli_table_add(t, "D12 it points elsewhere, and more");
	cli_table_add(t, "b");
	cli_table_add(t, "");
	cli_table_add(t, NULL);
}

static void
a_terminal_gets_a_header_and_columns_that_align(void **state)
{
	struct capture c;
	struct cli_table t;
	(void)state;
	begin(&c, true, false);
	c.o.columns = 80;
	cli_table_init(&t, heads);
	add_rows(&t);
	cli_table_show(&t, &c.o);
	cli_table_add(&t, "c");
	cli_table_add(&t, "1");
	cli_table_add(&t, "x");
	cli_table_show(&t, &c.o);
	cli_table_clear(&t);
	assert_wrote(&c,
	    "HOST             N  FAULT\n"
	    "www.example.com  7  D12 it points elsewhere, and more\n"
	    "b                -  -\n"
	    "c                1  x\n",
	    "");
}

static void
only_the_last_column_gives_way_on_a_narrow_terminal(void **state)
{
	struct capture c;
	struct cli_table t;
	(void)state;
	begin(&c, true, false);
	cli_table_init(&t, heads);
	add_rows(&t);
	cli_table_show(&t, &c.o);
	cli_table_clear(&t);
	assert_wrote(&c,
	    "HOST             N  FAULT\n"
	    "www.example.com  7  D12 it points elsew\xe2\x80\xa6\n"
	    "b                -  -\n",
	    "");
}

static void
elsewhere_there_are_tabs_and_no_header_and_nothing_is_cut(void **state)
{
	struct capture c;
	struct cli_table t;
	(void)state;
	begin(&c, false, false);
	cli_table_init(&t, heads);
	add_rows(&t);
	cli_table_show(&t, &c.o);
	cli_table_clear(&t);
	assert_wrote(&c,
	    "www.example.com\t7\tD12 it points elsewhere, and more\n"
	    "b\t\t\n",
	    "");
}

static void
an_empty_table_prints_nothing(void **state)
{
	struct capture c;
	struct cli_table t;
	(void)state;
	begin(&c, true, false);
	cli_table_init(&t, heads);
	cli_table_show(&t, &c.o);
	cli_table_clear(&t);
	assert_wrote(&c, "", "");
}

static void
text_of_strangers_cannot_steer_the_terminal_or_break_a_line(void **state)
{
	struct capture c;
	(void)state;
	begin(&c, true, false);
	cli_say(&c.o, "a\033[2Jb");
	assert_wrote(&c, "a\xef\xbf\xbd[2Jb\n", "");
	begin(&c, false, false);
	cli_field(&c.o, "Issuer", "%s", "CN=a\tb\nc");
	assert_wrote(&c, "Issuer\tCN=a b c\n", "");
}

static void
times_are_local_with_their_zone_on_a_terminal_only(void **state)
{
	struct capture c;
	char out[CLI_TIME_SIZE];
	const char *at = "2026-11-21T14:02:28Z";
	(void)state;
	setenv("TZ", "EST5", 1);
	tzset();
	begin(&c, true, false);
	assert_string_equal(cli_time(&c.o, at, out), "2026-11-21 09:02:28 EST");
	assert_string_equal(cli_time(&c.o, "", out), "");
	assert_string_equal(cli_time(&c.o, NULL, out), "");
	c.o.is_terminal = false;
	assert_string_equal(cli_time(&c.o, at, out), at);
	assert_wrote(&c, "", "");
}

static void
a_fault_is_one_line_with_code_and_action(void **state)
{
	struct capture c;
	struct fault f;
	(void)state;
	fault_set(&f, FAULT_N15_NO_SUCH_DOMAIN, "no x.example");
	fault_action(&f, "Add it");
	begin(&c, false, false);
	cli_fault(&c.o, &f, NULL);
	assert_wrote(&c, "", "towpath: N15 no x.example. Add it\n");
}

static void
a_code_of_a_newer_daemon_is_shown_as_it_is(void **state)
{
	struct capture c;
	struct fault f = {.text = "of the future"};
	json_t *problem = json_pack("{ss}", "code", "Z99");
	(void)state;
	begin(&c, false, false);
	cli_fault(&c.o, &f, problem);
	assert_wrote(&c, "", "towpath: Z99 of the future\n");
	json_decref(problem);
}

static void
under_json_a_fault_is_a_problem_document_and_sentences_are_silent(void **state)
{
	struct capture c;
	struct fault f;
	json_t *problem = json_pack("{ss}", "code", "N15");
	(void)state;
	begin(&c, false, true);
	cli_say(&c.o, "done");
	cli_field(&c.o, "Host", "x");
	cli_fault(&c.o, &(struct fault){.text = ""}, problem);
	assert_wrote(&c, "", "{\"code\":\"N15\"}\n");
	begin(&c, false, true);
	fault_set(&f, FAULT_P18_USAGE, "wrong");
	cli_fault(&c.o, &f, NULL);
	fflush(c.o.err);
	assert_non_null(strstr(c.errors, "\"code\":\"P18\""));
	assert_non_null(strstr(c.errors, "\"detail\":\"wrong\""));
	fclose(c.o.out);
	fclose(c.o.err);
	free(c.text);
	free(c.errors);
	json_decref(problem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_terminal_gets_a_header_and_columns_that_align),
	    cmocka_unit_test(
		only_the_last_column_gives_way_on_a_narrow_terminal),
	    cmocka_unit_test(
		elsewhere_there_are_tabs_and_no_header_and_nothing_is_cut),
	    cmocka_unit_test(an_empty_table_prints_nothing),
	    cmocka_unit_test(
		text_of_strangers_cannot_steer_the_terminal_or_break_a_line),
	    cmocka_unit_test(
		times_are_local_with_their_zone_on_a_terminal_only),
	    cmocka_unit_test(a_fault_is_one_line_with_code_and_action),
	    cmocka_unit_test(a_code_of_a_newer_daemon_is_shown_as_it_is),
	    cmocka_unit_test(
		under_json_a_fault_is_a_problem_document_and_sentences_are_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
