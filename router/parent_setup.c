#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/db.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/shared.h"
#include "router/parent.h"

#define MASTER_KEY_BYTES 32

static enum err
file_fault(struct fault *f, const char *path)
{
	fault_set(
	    f, FAULT_S24_FILE_UNREADABLE, "%s: %s", path, strerror(errno));
	return ERR_IO;
}

/* --- users ------------------------------------------------------------------
 */

/* A worker that could connect to the control socket would have the power that
 * it is kept away from. */
static enum err
check_edge_user(const struct config *c, struct fault *f)
{
	const struct group *g = getgrnam(c->control.group);
	const struct passwd *p = getpwnam(c->router.edge_user);
	bool is_member = p != NULL && g != NULL && p->pw_gid == g->gr_gid;

	for (size_t i = 0; g != NULL && g->gr_mem[i] != NULL; i++)
		is_member |= strcmp(g->gr_mem[i], c->router.edge_user) == 0;
	if (!is_member)
		return ERR_OK;
	fault_set(f, FAULT_S23_CONFIG_VALUE,
	    "edge_user %s is a member of the [control] group %s, whose members "
	    "may do everything",
	    c->router.edge_user, c->control.group);
	return ERR_DENIED;
}

enum err
parent_check_users(struct parent *p, struct fault *f)
{
	const struct config *c = &p->config;
	enum err e = proc_user_find(c->router.user, &p->control_user, f);

	if (e == ERR_OK)
		e = proc_user_find(c->router.edge_user, &p->edge_user, f);
	if (e == ERR_OK)
		e = proc_user_find(c->router.keys_user, &p->keys_user, f);
	if (e != ERR_OK || geteuid() != 0 || c->control.group[0] == '\0')
		return e;
	if (getgrnam(c->control.group) == NULL) {
		fault_set(f, FAULT_S18_NO_SUCH_USER,
		    "There is no group \"%s\" on this machine",
		    c->control.group);
		return ERR_NOT_FOUND;
	}
	return check_edge_user(c, f);
}

/* --- the store's folder and the master key
 * ------------------------------------ */

/* The folder of a file, made when it is missing (its own parent is not). */
static enum err
make_folder(const char *file, const struct proc_user *owner, struct fault *f)
{
	char *folder = xstrdup(file);
	enum err e = ERR_OK;

	*strrchr(folder, '/') = '\0';
	if (folder[0] != '\0' && access(folder, F_OK) != 0) {
		if (mkdir(folder, 0750) != 0 ||
		    (owner->drop && chown(folder, owner->uid, owner->gid) != 0))
			e = file_fault(f, folder);
	}
	free(folder);
	return e;
}

/* One line of base64 (RFC 4648) for 32 random bytes. */
static enum err
make_key_line(char line[48])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
				     "pqrstuvwxyz0123456789+/";
	unsigned char key[MASTER_KEY_BYTES + 1] = {0}; /* a multiple of 3 */
	char *to = line;

	if (getrandom(key, MASTER_KEY_BYTES, 0) != MASTER_KEY_BYTES)
		return ERR_IO;
	for (size_t i = 0; i < sizeof(key); i += 3) {
		unsigned bits = (unsigned)key[i] << 16 |
				(unsigned)key[i + 1] << 8 | key[i + 2];

		for (int shift = 18; shift >= 0; shift -= 6)
			*to++ = digits[bits >> shift & 0x3f];
	}
	to[-1] = '='; /* the byte that was added */
	to[0] = '\n';
	to[1] = '\0';
	explicit_bzero(key, sizeof(key));
	return ERR_OK;
}

/* The whole file or none: written beside it, then named. */
static enum err
write_key(const char *path, const char *line)
{
	char *part = xasprintf("%s.part", path);
	size_t n = strlen(line);
	enum err e = ERR_IO;
	int fd;

	(void)unlink(part);
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0 && write(fd, line, n) == (ssize_t)n && fsync(fd) == 0 &&
	    rename(part, path) == 0)
		e = ERR_OK;
	if (fd >= 0)
		close(fd);
	if (e != ERR_OK)
		(void)unlink(part);
	free(part);
	return e;
}

static enum err
make_master_key(const char *path, struct fault *f)
{
	static const struct proc_user nobody = {0};
	char line[48];
	enum err e = make_folder(path, &nobody, f);

	if (e != ERR_OK)
		return e;
	e = make_key_line(line);
	if (e == ERR_OK)
		e = write_key(path, line);
	explicit_bzero(line, sizeof(line));
	if (e != ERR_OK) {
		fault_set(f, FAULT_S15_MASTER_KEY_BAD,
		    "The master key %s cannot be made: %s", path,
		    strerror(errno));
		return e;
	}
	log_info("made a new master key file=%s: keep a copy of it in a safe "
		 "place, without it no private key can be opened",
	    path);
	return ERR_OK;
}

static enum err
open_master_key(struct parent *p, struct fault *f)
{
	const char *path = p->config.store.master_key;
	enum err e = ERR_OK;

	p->master_key = open(path, O_RDONLY | O_CLOEXEC);
	if (p->master_key < 0 && errno == ENOENT && !p->had_store) {
		e = make_master_key(path, f);
		p->master_key = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (e != ERR_OK || p->master_key >= 0)
		return e;
	if (errno == ENOENT)
		fault_set(f, FAULT_S14_MASTER_KEY_MISSING,
		    "The store %s exists but its master key %s is missing",
		    p->config.store.path, path);
	else
		fault_set(f, FAULT_S15_MASTER_KEY_BAD,
		    "The master key %s cannot be read: %s", path,
		    strerror(errno));
	return ERR_IO;
}

/* --- memory and log
 * ------------------------------------------------------------ */

static enum err
make_memory(struct parent *p)
{
	enum err e = shared_create(&p->shared);

	if (e == ERR_OK)
		e = shared_fd_readonly(p->shared, &p->shared_readonly);
	if (e == ERR_OK)
		e = limits_create(config_seats(&p->config), &p->limits);
	if (e == ERR_OK)
		e = stats_create(config_seats(&p->config), &p->stats);
	return e;
}

/* Standard output, opened anew where that is possible: O_NONBLOCK and O_APPEND
 * belong to the open file, which others may have too. */
static int
open_stdout(void)
{
	int fd = open("/proc/self/fd/1",
	    O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return fd >= 0 ? fd : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
}

enum err
parent_open_access_log(const struct config *c, int *out, struct fault *f)
{
	const char *path = c->router.access_log;

	*out = -1;
	if (strcmp(path, "off") == 0)
		return ERR_OK;
	if (strcmp(path, "stdout") == 0) {
		*out = open_stdout();
		path = "standard output";
	} else {
		*out = open(path,
		    O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY |
			O_CLOEXEC,
		    0640);
	}
	return *out >= 0 ? ERR_OK : file_fault(f, path);
}

enum err
parent_set_up(struct parent *p, struct fault *f)
{
	const struct config *c = &p->config;
	enum err e = parent_check_users(p, f);

	if (e == ERR_OK)
		e = make_folder(c->store.path, &p->control_user, f);
	if (e != ERR_OK)
		return e;
	p->had_store = access(c->store.path, F_OK) == 0;
	e = open_master_key(p, f);
	if (e == ERR_OK)
		e = parent_open_access_log(c, &p->access_log, f);
	if (e != ERR_OK)
		return e;
	e = make_memory(p);
	if (e != ERR_OK)
		fault_set(f, FAULT_S25_INTERNAL, "no memory files: %s",
		    strerror(errno));
	return e;
}

/* --- the schema
 * ----------------------------------------------------------------- */

/* In a process of its own; its exit status. */
static int
try_migration(const struct parent *p)
{
	const char *path = p->config.store.path;
	struct fault f = {0};
	struct db *db = NULL;
	enum err e;

	if (!proc_drop(&p->control_user)) {
		log_error("cannot become %s: %m", p->config.router.user);
		return 1;
	}
	/* a plain user looks at a configuration; the store is none of theirs */
	if (access(path, R_OK | W_OK) != 0)
		return 0;
	e = db_open(path, DB_WRITE, &db, &f);
	if (e == ERR_OK)
		e = db_migrate_check(db, &f);
	if (e != ERR_OK)
		parent_complain(&f);
	db_close(db);
	return e == ERR_OK ? 0 : 1;
}

bool
parent_check_store(const struct parent *p)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(try_migration(p));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		log_error("the store cannot be looked at: %m");
	return status == 0;
}
