#include <sys/prctl.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/wire.h"
#include "tests/unit/test.h"

/* --- the child: this program, started again ------------------------------- */

/* It tells what happens to it through the descriptor of MSG_SETUP. */
struct mirror {
	struct child *child;
	int out;
};

static void
tell(struct mirror *m, const char *text)
{
	(void)!write(m->out, text, strlen(text));
}

static enum err
mirror_setup(
    void *ctx, struct slice config, int *fds, size_t n_fds, struct fault *f)
{
	struct mirror *m = ctx;

	if (n_fds != 1 || slice_eq(config, SLICE("bad"))) {
		fault_set(f, FAULT_S23_CONFIG_VALUE, "it is bad");
		return ERR_SYNTAX;
	}
	m->out = fds[0];
	fds[0] = -1;
	tell(m, "setup ");
	return ERR_OK;
}

static void
mirror_peer(void *ctx, enum role role, uint32_t instance, int fd)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%s-%u ", role_name(role), instance);
	tell(ctx, text);
	close(fd);
}

static enum err
mirror_start(void *ctx, struct fault *f)
{
	(void)f;
	tell(ctx, prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0 ? "free " : "start ");
	return ERR_OK;
}

static void
mirror_drain(void *ctx, uint32_t ms, bool is_replaced)
{
	struct mirror *m = ctx;
	char text[32];

	(void)snprintf(
	    text, sizeof(text), "drain-%u%s ", ms, is_replaced ? "r" : "");
	tell(m, text);
	child_exit(m->child, 7);
}

static void
mirror_orphaned(void *ctx)
{
	struct mirror *m = ctx;

	tell(m, "orphan ");
	child_exit(m->child, 8);
}

static int
mirror_main(enum role role, uint32_t instance)
{
	static const struct child_ops ops = {
	    .on_setup = mirror_setup,
	    .on_peer = mirror_peer,
	    .on_start = mirror_start,
	    .on_drain = mirror_drain,
	    .on_orphaned = mirror_orphaned,
	};
	struct mirror m = {.out = -1};
	int status;

	m.child = child_new(role, instance, &ops, &m);
	status = child_run(m.child);
	child_free(m.child);
	return status;
}

/* --- the parent: the test --------------------------------------------------
 */

struct scene {
	struct ev_loop *loop;
	struct channel *channel;
	pid_t pid;
	int in; /* what the child tells */
	enum message last;
	struct fault failed;
	bool closed;
};

static enum err
on_message(void *ctx, struct channel *c, const struct channel_message *m)
{
	struct scene *s = ctx;
	struct wire w = wire_open(m->body);

	(void)c;
	s->last = m->type;
	if (m->type == MSG_FAILED)
		wire_fault(&w, &s->failed);
	ev_break(s->loop, EVBREAK_ALL);
	return ERR_OK;
}

static void
on_closed(void *ctx, struct channel *c)
{
	struct scene *s = ctx;

	(void)c;
	s->closed = true;
	ev_break(s->loop, EVBREAK_ALL);
}

static int
set_up(void **state)
{
	static const struct channel_ops ops = {on_message, on_closed};
	static const struct proc_user same = {0};
	struct scene *s = xcalloc(1, sizeof(*s));
	int fds[2], program = proc_program();

	s->loop = proc_loop();
	assert_int_equal(channel_pair(fds), ERR_OK);
	assert_int_equal(
	    proc_spawn(program, ROLE_KEYS, 5, fds[1], &same, &s->pid), ERR_OK);
	close(fds[1]);
	close(program);
	s->channel = channel_new(fds[0], ROLE_PARENT, ROLE_KEYS, 5, &ops, s);
	channel_start(s->channel, s->loop);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct scene *s = *state;

	channel_free(s->channel);
	if (s->pid > 0) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
	}
	if (s->in > 0)
		close(s->in);
	free(s);
	return 0;
}

static void
send_setup(struct scene *s, const char *config)
{
	struct buf b;
	int pipe_fds[2];

	assert_int_equal(pipe(pipe_fds), 0);
	s->in = pipe_fds[0];
	buf_init(&b, 1024);
	wire_put_u32(&b, 5);
	wire_put_u32(&b, 1);
	wire_put_str(&b, config);
	assert_int_equal(
	    channel_send(s->channel, MSG_SETUP, buf_slice(&b), &pipe_fds[1], 1),
	    ERR_OK);
	buf_clear(&b);
	close(pipe_fds[1]);
}

static void
send_peer(struct scene *s)
{
	struct buf b;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	buf_init(&b, 16);
	wire_put_u8(&b, ROLE_WORKER);
	wire_put_u32(&b, 5);
	assert_int_equal(
	    channel_send(s->channel, MSG_PEER, buf_slice(&b), &fd, 1), ERR_OK);
	buf_clear(&b);
	close(fd);
}

static void
send_plain(struct scene *s, enum message type, struct slice body)
{
	assert_int_equal(channel_send(s->channel, type, body, NULL, 0), ERR_OK);
}

/* Set up, started and ready. */
static void
bring_up(struct scene *s)
{
	send_setup(s, "good");
	send_peer(s);
	send_plain(s, MSG_START, SLICE(""));
	ev_run(s->loop, 0);
	assert_int_equal(s->last, MSG_READY);
}

static int
exit_status(struct scene *s)
{
	int status;

	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	s->pid = 0;
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* All that the child told, after it ended. */
static void
assert_told(struct scene *s, const char *expected)
{
	char text[256];
	ssize_t n = read(s->in, text, sizeof(text) - 1);

	assert_true(n >= 0);
	text[n] = '\0';
	assert_string_equal(text, expected);
}

static void
child_is_set_up_started_in_its_sandbox_and_drained(void **state)
{
	struct scene *s = *state;

	bring_up(s);
	send_plain(s, MSG_DRAIN, slice_of("\0\0\1\0\1", 5));
	assert_int_equal(exit_status(s), 7);
	assert_told(s, "setup worker-5 start drain-256r ");
}

static void
child_that_cannot_start_says_why_and_ends_with_2(void **state)
{
	struct scene *s = *state;

	send_setup(s, "bad"); /* and no more: it may be gone already */
	ev_run(s->loop, 0);
	assert_int_equal(s->last, MSG_FAILED);
	assert_int_equal(s->failed.code, FAULT_S23_CONFIG_VALUE);
	assert_string_equal(s->failed.text, "it is bad");
	assert_int_equal(exit_status(s), 2);
}

static void
child_whose_parent_is_gone_is_told_once(void **state)
{
	struct scene *s = *state;

	bring_up(s);
	channel_close(s->channel);
	assert_int_equal(exit_status(s), 8);
	assert_told(s, "setup worker-5 start orphan ");
}

static void
child_leaves_signals_to_its_living_parent(void **state)
{
	static const int all[] = {
	    SIGINT, SIGHUP, SIGTERM, SIGUSR1, SIGUSR2, SIGPIPE};
	struct scene *s = *state;

	bring_up(s);
	for (size_t i = 0; i < COUNT_OF(all); i++)
		assert_int_equal(kill(s->pid, all[i]), 0);
	send_plain(s, MSG_DRAIN, slice_of("\0\0\0\1\0", 5));
	assert_int_equal(exit_status(s), 7);
	assert_told(s, "setup worker-5 start drain-1 ");
}

static void
malformed_message_costs_the_parent_its_channel(void **state)
{
	struct scene *s = *state;

	bring_up(s);
	send_plain(s, MSG_LEVEL, SLICE("\x77"));
	assert_int_equal(exit_status(s), 8);
}

static void
second_setup_is_a_violation(void **state)
{
	struct scene *s = *state;

	bring_up(s);
	close(s->in);
	send_setup(s, "good");
	assert_int_equal(exit_status(s), 8);
}

static void
child_bears_its_name_and_only_its_descriptors(void **state)
{
	struct scene *s = *state;
	char path[64], title[64];
	ssize_t n;
	int fd;

	bring_up(s);
	(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)s->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, title, sizeof(title) - 1);
	close(fd);
	assert_true(n > 0);
	title[n] = '\0';
	assert_string_equal(title, "towpathd: keys 5");
	(void)snprintf(path, sizeof(path), "/proc/%d/fd/0", (int)s->pid);
	n = readlink(path, title, sizeof(title) - 1);
	assert_true(n > 0);
	title[n] = '\0';
	assert_string_equal(title, "/dev/null");
}

#define WITH_CHILD(test)                                                       \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    WITH_CHILD(child_is_set_up_started_in_its_sandbox_and_drained),
	    WITH_CHILD(child_that_cannot_start_says_why_and_ends_with_2),
	    WITH_CHILD(child_whose_parent_is_gone_is_told_once),
	    WITH_CHILD(child_leaves_signals_to_its_living_parent),
	    WITH_CHILD(malformed_message_costs_the_parent_its_channel),
	    WITH_CHILD(second_setup_is_a_violation),
	    WITH_CHILD(child_bears_its_name_and_only_its_descriptors),
	};
	enum role role;
	uint32_t instance;

	if (proc_begin(argc, argv, &role, &instance))
		return mirror_main(role, instance);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
