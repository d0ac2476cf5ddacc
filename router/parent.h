#ifndef ROUTER_PARENT_H
#define ROUTER_PARENT_H
/*
 * The parent's state: what it opened, and the processes it keeps alive.  It
 * reads the configuration and no other data: nothing of the network, nothing of
 * the store.
 *
 *   parent_proc.c      its life: signals, reload, the end
 *   parent_setup.c     what is opened once: store's folder, key, memory, log
 *   parent_listen.c    sockets
 *   parent_processes.c children: started, joined, started again
 *
 * Owned by: parent_main.   Freed by: it.
 */
#include <ev.h>

#include "base/channel.h"
#include "base/proc.h"
#include "router/config.h"

/* A set of descriptors; -1 is none. */
struct fd_list {
	int *fds;
	size_t n;
};

enum process_state {
	PROCESS_ABSENT,   /* not yet, or waits to be started again */
	PROCESS_STARTING, /* has not said that it is ready */
	PROCESS_READY,
};

struct parent;

/* A child as its parent sees it. */
struct process {
	struct parent *parent;
	enum role role;
	uint32_t instance;
	enum process_state state;
	pid_t pid;
	struct channel *channel; /* NULL: absent */
	ev_child exit;
	ev_timer again;     /* when to start it again */
	unsigned failures;  /* in a row */
	int64_t started_ms; /* monotonic */
};

enum parent_state {
	PARENT_STARTING, /* not everything has been ready yet */
	PARENT_UP,
	PARENT_DRAINING, /* workers finish what is open */
	PARENT_ENDING,   /* the rest is told to go */
};

struct parent {
	const char *config_path;
	struct config config;
	struct ev_loop *loop;
	enum parent_state state;
	int status; /* of the exit */
	bool had_store;
	/* open for the children */
	int shared, shared_readonly, stats, limits, master_key;
	int access_log; /* -1: off */
	int control_socket;
	struct fd_list listeners;
	struct proc_user control_user, edge_user, keys_user;
	struct process *processes; /* control, keys 0..N, workers 0..N-1 */
	size_t n_processes;
	/* its own life */
	ev_signal terminate, interrupt, hangup, reopen, replace;
	ev_timer workers_anyway; /* control is not coming up */
	ev_timer deadline;       /* of draining, then of ending */
	int64_t asked_ms;        /* when it was told to end; monotonic */
};

/* --- parent_setup.c --------------------------------------------------------
 */

/* Users, store's folder, master key, memory files, access log: all that needs
 * the power that is given up next. */
enum err MUST_USE parent_set_up(struct parent *p, struct fault *f);
/* Opens the access log (again); -1 when it is off. */
enum err MUST_USE parent_open_access_log(
    const struct config *c, int *out, struct fault *f);
/* Is there a user and a group for everything the configuration names? */
enum err MUST_USE parent_check_users(struct parent *p, struct fault *f);

/* --- parent_listen.c -------------------------------------------------------
 */

/* All sockets.  S12, S21, S22. */
enum err MUST_USE parent_listen(struct parent *p, struct fault *f);
void parent_stop_listening(struct parent *p); /* the parent's own copies */
void fd_list_add(struct fd_list *l, int fd);
void fd_list_clear(struct fd_list *l); /* closes all */

/* --- parent_processes.c ----------------------------------------------------
 */

void processes_init(struct parent *p);
void processes_clear(struct parent *p);
/* Control and keys; workers follow when control is ready. */
void processes_start(struct parent *p);
void processes_start_workers(struct parent *p);
/* One message to every process of the role, whatever its state. */
void processes_tell(struct parent *p, enum role role, enum message type,
    struct slice body, const int *fds, size_t n_fds);
void processes_kill(struct parent *p);
size_t processes_running(const struct parent *p, enum role role);
bool processes_are_ready(const struct parent *p, enum role role);

/* --- parent_proc.c, for parent_processes.c ---------------------------------
 */

void parent_on_ready(struct parent *p, struct process *c);
void parent_on_failed(
    struct parent *p, const struct process *c, const struct fault *f);
void parent_on_exit(struct parent *p);
/* A sentence for whoever started towpathd, on standard error. */
void parent_complain(const struct fault *f);

#endif
