#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"
#include "router/hook_command.h"
#include "tests/unit/test.h"

#define LONG_MS 60000

struct scene {
	struct ev_loop *loop;
	char dir[64], program[96], said[96];
	bool is_done;
	struct fault f;
};

static const struct hook_request request = {.act = PROVIDER_ADD,
    .name = "_acme-challenge.example.com",
    .type = "TXT",
    .value = "-value $(of) it",
    .ttl_s = 60};

static int
set_up(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));

	s->loop = proc_loop();
	snprintf(s->dir, sizeof(s->dir), "/tmp/towpath-hook-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->program, sizeof(s->program), "%s/command", s->dir);
	snprintf(s->said, sizeof(s->said), "%s/said", s->dir);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct scene *s = *state;

	(void)unlink(s->program);
	(void)unlink(s->said);
	(void)rmdir(s->dir);
	ev_loop_destroy(s->loop);
	free(s);
	return 0;
}

static void
on_done(void *ctx, const struct fault *f)
{
	struct scene *s = ctx;

	s->is_done = true;
	if (f != NULL)
		s->f = *f;
	ev_break(s->loop, EVBREAK_ALL);
}

/* Runs a script of these lines to its end. */
static void
run(struct scene *s, const char *script, const char *args, int timeout_ms)
{
	FILE *out = fopen(s->program, "w");
	char *command = xasprintf("%s%s", s->program, args);

	assert_non_null(out);
	fprintf(out, "#!/bin/sh\n%s\n", script);
	fclose(out);
	assert_int_equal(chmod(s->program, 0700), 0);
	(void)hook_command_run(
	    s->loop, command, &request, timeout_ms, on_done, s);
	free(command);
	(void)ev_run(s->loop, 0);
	assert_true(s->is_done);
}

static void
it_is_told_the_change_in_arguments_and_environment(void **state)
{
	struct scene *s = *state;
	char text[512] = "";
	FILE *in;

	run(s,
	    "{ for a in \"$@\"; do echo \"[$a]\"; done\n"
	    "echo $TOWPATH_ACTION $TOWPATH_NAME $TOWPATH_TYPE $TOWPATH_TTL\n"
	    "echo \"$TOWPATH_VALUE\"; } > $(dirname $0)/said",
	    "  one\ttwo ", LONG_MS);
	assert_int_equal(s->f.code, FAULT_NONE);
	in = fopen(s->said, "r");
	assert_non_null(in);
	assert_true(fread(text, 1, sizeof(text) - 1, in) > 0);
	fclose(in);
	assert_string_equal(text,
	    "[one]\n[two]\n[add]\n[_acme-challenge.example.com]\n[TXT]\n"
	    "[-value $(of) it]\n[60]\n"
	    "add _acme-challenge.example.com TXT 60\n-value $(of) it\n");
}

static void
the_first_line_of_its_errors_is_the_reason(void **state)
{
	struct scene *s = *state;

	run(s, "echo not this; printf '\\nno \\033way\\nmore\\n' >&2; exit 3",
	    "", LONG_MS);
	assert_int_equal(s->f.code, FAULT_D30_PROVIDER_REFUSED);
	assert_non_null(strstr(s->f.text, ": no ?way"));
	assert_null(strstr(s->f.text, "more"));
}

static void
a_flood_of_errors_is_read_and_forgotten(void **state)
{
	struct scene *s = *state;

	run(s, "head -c 1000000 /dev/zero >&2; exit 1", "", LONG_MS);
	assert_int_equal(s->f.code, FAULT_D30_PROVIDER_REFUSED);
}

static void
without_a_word_its_status_is_the_reason(void **state)
{
	struct scene *s = *state;

	run(s, "exit 9", "", LONG_MS);
	assert_non_null(strstr(s->f.text, "status 9"));
	s->is_done = false;
	run(s, "kill -9 $$", "", LONG_MS);
	assert_non_null(strstr(s->f.text, "signal 9"));
}

static void
one_that_does_not_end_is_ended(void **state)
{
	struct scene *s = *state;

	run(s, "sleep 1000 & sleep 1000", "", 100);
	assert_int_equal(s->f.code, FAULT_D31_PROVIDER_UNREACHABLE);
}

static void
who_it_leaves_behind_is_not_waited_for(void **state)
{
	struct scene *s = *state;

	run(s, "sleep 3 &", "", LONG_MS);
	assert_int_equal(s->f.code, FAULT_NONE);
}

static void
one_that_is_not_there_is_told(void **state)
{
	struct scene *s = *state;

	(void)hook_command_run(
	    s->loop, "/nowhere/at/all", &request, LONG_MS, on_done, s);
	(void)ev_run(s->loop, 0);
	assert_int_equal(s->f.code, FAULT_D31_PROVIDER_UNREACHABLE);
	assert_non_null(strstr(s->f.text, "No such file"));
}

#define A_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    A_TEST(it_is_told_the_change_in_arguments_and_environment),
	    A_TEST(the_first_line_of_its_errors_is_the_reason),
	    A_TEST(a_flood_of_errors_is_read_and_forgotten),
	    A_TEST(without_a_word_its_status_is_the_reason),
	    A_TEST(one_that_does_not_end_is_ended),
	    A_TEST(who_it_leaves_behind_is_not_waited_for),
	    A_TEST(one_that_is_not_there_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
