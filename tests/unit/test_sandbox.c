#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "tests/unit/test.h"

/* The sanitizers' run time needs more than a role does. */
#ifdef __SANITIZE_ADDRESS__
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

/* Runs body in a process within the role's sandbox; its result is the line
 * that failed, 0 for none. */
static void
inside(enum role role, int (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
			_exit(1);
		sandbox_enter(role);
		_exit(body());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define HOLDS(claim)                                                           \
	do {                                                                   \
		if (!(claim))                                                  \
			return __LINE__ & 0xff;                                \
	} while (0)

/* The call was made, and refused with EPERM. */
#define REFUSED(call) HOLDS((call) < 0 && errno == EPERM)

static int
open_for_writing(void)
{
	return open("/tmp/towpath-sandbox", O_WRONLY | O_CREAT, 0600);
}

static int
run_a_program(void)
{
	char *const argv[] = {"true", NULL};

	return execv("/bin/true", argv);
}

static int
keys_life(void)
{
	int pair[2];

	REFUSED(socket(AF_INET, SOCK_STREAM, 0));
	REFUSED(run_a_program());
	REFUSED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	if (!IS_SANITIZED) {
		REFUSED(open("/etc/passwd", O_RDONLY));
		REFUSED(open_for_writing());
	}
	free(malloc(1U << 22)); /* mapped */
	return 0;
}

static int
worker_life(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	HOLDS(fd >= 0);
	REFUSED(listen(fd, 1));
	REFUSED(socket(AF_INET, SOCK_DGRAM, 0));
	REFUSED(socket(AF_NETLINK, SOCK_RAW, 0));
	REFUSED(run_a_program());
	if (IS_SANITIZED)
		return 0;
	HOLDS(open("/etc/passwd", O_RDONLY) >= 0);
	REFUSED(open_for_writing());
	REFUSED(fork());
	HOLDS(mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	return 0;
}

static void *
thread(void *arg)
{
	return arg;
}

static int
control_life(void)
{
	pthread_t t;

	HOLDS(pthread_create(&t, NULL, thread, NULL) == 0);
	HOLDS(pthread_join(t, NULL) == 0);
	HOLDS(socket(AF_INET, SOCK_DGRAM, 0) >= 0);
	HOLDS(open("/tmp", O_TMPFILE | O_RDWR, 0600) >= 0);
	REFUSED(run_a_program());
	REFUSED(chroot("/"));
	if (!IS_SANITIZED)
		REFUSED(fork());
	return 0;
}

static int
hook_life(void)
{
	HOLDS(open("/tmp", O_TMPFILE | O_RDWR, 0600) >= 0);
	REFUSED(chroot("/"));
	REFUSED(unshare(CLONE_NEWUSER));
	return run_a_program();
}

static void
keys_have_no_files_no_network_and_no_programs(void **state)
{
	(void)state;
	inside(ROLE_KEYS, keys_life);
}

static void
worker_writes_no_file_and_has_stream_sockets_only(void **state)
{
	(void)state;
	inside(ROLE_WORKER, worker_life);
}

static void
control_has_threads_and_files_but_runs_nothing(void **state)
{
	(void)state;
	inside(ROLE_CONTROL, control_life);
}

static void
hook_runs_programs_that_rule_no_machine(void **state)
{
	(void)state;
	inside(ROLE_HOOK, hook_life);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_have_no_files_no_network_and_no_programs),
	    cmocka_unit_test(worker_writes_no_file_and_has_stream_sockets_only),
	    cmocka_unit_test(control_has_threads_and_files_but_runs_nothing),
	    cmocka_unit_test(hook_runs_programs_that_rule_no_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
