/*
 * The part of router/parent.h that SIGUSR2 asks for:
 *
 *   1. NEW -t, which looks at configuration and schema;
 *   2. NEW is started once as it would be, reads our state and says that it
 *      understands it; then we become it, with the same pid;
 *   3. it starts keys and workers, which do not accept yet, and a control in
 *      the place of the old one;
 *   4. when all are ready, the new ones accept and the old ones drain.
 *
 * Whatever fails, also after the exec, ends with the old binary and the old
 * processes as they were, and a line that says why.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "router/parent.h"

/* For each of NEW's trials, and for the new processes to be ready. */
#define TRIAL_S 10.
#define READY_S 10.
/* For control to answer what it was asked. */
#define CONTROL_FINISH_MS 3000
/* One that dies so often in a row is not going to live. */
#define FAILURES_MAX  3
#define ARGUMENTS_MAX 16

static struct generation *
newcomer(const struct parent *p)
{
	for (size_t i = 0; i < GENERATIONS_MAX; i++) {
		struct generation *g = p->generations[i];

		if (g != NULL && g->number > p->newest)
			return g;
	}
	return NULL;
}

/* The next number whose place is free; 0: all live.  Numbers of those that
 * still drain are passed over. */
static uint32_t
next_number(const struct parent *p)
{
	for (uint32_t i = 1; i <= GENERATIONS_MAX; i++)
		if (p->generations[(p->newest + i) % GENERATIONS_MAX] == NULL)
			return p->newest + i;
	return 0;
}

static void
set_deadline(struct parent *p, double seconds)
{
	ev_timer_stop(p->loop, &p->upgrade.deadline);
	ev_now_update(p->loop);
	ev_timer_set(&p->upgrade.deadline, seconds, 0.);
	ev_timer_start(p->loop, &p->upgrade.deadline);
}

/* It is over, one way or the other: what had to wait for it is done now. */
static void
finish(struct parent *p)
{
	struct upgrade *u = &p->upgrade;
	bool wants_reload = u->wants_reload;

	u->step = UPGRADE_NONE;
	u->wants_reload = false;
	ev_timer_stop(p->loop, &u->deadline);
	if (wants_reload)
		parent_reload(p);
}

/* --- in the old binary ------------------------------------------------------
 */

static void
refuse(struct parent *p, const char *why)
{
	log_error("upgrade: refused: %s %s", p->program, why);
	finish(p);
}

static void
end_helper(struct parent *p)
{
	struct upgrade *u = &p->upgrade;

	ev_child_stop(p->loop, &u->helper_exit);
	u->helper = 0;
	if (u->answer >= 0)
		close(u->answer);
	u->answer = -1;
}

static void
watch_helper(struct parent *p, pid_t pid)
{
	struct upgrade *u = &p->upgrade;

	u->helper = pid;
	ev_child_set(&u->helper_exit, pid, 0);
	ev_child_start(p->loop, &u->helper_exit);
	set_deadline(p, TRIAL_S);
}

/* argv as we were started, with -t when asked for. */
static void
arguments(const struct parent *p, bool checks, char *out[ARGUMENTS_MAX])
{
	size_t n = 0;

	out[n++] = p->program;
	if (checks)
		out[n++] = "-t";
	for (size_t i = 1; p->argv[i] != NULL && n < ARGUMENTS_MAX - 1; i++)
		out[n++] = p->argv[i];
	out[n] = NULL;
}

static bool
check(struct parent *p)
{
	char *argv[ARGUMENTS_MAX], *set[] = {NULL};
	pid_t pid;

	arguments(p, true, argv);
	if (proc_try(argv, set, NULL, 0, &pid) != ERR_OK)
		return false;
	p->upgrade.step = UPGRADE_CHECKING;
	watch_helper(p, pid);
	return true;
}

/* Its own pipe to tell that it could go on from our state. */
static bool
rehearse(struct parent *p)
{
	char state[64], answer[64], *set[] = {state, answer, NULL};
	char *argv[ARGUMENTS_MAX];
	int kept[2], fds[2];
	pid_t pid;
	bool ok;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
		return false;
	if (state_write(p, false, &kept[0]) != ERR_OK) {
		close(fds[0]);
		close(fds[1]);
		return false;
	}
	kept[1] = fds[1];
	(void)snprintf(state, sizeof(state), STATE_VARIABLE "=%d", kept[0]);
	(void)snprintf(
	    answer, sizeof(answer), REHEARSAL_VARIABLE "=%d", fds[1]);
	arguments(p, false, argv);
	ok = proc_try(argv, set, kept, 2, &pid) == ERR_OK;
	close(kept[0]);
	close(fds[1]);
	p->upgrade.answer = fds[0];
	if (!ok)
		return false;
	p->upgrade.step = UPGRADE_REHEARSING;
	watch_helper(p, pid);
	return true;
}

static bool
has_answered(const struct parent *p)
{
	char byte;

	return read(p->upgrade.answer, &byte, 1) == 1;
}

/* Only what waits in a channel would be lost with this binary's memory. */
static bool
all_is_told(const struct parent *p)
{
	for (size_t k = 0; k < GENERATIONS_MAX; k++) {
		const struct generation *g = p->generations[k];

		for (size_t i = 0; g != NULL && i < g->n_processes; i++)
			if (g->processes[i].channel != NULL &&
			    !channel_is_idle(g->processes[i].channel))
				return false;
	}
	return true;
}

static void
go_over(struct parent *p)
{
	if (!all_is_told(p)) {
		refuse(p, "must wait: a child of ours does not listen");
		return;
	}
	log_info("upgrade: %s takes over", p->program);
	(void)state_exec(p, p->program);
	refuse(p, "cannot be started");
}

static void
on_helper_exit(struct ev_loop *loop, ev_child *w, int events)
{
	struct upgrade *u = container_of(w, struct upgrade, helper_exit);
	struct parent *p = container_of(u, struct parent, upgrade);
	bool is_good = WIFEXITED(w->rstatus) && WEXITSTATUS(w->rstatus) == 0;
	char why[64];

	(void)loop;
	(void)events;
	if (is_good && u->step == UPGRADE_REHEARSING && !has_answered(p)) {
		end_helper(p);
		refuse(p, "is no towpathd that could take over from this one");
		return;
	}
	end_helper(p);
	if (is_good && u->step == UPGRADE_REHEARSING) {
		go_over(p);
	} else if (is_good) {
		if (!rehearse(p))
			refuse(p, "cannot be started");
	} else {
		(void)snprintf(why, sizeof(why), "%s with %s %d",
		    u->step == UPGRADE_CHECKING ? "-t ended" : "ended",
		    WIFSIGNALED(w->rstatus) ? "signal" : "status",
		    WIFSIGNALED(w->rstatus) ? WTERMSIG(w->rstatus)
					    : WEXITSTATUS(w->rstatus));
		refuse(p, why);
	}
}

/* Its last connection is gone, and it will be in a moment. */
static bool
one_is_ending(const struct parent *p)
{
	for (size_t i = 0; i < GENERATIONS_MAX; i++)
		if (p->generations[i] != NULL &&
		    p->generations[i]->state == GENERATION_DRAINING &&
		    generation_running(p->generations[i], ROLE_WORKER) == 0)
			return true;
	return false;
}

void
upgrade_begin(struct parent *p)
{
	p->upgrade.is_wanted = p->state == PARENT_STARTING;
	if (p->state != PARENT_UP)
		return;
	if (p->upgrade.step != UPGRADE_NONE) {
		log_warning("upgrade: one is under way already");
		return;
	}
	if (next_number(p) == 0 && one_is_ending(p)) {
		p->upgrade.is_wanted = true;
		return;
	}
	if (next_number(p) == 0) {
		log_error("upgrade: refused: %d generations live; the oldest "
			  "ends within upgrade_drain_timeout, which SIGHUP can "
			  "shorten",
		    GENERATIONS_MAX);
		return;
	}
	log_info("upgrade: trying %s", p->program);
	if (!check(p))
		refuse(p, "cannot be started");
}

/* --- in the new binary ------------------------------------------------------
 */

/* Who had died when there was no time for it. */
static void
start_missing(struct parent *p)
{
	struct generation *g = generation_serving(p);

	for (size_t i = 0; i < g->n_processes; i++)
		if (g->processes[i].channel == NULL &&
		    !ev_is_active(&g->processes[i].again))
			process_start_later(&g->processes[i]);
}

/* All that was new is gone: what was before is there, but for its binary. */
static void
go_back(struct parent *p)
{
	generation_free(newcomer(p));
	(void)state_exec(p, NULL);
	/* the processes of the former version are as well off with us */
	log_error("upgrade: the former binary cannot be started: %m");
	finish(p);
	start_missing(p);
}

static void
undo(struct parent *p, const char *why)
{
	struct generation *g = newcomer(p);

	if (p->upgrade.step == UPGRADE_UNDOING)
		return;
	log_error("upgrade: refused: %s; the former version goes on", why);
	p->upgrade.step = UPGRADE_UNDOING;
	ev_timer_stop(p->loop, &p->upgrade.deadline);
	generation_kill(g);
	if (generation_is_gone(g))
		go_back(p);
}

static void
commit(struct parent *p)
{
	struct generation *old = generation_serving(p), *g = newcomer(p);

	p->newest = g->number;
	g->state = GENERATION_SERVING;
	for (size_t i = 0; i < g->n_processes; i++) {
		g->processes[i].failures = 0;
		process_tell_config(&g->processes[i]);
	}
	generation_drain(old);
	log_info("upgrade: done generation=%u version=%s", g->number,
	    TOWPATH_VERSION);
	p->upgrade.wants_reload = true; /* the file may be newer, too */
	finish(p);
	if (generation_running(old, ROLE_WORKER) == 0)
		generation_on_exit(old, &old->processes[0]);
}

static void
switch_control(struct parent *p)
{
	struct process *old = generation_control(generation_serving(p));

	p->upgrade.step = UPGRADE_SWITCHING;
	ev_timer_stop(p->loop, &old->again);
	if (old->pid > 0)
		process_replace(old, CONTROL_FINISH_MS);
	else
		generation_start_control(newcomer(p));
}

void
upgrade_on_ready(struct parent *p)
{
	struct generation *g = newcomer(p);

	if (p->upgrade.step == UPGRADE_STARTING &&
	    generation_is_ready(g, ROLE_KEYS) &&
	    generation_is_ready(g, ROLE_WORKER))
		switch_control(p);
	else if (p->upgrade.step == UPGRADE_SWITCHING &&
		 generation_is_ready(g, ROLE_KEYS) &&
		 generation_is_ready(g, ROLE_WORKER) &&
		 generation_is_ready(g, ROLE_CONTROL))
		commit(p);
}

void
upgrade_on_failed(
    struct parent *p, const struct process *c, const struct fault *f)
{
	char why[sizeof(f->text) + 64];

	(void)snprintf(why, sizeof(why), "its %s %u cannot start: %s %s",
	    role_name(c->role), c->instance, fault_code_name(f->code), f->text);
	undo(p, why);
}

bool
upgrade_on_exit(struct parent *p, struct process *c)
{
	struct generation *g = newcomer(p), *old = generation_serving(p);
	bool is_new = c->generation == g;

	if (p->upgrade.step < UPGRADE_STARTING)
		return false;
	if (p->upgrade.step == UPGRADE_UNDOING) {
		if (generation_is_gone(g))
			go_back(p); /* c is no more */
		return is_new;
	}
	if (c->generation == old && c->role == ROLE_CONTROL &&
	    p->upgrade.step == UPGRADE_SWITCHING) {
		generation_start_control(g);
		return true;
	}
	if (!is_new)
		return false;
	if (c->failures >= FAILURES_MAX)
		undo(p, "its processes do not live");
	else
		process_start_later(c);
	return true;
}

static void
on_deadline(struct ev_loop *loop, ev_timer *w, int events)
{
	struct upgrade *u = container_of(w, struct upgrade, deadline);
	struct parent *p = container_of(u, struct parent, upgrade);

	(void)loop;
	(void)events;
	if (u->step >= UPGRADE_STARTING) {
		undo(p, "it was not ready in time");
		return;
	}
	(void)kill(-u->helper, SIGKILL);
	end_helper(p);
	refuse(p, "did not end in time");
}

void
upgrade_go_on(struct parent *p, bool is_undone)
{
	int program;

	start_missing(p);
	if (is_undone) {
		finish(p);
		return;
	}
	program = proc_program();
	p->upgrade.step = UPGRADE_STARTING;
	set_deadline(p, READY_S);
	generation_start_upgrade(generation_new(p, next_number(p), program));
	if (program < 0)
		undo(p, "/proc/self/exe cannot be opened");
}

/* --- life -------------------------------------------------------------------
 */

void
upgrade_init(struct parent *p)
{
	struct upgrade *u = &p->upgrade;

	u->answer = -1;
	ev_child_init(&u->helper_exit, on_helper_exit, 0, 0);
	ev_timer_init(&u->deadline, on_deadline, 0., 0.);
}

void
upgrade_forget(struct parent *p)
{
	struct upgrade *u = &p->upgrade;

	ev_timer_stop(p->loop, &u->deadline);
	if (u->helper > 0) {
		(void)kill(-u->helper, SIGKILL);
		end_helper(p);
	}
	u->step = UPGRADE_NONE;
}
