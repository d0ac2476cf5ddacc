/* The part of router/parent.h that opens the control socket. */
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "router/parent.h"

/* The control process of a parent that was killed may take a moment to go. */
#define ANSWER_STEP_US 20000
#define ANSWER_TRIES   10

#define SOCKET_TYPE    (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
#define BACKLOG        4096

static bool
unix_addr(const char *path, struct sockaddr_un *out)
{
	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(out->sun_path))
		return false;
	memcpy(out->sun_path, path, strlen(path));
	return true;
}

static bool
connects(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCKET_TYPE, 0);
	bool answers = fd >= 0 && (connect(fd, (const struct sockaddr *)at,
				       sizeof(*at)) == 0 ||
				      errno == EAGAIN); /* its queue is full */

	if (fd >= 0)
		close(fd);
	return answers;
}

/* The control process of a parent that was just killed may take a moment to
 * be gone. */
static bool
somebody_answers(const struct sockaddr_un *at)
{
	for (int i = 0; i < ANSWER_TRIES; i++) {
		if (!connects(at))
			return false;
		usleep(ANSWER_STEP_US);
	}
	return true;
}

/* Who may connect: the daemon's user, and the group when there is one. */
static bool
give_away(const struct parent *p, const char *path)
{
	const struct group *g = p->config.control.group[0] == '\0'
				    ? NULL
				    : getgrnam(p->config.control.group);
	uid_t uid = p->control_user.drop ? p->control_user.uid : (uid_t)-1;
	gid_t gid = p->control_user.drop ? p->control_user.gid : (gid_t)-1;

	if (g != NULL)
		gid = g->gr_gid;
	if (chown(path, uid, gid) == 0)
		return true;
	if (p->control_user.drop)
		return false;
	log_warning("the control socket cannot be given to group %s: %m",
	    p->config.control.group);
	return true;
}

/* Bound under another name and then named, so that a stale socket is replaced
 * and nobody meets one that does not listen or is not protected yet. */
static int
listen_locally(const struct parent *p, const struct sockaddr_un *at)
{
	char *part = xasprintf("%s.%d", at->sun_path, (int)getpid() % 1000);
	struct sockaddr_un temporary;
	mode_t mask = umask(0117);
	int fd = socket(AF_UNIX, SOCKET_TYPE, 0), error = ENAMETOOLONG;

	if (unix_addr(part, &temporary)) {
		(void)unlink(part);
		if (bind(fd, (const struct sockaddr *)&temporary,
			sizeof(temporary)) == 0 &&
		    give_away(p, part) && listen(fd, BACKLOG) == 0 &&
		    rename(part, at->sun_path) == 0)
			error = 0;
		else
			error = errno;
	}
	umask(mask);
	if (error != 0) {
		(void)unlink(part);
		close(fd);
		fd = -1;
		errno = error;
	}
	free(part);
	return fd;
}

static enum err
make_socket_folder(const char *path, struct fault *f)
{
	char *folder = xstrdup(path);
	enum err e = ERR_OK;

	*strrchr(folder, '/') = '\0';
	if (folder[0] != '\0' && mkdir(folder, 0755) != 0 && errno != EEXIST) {
		fault_set(f, FAULT_S24_FILE_UNREADABLE, "%s: %s", folder,
		    strerror(errno));
		e = ERR_IO;
	}
	free(folder);
	return e;
}

enum err
parent_listen_for_control(struct parent *p, struct fault *f)
{
	const char *path = p->config.control.socket;
	struct sockaddr_un at;
	enum err e = make_socket_folder(path, f);

	if (e != ERR_OK)
		return e;
	if (!unix_addr(path, &at)) {
		fault_set(f, FAULT_S23_CONFIG_VALUE,
		    "socket %s: the path is too long", path);
		return ERR_TOO_BIG;
	}
	if (somebody_answers(&at)) {
		fault_set(f, FAULT_S22_ALREADY_RUNNING,
		    "Another towpathd answers at %s", path);
		return ERR_EXISTS;
	}
	p->control_socket = listen_locally(p, &at);
	if (p->control_socket >= 0)
		return ERR_OK;
	fault_set(f, FAULT_S24_FILE_UNREADABLE, "socket %s: %s", path,
	    strerror(errno));
	return ERR_IO;
}
