#include "router/hook_command.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"

#define WORDS_MAX    64  /* of the command itself */
#define LINE_SIZE    256 /* kept of what it says */
#define FILES        1024
#define EXIT_NO_EXEC 127
#define MODE_SIZE    32

struct hook_command {
	struct ev_loop *loop;
	pid_t pid;
	bool has_ended, is_late;
	int status;
	ev_child exit;
	ev_io errors; /* fd -1: closed */
	ev_timer late;
	char line[LINE_SIZE];
	size_t n_line;
	bool has_line; /* its end was seen */
	struct hook_request request;
	hook_command_done *done;
	void *ctx;
};

/* --- the child ------------------------------------------------------------ */

static void
set(const char *name, const char *value)
{
	(void)setenv(name, value, 1);
}

/* What the daemon is told by whoever started it is not for others. */
static void
set_environment(const struct hook_request *q, const char *ttl)
{
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
	set("TOWPATH_ACTION", hook_act_text(q->act));
	set("TOWPATH_NAME", q->name);
	set("TOWPATH_TYPE", q->type);
	set("TOWPATH_VALUE", q->value);
	set("TOWPATH_TTL", ttl);
	if (getenv("PATH") == NULL)
		set("PATH", "/usr/local/bin:/usr/bin:/bin");
}

static void
set_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	if (files.rlim_cur > FILES)
		files.rlim_cur = FILES; /* some programs close each of them */
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

static size_t
split(char *command, char *words[])
{
	char *rest = NULL;
	size_t n = 0;

	for (char *word = strtok_r(command, " \t", &rest);
	     word != NULL && n < WORDS_MAX; word = strtok_r(NULL, " \t", &rest))
		words[n++] = word;
	return n;
}

static _Noreturn void
become(const char *command, const struct hook_request *q, int errors)
{
	char *words[WORDS_MAX + 6], *text = xstrdup(command);
	size_t n = split(text, words);
	char ttl[16];
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)snprintf(ttl, sizeof(ttl), "%d", q->ttl_s);
	words[n++] = (char *)hook_act_text(q->act);
	words[n++] = (char *)q->name;
	words[n++] = (char *)q->type;
	words[n++] = (char *)q->value;
	words[n++] = ttl;
	words[n] = NULL;
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	(void)setpgid(0, 0);
	proc_reset_signals();
	set_limits();
	set_environment(q, ttl);
	(void)dup2(nowhere, STDIN_FILENO);
	(void)dup2(nowhere, STDOUT_FILENO);
	(void)dup2(errors, STDERR_FILENO);
	(void)close_range(STDERR_FILENO + 1, ~0U, 0);
	(void)execv(words[0], words);
	dprintf(STDERR_FILENO, "%s cannot be run: %m\n", words[0]);
	_exit(EXIT_NO_EXEC);
}

/* --- the end -------------------------------------------------------------- */

static void
stop(struct hook_command *c)
{
	ev_child_stop(c->loop, &c->exit);
	ev_timer_stop(c->loop, &c->late);
	ev_io_stop(c->loop, &c->errors);
	if (c->errors.fd >= 0)
		close(c->errors.fd);
	c->errors.fd = -1;
}

static void
say(struct fault *f, enum fault_code code, const struct hook_command *c,
    const char *what)
{
	fault_set(f, code, "[dns.exec] command: %s %s %s: %s",
	    hook_act_text(c->request.act), c->request.type, c->request.name,
	    what);
}

/* What there is to say of how it ended; false: well. */
static bool
judge(const struct hook_command *c, struct fault *f)
{
	char mode[MODE_SIZE];

	if (c->is_late) {
		say(f, FAULT_D31_PROVIDER_UNREACHABLE, c,
		    "it did not end in time");
		return true;
	}
	if (WIFEXITED(c->status) && WEXITSTATUS(c->status) == 0)
		return false;
	if (WIFSIGNALED(c->status))
		snprintf(mode, sizeof(mode), "it was ended by signal %d",
		    WTERMSIG(c->status));
	else
		snprintf(mode, sizeof(mode), "it ended with status %d",
		    WEXITSTATUS(c->status));
	say(f,
	    WIFEXITED(c->status) && WEXITSTATUS(c->status) == EXIT_NO_EXEC
		? FAULT_D31_PROVIDER_UNREACHABLE
		: FAULT_D30_PROVIDER_REFUSED,
	    c, c->n_line > 0 ? c->line : mode);
	return true;
}

static void
finish(struct hook_command *c)
{
	struct fault f = {0};
	bool failed = judge(c, &f);

	stop(c);
	log_info("hook: %s %s %s %s", hook_act_text(c->request.act),
	    c->request.type, c->request.name, failed ? "failed" : "done");
	c->done(c->ctx, failed ? &f : NULL);
	free(c);
}

void
hook_command_kill(struct hook_command *c)
{
	if (!c->has_ended)
		(void)kill(-c->pid, SIGTERM);
	stop(c);
	free(c);
}

/* --- while it runs ---------------------------------------------------------
 */

static void
on_late(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct hook_command *c = container_of(w, struct hook_command, late);

	(void)loop;
	(void)revents;
	c->is_late = !c->has_ended;
	if (c->has_ended)
		finish(c); /* somebody it left behind talks without end */
	else
		(void)kill(-c->pid, SIGKILL);
}

/* Its last words may still be in the pipe; who inherited that may hold it open
 * for ever, and is not waited for. */
static void
on_exit_of(struct ev_loop *loop, ev_child *w, int revents)
{
	struct hook_command *c = container_of(w, struct hook_command, exit);

	(void)revents;
	ev_child_stop(loop, w);
	c->has_ended = true;
	c->status = w->rstatus;
	ev_feed_event(loop, &c->errors, EV_READ);
}

/* One line, of which each byte can be shown. */
static void
keep(struct hook_command *c, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n && !c->has_line; i++) {
		char byte = bytes[i];

		if (byte == '\n' || byte == '\r')
			c->has_line = c->n_line > 0;
		else if (c->n_line < sizeof(c->line) - 1)
			c->line[c->n_line++] =
			    byte < ' ' || byte > '~' ? '?' : byte;
	}
}

static void
on_errors(struct ev_loop *loop, ev_io *w, int revents)
{
	struct hook_command *c = container_of(w, struct hook_command, errors);
	char bytes[4096];
	ssize_t n = read(w->fd, bytes, sizeof(bytes));

	(void)revents;
	if (n > 0) {
		keep(c, bytes, (size_t)n);
		if (c->has_ended)
			ev_feed_event(loop, w, EV_READ);
		return;
	}
	if (n < 0 && errno == EINTR)
		return;
	if (n == 0)
		ev_io_stop(loop, w); /* its exit follows */
	if (c->has_ended)
		finish(c);
}

static pid_t
start(const char *command, const struct hook_request *q, int *errors)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return -1;
	pid = fork();
	if (pid == 0)
		become(command, q, fds[1]);
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return -1;
	}
	(void)setpgid(pid, pid); /* who comes first; both want the same */
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	*errors = fds[0];
	return pid;
}

struct hook_command *
hook_command_run(struct ev_loop *loop, const char *command,
    const struct hook_request *request, int timeout_ms, hook_command_done *done,
    void *ctx)
{
	struct hook_command *c = xcalloc(1, sizeof(*c));
	int errors = -1;

	c->loop = loop;
	c->request = *request;
	c->done = done;
	c->ctx = ctx;
	c->pid = start(command, request, &errors);
	if (c->pid < 0)
		die("a command cannot be started: %m"); /* and begin anew */
	ev_child_init(&c->exit, on_exit_of, c->pid, 0);
	ev_child_start(loop, &c->exit);
	ev_io_init(&c->errors, on_errors, errors, EV_READ);
	ev_io_start(loop, &c->errors);
	ev_timer_init(&c->late, on_late, timeout_ms / 1000., 0.);
	ev_timer_start(loop, &c->late);
	return c;
}
