#include <sys/wait.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "tests/unit/test.h"

/* Standard error into a pipe while `speak` runs; what it wrote into out. */
static void
captured(void (*speak)(void), char *out, size_t size)
{
	int fds[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	assert_true(dup2(fds[1], STDERR_FILENO) >= 0);
	speak();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	n = read(fds[0], out, size - 1);
	out[n < 0 ? 0 : n] = '\0';
	close(fds[0]);
	close(fds[1]);
	close(saved);
}

static void
say_with_control_bytes(void)
{
	log_set_name("worker 0");
	log_info("drain host=%s", "a\nb\x1b[0m");
}

static void
an_event_is_one_line_whatever_is_in_it(void **state)
{
	char out[400];

	(void)state;
	captured(say_with_control_bytes, out, sizeof(out));
	assert_int_equal(strlen(out) > 21, 1);
	assert_int_equal(out[19], 'Z');
	assert_string_equal(
	    out + 20, " info worker 0: drain host=a\\x0ab\\x1b[0m\n");
}

static void
say_much(void)
{
	char text[5000];

	memset(text, '\x01', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	log_error("%s", text);
}

static void
a_long_line_is_cut_and_still_ends(void **state)
{
	char out[8000];

	(void)state;
	captured(say_much, out, sizeof(out));
	assert_in_range(strlen(out), 2000, 4000);
	assert_int_equal(out[strlen(out) - 1], '\n');
}

static void
say_below_the_level(void)
{
	log_set_level(LOG_LEVEL_WARNING);
	log_info("not this");
	log_warning("but this");
	log_set_level(LOG_LEVEL_INFO);
}

static void
the_level_decides(void **state)
{
	enum log_level level;
	char out[400];

	(void)state;
	captured(say_below_the_level, out, sizeof(out));
	assert_null(strstr(out, "not this"));
	assert_non_null(strstr(out, " warning worker 0: but this\n"));
	assert_int_equal(log_level_parse(SLICE("debug"), &level), ERR_OK);
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_int_equal(log_level_parse(SLICE("loud"), &level), ERR_SYNTAX);
}

static void
dying_says_why_and_ends_with_70(void **state)
{
	int status = 0;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(STDERR_FILENO);
		die("no %s", "memory");
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 70);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_event_is_one_line_whatever_is_in_it),
	    cmocka_unit_test(a_long_line_is_cut_and_still_ends),
	    cmocka_unit_test(the_level_decides),
	    cmocka_unit_test(dying_says_why_and_ends_with_70),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
