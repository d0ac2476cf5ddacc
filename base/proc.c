#include "base/proc.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <assert.h>
#include <pwd.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/slice.h"

/* Where the kernel keeps the arguments: ps reads it, titles are put there. */
static char *title_at;
static size_t title_size;

static bool
parse_role(const char *name, enum role *out)
{
	for (int i = 0; i < ROLES; i++) {
		if (strcmp(name, role_name((enum role)i)) == 0) {
			*out = (enum role)i;
			return *out != ROLE_PARENT;
		}
	}
	return false;
}

bool
proc_begin(int argc, char **argv, enum role *role, uint32_t *instance)
{
	uint64_t number;

	assert(argc > 0);
	/* it may have been started by a descriptor, which is no name */
	(void)prctl(PR_SET_NAME, "towpathd", 0, 0, 0);
	title_at = argv[0];
	title_size =
	    (size_t)(argv[argc - 1] - argv[0]) + strlen(argv[argc - 1]) + 1;
	if (argc != 4 || strcmp(argv[1], "--child") != 0 ||
	    !parse_role(argv[2], role) ||
	    slice_to_u64(slice_str(argv[3]), &number) != ERR_OK ||
	    number > UINT32_MAX)
		return false;
	*instance = (uint32_t)number;
	return true;
}

void
proc_set_title(const char *title)
{
	const char *colon = strstr(title, ": ");

	log_set_name(colon == NULL ? title : colon + 2);
	if (title_at == NULL)
		return;
	memset(title_at, 0, title_size);
	/* the last byte stays NUL, or the kernel would read on */
	memcpy(title_at, title, strnlen(title, title_size - 1));
}

struct ev_loop *
proc_loop(void)
{
	struct ev_loop *loop = ev_default_loop(EVBACKEND_EPOLL | EVFLAG_NOENV);

	if (loop == NULL)
		die("no event loop on epoll: %m");
	return loop;
}

enum err
proc_user_find(const char *user, struct proc_user *out, struct fault *f)
{
	const struct passwd *p;

	*out = (struct proc_user){0};
	if (geteuid() != 0)
		return ERR_OK;
	p = getpwnam(user);
	if (p == NULL || strlen(user) >= sizeof(out->name)) {
		fault_set(f, FAULT_S18_NO_SUCH_USER,
		    "There is no user \"%s\" on this machine", user);
		return ERR_NOT_FOUND;
	}
	out->drop = true;
	out->uid = p->pw_uid;
	out->gid = p->pw_gid;
	(void)snprintf(out->name, sizeof(out->name), "%s", user);
	return ERR_OK;
}

/*
 * The parent that made our channel.  Asking for a signal at its death comes
 * too late when it died between fork and here: then somebody else is our
 * parent by now.
 */
static void
exit_if_orphan(void)
{
	struct ucred cred;
	socklen_t n = sizeof(cred);

	if (getsockopt(PROC_CHANNEL_FD, SOL_SOCKET, SO_PEERCRED, &cred, &n) ==
		0 &&
	    cred.pid != getppid())
		_exit(0);
}

void
proc_harden(enum role role)
{
	struct rlimit none = {0, 0};
	int signal_at_death = 0;

	if (role == ROLE_CONTROL)
		signal_at_death = SIGKILL;
	else if (role == ROLE_WORKER)
		signal_at_death = SIGTERM;
	if (signal_at_death != 0)
		(void)prctl(PR_SET_PDEATHSIG, signal_at_death, 0, 0, 0);
	exit_if_orphan();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		die("no_new_privs: %m");
	(void)setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__ /* its leak check traces the process */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		die("not dumpable: %m");
#endif
}

unsigned long
proc_raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return 1024;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		log_warning("RLIMIT_NOFILE cannot be raised: %m");
	(void)getrlimit(RLIMIT_NOFILE, &files);
	return files.rlim_cur;
}

void
proc_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t n;
	int fd;

	if (path == NULL)
		return;
	n = strlen(path);
	if (n == 0 || n >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, n);
	if (path[0] == '@') /* an abstract one begins with NUL */
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL,
	    (struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	close(fd);
}
