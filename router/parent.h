#ifndef ROUTER_PARENT_H
#define ROUTER_PARENT_H
/*
 * The parent's state: what it opened, and the processes it keeps alive.  It
 * reads the configuration and no other data: nothing of the network, nothing of
 * the store.
 *
 *   parent_proc.c            its life: signals, the end
 *   parent_setup.c           what is opened once: key, memory, log
 *   parent_listen.c          sockets for the Internet
 *   parent_control_socket.c  the one for towpath
 *   parent_process.c         a child: started, joined, started again
 *   parent_generation.c      the children of one binary, and all of them
 *   parent_reload.c          SIGHUP
 *   parent_upgrade.c         SIGUSR2
 *   parent_state.c           what outlives the exec of another binary
 *
 * Owned by: parent_main.   Freed by: it.
 */
#include <ev.h>

#include "base/channel.h"
#include "base/proc.h"
#include "router/config.h"

struct parent;
struct generation;

/* A socket that workers accept on; control, where it is for metrics. */
struct parent_listener {
	uint32_t id; /* never used again; how workers tell them apart */
	bool is_tls, is_metrics;
	bool is_new; /* in a plan: opened for it */
	struct addr addr;
	int fd;
};

struct parent_listeners {
	struct parent_listener *items;
	size_t n;
	uint32_t last_id;
};

enum process_state {
	PROCESS_ABSENT,   /* not yet, or waits to be started again */
	PROCESS_STARTING, /* has not said that it is ready */
	PROCESS_READY,
};

/* A child as its parent sees it. */
struct process {
	struct parent *parent;
	struct generation *generation;
	enum role role;
	uint32_t instance;
	enum process_state state;
	bool is_leaving; /* it was told to end, and another one follows */
	bool has_old_config;
	pid_t pid;
	struct channel *channel; /* NULL: absent */
	ev_child exit;
	ev_timer again;     /* when to start it again */
	ev_timer impatient; /* it was told to end, and does not */
	unsigned failures;  /* in a row */
	int64_t started_ms; /* monotonic */
};

enum generation_state {
	GENERATION_STARTING, /* of an upgrade: it does not accept yet */
	GENERATION_SERVING,
	GENERATION_DRAINING, /* was replaced: who dies is not started again */
};

/*
 * The children that came from one binary: keys 0..N, hook, control, workers
 * 0..N-1.
 * Owned by: the parent.   Freed by: generation_free.
 */
struct generation {
	struct parent *parent;
	uint32_t number; /* its place among all is by the rest of it */
	enum generation_state state;
	int program; /* its binary; base/proc.h */
	struct process *processes;
	size_t n_processes;
	int64_t drained_at_ms; /* since when; monotonic */
	ev_timer deadline;     /* of its drain */
};

enum parent_state {
	PARENT_STARTING, /* not everything has been ready yet */
	PARENT_UP,
	PARENT_DRAINING, /* workers finish what is open */
	PARENT_ENDING,   /* the rest is told to go */
};

enum upgrade_step {
	UPGRADE_NONE,
	/* in the old binary */
	UPGRADE_CHECKING,   /* NEW -t runs */
	UPGRADE_REHEARSING, /* NEW reads our state and goes no further */
	/* in the new one */
	UPGRADE_STARTING,  /* keys and workers of the new generation start */
	UPGRADE_SWITCHING, /* control is replaced */
	UPGRADE_UNDOING,   /* the new ones are ended; then the old binary */
};

struct upgrade {
	enum upgrade_step step;
	bool is_wanted;    /* SIGUSR2 came before there was a place for it */
	bool wants_reload; /* SIGHUP came meanwhile */
	pid_t helper;      /* NEW on trial; 0: none */
	ev_child helper_exit;
	int answer; /* a pipe: what it says; -1 */
	ev_timer deadline;
};

struct parent {
	const char *config_path;
	char *const *argv;
	char *program; /* what SIGUSR2 starts */
	struct config config;
	struct ev_loop *loop;
	enum parent_state state;
	int status; /* of the exit */
	bool had_store;
	/* open for the children */
	int shared, shared_readonly, stats, limits, master_key;
	int access_log; /* -1: off */
	int control_socket;
	struct parent_listeners listeners;
	struct proc_user control_user, edge_user, keys_user;
	/* by number % GENERATIONS_MAX; NULL: none */
	struct generation *generations[GENERATIONS_MAX];
	uint32_t newest; /* the number of the one that serves */
	struct upgrade upgrade;
	/* its own life */
	ev_signal terminate, interrupt, hangup, reopen, replace;
	ev_timer workers_anyway;  /* control is not coming up */
	ev_timer deadline;        /* of draining, then of ending */
	int64_t asked_ms;         /* when it was told to end; monotonic */
	uint64_t restarts[ROLES]; /* of those that died */
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
/* Could this version serve the store that is there?  In a process of the
 * store's user, which says why not; false then. */
bool parent_check_store(const struct parent *p);

/* --- parent_listen.c, parent_control_socket.c ------------------------------
 */

/* All sockets.  S12, S21, S22. */
enum err MUST_USE parent_listen(struct parent *p, struct fault *f);
enum err MUST_USE parent_listen_for_control(struct parent *p, struct fault *f);

/*
 * The sockets that a configuration wants: of own (NULL: none yet) those that
 * listen there already, and new ones.  Then either parent_listeners_take, which
 * closes what is not wanted any more, or parent_listeners_forget.
 */
enum err MUST_USE parent_listeners_plan(const struct config *c,
    const struct parent_listeners *own, struct parent_listeners *next,
    struct fault *f);
void parent_listeners_take(
    struct parent_listeners *own, struct parent_listeners *next);
void parent_listeners_forget(struct parent_listeners *next);
void parent_listeners_close(
    struct parent_listeners *l); /* the parent's own copies */
void parent_listeners_append(
    struct parent_listeners *l, const struct parent_listener *item);

/* --- parent_process.c ------------------------------------------------------
 */

void process_init(
    struct generation *g, struct process *c, enum role role, uint32_t instance);
void process_clear(struct process *c);
/* Starts it, or at the time that its failures tell; nothing, where the
 * configuration has no use for it. */
void process_start(struct process *c);
void process_start_later(struct process *c);
/* One that runs already and whose channel this is; takes fd. */
void process_adopt(struct process *c, int fd);
void process_tell(struct process *c, enum message type, struct slice body,
    const int *fds, size_t n_fds);
void process_tell_drain(struct process *c, int64_t ms, bool is_replaced);
/* Ends it, within ms, for another one to take its place. */
void process_replace(struct process *c, int64_t ms);
/* What it listens on and, where it has an older one, the configuration; to a
 * worker that is ready. */
void process_tell_config(struct process *c);

/* --- parent_generation.c ---------------------------------------------------
 */

/* Takes program.  Nothing is started yet. */
struct generation *generation_new(
    struct parent *p, uint32_t number, int program);
void generation_free(struct generation *g);
struct generation *generation_serving(const struct parent *p);
struct process *generation_control(const struct generation *g);
struct process *generation_hook(const struct generation *g);
/* Control and keys of the first one; workers follow when control is ready. */
void generation_start(struct generation *g);
void generation_start_workers(struct generation *g);
/* All but control and its hook: for an upgrade; then those. */
void generation_start_upgrade(struct generation *g);
void generation_start_control(struct generation *g);
bool generation_is_ready(const struct generation *g, enum role role);
void generation_kill(struct generation *g);
size_t generation_running(const struct generation *g, enum role role);
bool generation_is_gone(const struct generation *g); /* all of it */
/* Others have taken its place. */
void generation_drain(struct generation *g);
void generation_set_deadline(struct generation *g); /* of its drain */
/* A child of one that drains has ended. */
void generation_on_exit(struct generation *g, struct process *c);

/* One message to every process of the role in all generations. */
void processes_tell(struct parent *p, enum role role, enum message type,
    struct slice body, const int *fds, size_t n_fds);
void processes_tell_drain(struct parent *p, enum role role, int64_t ms);
void processes_kill(struct parent *p);
size_t processes_running(const struct parent *p, enum role role);
bool processes_are_gone(const struct parent *p);

/* --- parent_reload.c -------------------------------------------------------
 */

void parent_reload(struct parent *p);
/* A key that is known but does nothing yet must not pass in silence. */
void parent_warn_of_idle_keys(const struct config *c);

/* --- parent_upgrade.c ------------------------------------------------------
 */

void upgrade_init(struct parent *p);
/* SIGUSR2: the first step. */
void upgrade_begin(struct parent *p);
/* After the exec, in either binary. */
void upgrade_go_on(struct parent *p, bool is_undone);
void upgrade_on_ready(struct parent *p);
/* A child of the new generation cannot start. */
void upgrade_on_failed(
    struct parent *p, const struct process *c, const struct fault *f);
/* True: the upgrade sees to what follows. */
bool upgrade_on_exit(struct parent *p, struct process *c);
/* The daemon is told to end. */
void upgrade_forget(struct parent *p);

/* --- parent_state.c --------------------------------------------------------
 */

/* The environment names the descriptors: what the former binary left, and
 * where to tell that it can be used. */
#define STATE_VARIABLE     "TOWPATH_STATE"
#define REHEARSAL_VARIABLE "TOWPATH_REHEARSAL"

/* A memory file that tells all of it; the fd is the caller's. */
enum err MUST_USE state_write(const struct parent *p, bool undoes, int *fd);
/* Becomes a program; returns only when that failed.  NULL: the one that the
 * serving generation came from. */
enum err state_exec(struct parent *p, const char *program);
/* Those that came during the exec; once there are handlers. */
void state_let_signals_come(void);
/* Whether there is a state to go on with; its descriptor. */
bool state_is_left(int *fd);
/* Takes it over; in a rehearsal (loop NULL) no more than reads it.  S25. */
enum err MUST_USE state_read(
    struct parent *p, int fd, bool *is_undone, struct fault *f);

/* --- parent_proc.c, for the others -----------------------------------------
 */

void parent_on_ready(struct parent *p, struct process *c);
void parent_on_failed(
    struct parent *p, const struct process *c, const struct fault *f);
void parent_on_exit(struct parent *p, struct process *c);
/* A sentence for whoever started towpathd, on standard error. */
void parent_complain(const struct fault *f);

#endif
