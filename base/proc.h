#ifndef BASE_PROC_H
#define BASE_PROC_H
/*
 * What every towpathd process does alike: being spawned (fork, re-exec of the
 * same program as `towpathd --child ROLE INSTANCE`, its channel to the parent
 * on descriptor 3), its title in ps, dropping to its user, signals.
 */
#include <sys/types.h>

#include <ev.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/messages.h"

#define PROC_CHANNEL_FD 3

/* The account a child runs as; resolved by the parent. */
struct proc_user {
	bool drop; /* false: stay as we are (not started by root) */
	uid_t uid;
	gid_t gid;
	char name[64]; /* for initgroups */
};

/* Fills *out; S18 when root and there is no such user.  group "" is the
 * user's own. */
enum err MUST_USE proc_user_find(
    const char *user, struct proc_user *out, struct fault *f);

/* After a fork, before an exec: as a program expects them, none blocked. */
void proc_reset_signals(void);

/*
 * Starts a child: the program of that descriptor (proc_program's), channel_fd
 * as its descriptor 3, standard input from /dev/null, every other descriptor
 * closed, signals reset, the user dropped to and all capabilities gone before
 * the exec.  *pid is set.
 */
enum err MUST_USE proc_spawn(int program, enum role role, uint32_t instance,
    int channel_fd, const struct proc_user *user, pid_t *pid);

/* The running program, also when its file was replaced meanwhile: a descriptor
 * of the caller's. */
int proc_program(void);

/*
 * Starts any program, in a process group of its own, with our standard error
 * as its output too; `set` is put into its environment ("NAME=VALUE", NULL at
 * the end), and it gets the descriptors `kept` under their numbers, as this
 * process keeps them.  *pid is set.
 */
enum err MUST_USE proc_try(char *const argv[], char *const set[],
    const int *kept, size_t n_kept, pid_t *pid);

/* Becomes the user for good, with no capability left; errno when it fails. */
bool proc_drop(const struct proc_user *user);

/*
 * First thing in main: remembers argv for titles and reads `--child`.  Returns
 * true in a child, with role and instance.
 */
bool proc_begin(int argc, char **argv, enum role *role, uint32_t *instance);

/* Name in ps and in the log: "towpathd: worker 0". */
void proc_set_title(const char *title);

/*
 * A child's own hardening: no_new_privs, not dumpable, no core.  The parent
 * dying ends control (SIGKILL by the kernel); a worker gets SIGTERM, so that
 * it stops accepting and drains; keys end when their peer does, which they see
 * themselves.  Ends the process when the parent is gone already.
 */
void proc_harden(enum role role);

/*
 * The process's event loop: libev's default one (child watchers need it) on
 * epoll, whatever the environment says (its io_uring backend aborts).
 */
struct ev_loop *proc_loop(void);

/* Parent, as root: keeps only SETUID, SETGID, NET_BIND_SERVICE and KILL.  Not
 * root: nothing. */
void proc_limit_parent(void);

/* RLIMIT_NOFILE to the hard limit; returns it. */
unsigned long proc_raise_files(void);

/* sd_notify without the library (systemd.exec(5)): "READY=1".  No socket named
 * in the environment: nothing. */
void proc_notify(const char *state);

#endif
