#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <netinet/tcp.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "router/parent.h"

/* As many as the kernel allows (net.core.somaxconn). */
#define BACKLOG 65535

/* Workers of a parent that was killed close their sockets at once, but not in
 * no time. */
#define BIND_WAIT_MS 2000
#define BIND_STEP_US 20000
#define ANSWER_TRIES 10

#define SOCKET_TYPE  (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)

void
fd_list_add(struct fd_list *l, int fd)
{
	l->fds = xrealloc(l->fds, (l->n + 1) * sizeof(*l->fds));
	l->fds[l->n++] = fd;
}

void
fd_list_clear(struct fd_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		close(l->fds[i]);
	free(l->fds);
	*l = (struct fd_list){0};
}

/* --- TCP
 * ---------------------------------------------------------------------- */

static int
bind_patiently(int fd, const struct addr *a)
{
	int64_t deadline_ms = clock_mono_ms() + BIND_WAIT_MS;

	while (bind(fd, &a->u.sa, a->len) != 0) {
		if (errno != EADDRINUSE || clock_mono_ms() >= deadline_ms)
			return -1;
		usleep(BIND_STEP_US);
	}
	return 0;
}

static enum err
listen_fault(const struct addr *a, struct fault *f)
{
	char text[ADDR_TEXT_SIZE];
	enum fault_code code = FAULT_S23_CONFIG_VALUE;
	const char *reason = strerror(errno);

	if (errno == EADDRINUSE) {
		code = FAULT_S12_PORT_IN_USE;
		reason = "another program listens there";
	} else if (errno == EACCES || errno == EPERM) {
		code = FAULT_S21_PORT_DENIED;
		reason = "this user may not listen there";
	}
	fault_set(f, code, "%s: %s", addr_format(a, text), reason);
	return ERR_IO;
}

/* A listening socket for an address; -1 and errno. */
static int
listen_at(const struct addr *a)
{
	int fd = socket(a->u.sa.sa_family, SOCKET_TYPE, 0);
	int on = 1, error;

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (a->u.sa.sa_family == AF_INET6)
		(void)setsockopt(
		    fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind_patiently(fd, a) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* A machine without IPv6 has no [::] to listen on, which the defaults ask
 * for: then 0.0.0.0 is all there is. */
static bool
is_missing_family(const struct addr *a)
{
	return a->u.sa.sa_family == AF_INET6 &&
	       (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL) &&
	       IN6_IS_ADDR_UNSPECIFIED(&a->u.in6.sin6_addr);
}

/* Listens at all addresses of a list, and takes those off it that this machine
 * does not have: workers count on one socket for each. */
static enum err
listen_at_all(struct config_addrs *list, struct fd_list *out, struct fault *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct addr *a = &list->items[i];
		int fd = listen_at(a);

		if (fd >= 0) {
			fd_list_add(out, fd);
			list->items[kept++] = *a;
		} else if (is_missing_family(a)) {
			log_warning("this machine has no IPv6: not listening "
				    "on it");
		} else {
			return listen_fault(a, f);
		}
	}
	list->n = kept;
	return ERR_OK;
}

/* --- the control socket
 * --------------------------------------------------------- */

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
		usleep(BIND_STEP_US);
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

static enum err
listen_for_control(struct parent *p, struct fault *f)
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

enum err
parent_listen(struct parent *p, struct fault *f)
{
	struct config *c = &p->config;
	enum err e = listen_for_control(p, f);

	if (e == ERR_OK)
		e = listen_at_all(&c->listen.http, &p->listeners, f);
	if (e == ERR_OK)
		e = listen_at_all(&c->listen.https, &p->listeners, f);
	return e;
}

void
parent_stop_listening(struct parent *p)
{
	fd_list_clear(&p->listeners);
}
