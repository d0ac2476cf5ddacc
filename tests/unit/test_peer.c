#include <sys/socket.h>

#include <unistd.h>

#include "base/mem.h"
#include "router/control/peer.h"
#include "tests/unit/test.h"

#define OWN   1000
#define EDGE  1001
#define OTHER 1002

static void
who_may_use_the_socket(void **state)
{
	static const struct peer_policy policy = {.own = OWN,
	    .has_group = true,
	    .group = 50,
	    .has_edge = true,
	    .edge = EDGE};
	static const struct {
		struct peer peer;
		enum err expected;
	} cases[] = {
	    {{.uid = 0}, ERR_OK},
	    {{.uid = OWN}, ERR_OK},
	    {{.uid = OTHER}, ERR_DENIED},
	    {{.uid = OTHER, .is_member = true}, ERR_OK},
	    {{.uid = EDGE}, ERR_DENIED},
	    {{.uid = EDGE, .is_member = true}, ERR_DENIED},
	    {{.uid = OWN, .is_ours = true}, ERR_DENIED},
	    {{.uid = 0, .is_ours = true}, ERR_DENIED},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct fault f = {0};

		assert_int_equal(
		    peer_check(&cases[i].peer, &policy, &f), cases[i].expected);
		assert_int_equal(f.code, cases[i].expected == ERR_OK
					     ? FAULT_NONE
					     : FAULT_P15_NOT_PERMITTED);
	}
}

static void
the_kernel_says_who_is_there(void **state)
{
	struct peer_policy policy = {
	    .own = geteuid(), .has_group = true, .group = getegid()};
	struct peer p;
	int fds[2];

	(void)state;
	policy.parent = getppid(); /* ours too, but we are in no sandbox */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(peer_read(fds[0], &policy, &p), ERR_OK);
	assert_int_equal(p.uid, geteuid());
	assert_int_equal(p.pid, getpid());
	assert_true(p.is_member);
	assert_false(p.is_ours);
	policy.group = (gid_t)-2;
	assert_int_equal(peer_read(fds[0], &policy, &p), ERR_OK);
	assert_false(p.is_member);
	close(fds[0]);
	close(fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_may_use_the_socket),
	    cmocka_unit_test(the_kernel_says_who_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
