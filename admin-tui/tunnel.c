#include "admin-tui/tunnel.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/slice.h"

#define LOOK_EVERY_MS 50
#define LOGIN_MS      (120 * 1000) /* a person may have to type a password */

struct tunnel {
	char *folder; /* only ours: 0700 */
	char *socket; /* in it */
	pid_t ssh;    /* 0: not running */
};

/* The parts of the URL, own copies. */
struct target {
	char *login; /* "user@host" */
	char *port;  /* NULL: ssh's own choice */
	char *socket;
};

static void
target_clear(struct target *t)
{
	free(t->login);
	free(t->port);
	free(t->socket);
}

static enum err
target_parse(const char *url, const char *default_socket, struct target *t,
    struct fault *f)
{
	struct slice rest = slice_from(slice_str(url), sizeof("ssh://") - 1);
	size_t slash = slice_find(rest, '/');
	struct slice login = slice_of(rest.p, slash);
	struct slice socket = slice_from(rest, slash);
	size_t colon = slice_find(login, ':');
	uint64_t port = 0;
	if (colon < login.n) {
		struct slice digits = slice_from(login, colon + 1);
		if (slice_to_u64(digits, &port) != ERR_OK || port == 0 ||
		    port > 65535)
			colon = 0; /* as if there were no host */
		login.n = colon;
	}
	/* A dash in front would be an option to ssh. */
	if (login.n == 0 || login.p[0] == '-') {
		fault_set(f, FAULT_P18_USAGE, "no such server: %s", url);
		fault_action(f, "Give ssh://[USER@]HOST[:PORT][/SOCKET]");
		return ERR_SYNTAX;
	}
	t->login = xstrdup_slice(login);
	t->port = port != 0 ? xasprintf("%u", (unsigned)port) : NULL;
	t->socket =
	    socket.n > 1 ? xstrdup_slice(socket) : xstrdup(default_socket);
	return ERR_OK;
}

/* In the child: becomes ssh, and ends when we do. */
static _Noreturn void
become_ssh(const struct tunnel *t, const struct target *target)
{
	char *forward = xasprintf("%s:%s", t->socket, target->socket);
	char *argv[16] = {
	    "ssh", "-N", "-T", "-o", "ExitOnForwardFailure=yes", "-L", forward};
	size_t n = 7;
	if (target->port != NULL) {
		argv[n++] = "-p";
		argv[n++] = target->port;
	}
	argv[n++] = "--";
	argv[n++] = target->login;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	execvp("ssh", argv);
	perror("towpath: ssh");
	_exit(127);
}

static bool
answers(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	if (slice_to_str(slice_str(path), un.sun_path, sizeof(un.sun_path)) !=
	    ERR_OK)
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_up =
	    fd >= 0 && connect(fd, (struct sockaddr *)&un, sizeof(un)) == 0;
	if (fd >= 0)
		close(fd);
	return is_up;
}

/* Until ssh listens on our socket; false when it ended or took too long. */
static bool
wait_for_ssh(struct tunnel *t)
{
	struct timespec pause = {0, LOOK_EVERY_MS * 1000000L};
	for (int waited = 0; waited < LOGIN_MS; waited += LOOK_EVERY_MS) {
		if (answers(t->socket))
			return true;
		if (waitpid(t->ssh, NULL, WNOHANG) == t->ssh) {
			t->ssh = 0;
			return false;
		}
		nanosleep(&pause, NULL);
	}
	return false;
}

static bool
make_folder(struct tunnel *t)
{
	const char *parent = getenv("XDG_RUNTIME_DIR");
	t->folder = xasprintf("%s/towpath-XXXXXX",
	    parent != NULL && parent[0] == '/' ? parent : "/tmp");
	t->socket = NULL;
	if (mkdtemp(t->folder) == NULL) {
		free(t->folder);
		t->folder = NULL;
		return false;
	}
	t->socket = xasprintf("%s/control.sock", t->folder);
	return true;
}

static void
ssh_failed(const char *login, struct fault *f)
{
	fault_set(f, FAULT_P20_DAEMON_AWAY, "ssh to %s did not come up", login);
	fault_action(f, "Try ssh %s by itself, and see what it says", login);
}

enum err
tunnel_open(const char *url, const char *default_socket, struct tunnel **out,
    struct fault *f)
{
	struct target target = {NULL, NULL, NULL};
	struct tunnel *t = NULL;
	enum err e = target_parse(url, default_socket, &target, f);
	if (e != ERR_OK)
		goto out;
	t = xcalloc(1, sizeof(*t));
	e = ERR_PEER;
	if (make_folder(t))
		t->ssh = fork();
	if (t->ssh == 0 && t->folder != NULL)
		become_ssh(t, &target);
	if (t->ssh > 0 && wait_for_ssh(t))
		e = ERR_OK;
	else
		ssh_failed(target.login, f);
out:
	if (e != ERR_OK) {
		tunnel_close(t);
		t = NULL;
	}
	target_clear(&target);
	*out = t;
	return e;
}

void
tunnel_close(struct tunnel *t)
{
	if (t == NULL)
		return;
	if (t->ssh > 0) {
		kill(t->ssh, SIGTERM);
		while (waitpid(t->ssh, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (t->folder != NULL) {
		unlink(t->socket);
		rmdir(t->folder);
	}
	free(t->folder);
	free(t->socket);
	free(t);
}

const char *
tunnel_socket(const struct tunnel *t)
{
	return t->socket;
}
