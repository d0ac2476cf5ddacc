#include "router/parent_proc.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/wire.h"
#include "router/parent.h"

#define EXIT_REFUSED 2

/* With a store that is there already, workers do not wait longer for control:
 * they serve what it holds. */
#define CONTROL_WAIT_S 1.0
/* Beyond drain_timeout, for a worker to end by itself. */
#define DRAIN_GRACE_S 1.0
/* A second request to end is one only after this; `timeout` for one sends its
 * signal twice. */
#define IMPATIENT_MS 1000
/* For control and keys, which have nothing to finish. */
#define ENDING_S 2.0

void
parent_complain(const struct fault *f)
{
	(void)fprintf(stderr, "%s (%s)%s%s\n", f->text,
	    fault_code_name(f->code), f->action[0] == '\0' ? "" : ". ",
	    f->action);
}

/* --- the end -----------------------------------------------------------------
 */

static void
set_deadline(struct parent *p, double seconds)
{
	ev_timer_stop(p->loop, &p->deadline);
	ev_now_update(p->loop);
	ev_timer_set(&p->deadline, seconds, 0.);
	ev_timer_start(p->loop, &p->deadline);
}

static void
leave_if_alone(struct parent *p)
{
	if (processes_are_gone(p))
		ev_break(p->loop, EVBREAK_ALL);
}

/* The workers are done: nobody needs control and keys any more. */
static void
end(struct parent *p)
{
	p->state = PARENT_ENDING;
	processes_tell_drain(p, ROLE_CONTROL, 0);
	processes_tell_drain(p, ROLE_HOOK, 0);
	processes_tell_drain(p, ROLE_KEYS, 0);
	set_deadline(p, ENDING_S);
	leave_if_alone(p);
}

static void
stop_waiting_to_start(struct parent *p)
{
	ev_timer_stop(p->loop, &p->workers_anyway);
	for (size_t k = 0; k < GENERATIONS_MAX; k++) {
		struct generation *g = p->generations[k];

		if (g == NULL)
			continue;
		ev_timer_stop(p->loop, &g->deadline);
		for (size_t i = 0; i < g->n_processes; i++)
			ev_timer_stop(p->loop, &g->processes[i].again);
	}
}

static void
drain(struct parent *p, int64_t ms)
{
	log_info("drain timeout=%lldms", (long long)ms);
	proc_notify("STOPPING=1");
	p->state = PARENT_DRAINING;
	upgrade_forget(p);
	stop_waiting_to_start(p);
	/* else clients would be queued here and never served */
	parent_listeners_close(&p->listeners);
	processes_tell_drain(p, ROLE_WORKER, ms);
	set_deadline(p, (double)ms / 1000. + DRAIN_GRACE_S);
	if (processes_running(p, ROLE_WORKER) == 0)
		end(p);
}

static void
on_deadline(struct ev_loop *loop, ev_timer *w, int events)
{
	struct parent *p = container_of(w, struct parent, deadline);

	(void)loop;
	(void)events;
	log_warning("some processes did not end in time: killed");
	processes_kill(p);
	p->state = PARENT_ENDING;
}

/* What follows an exit while the daemon goes on. */
static void
replace(struct parent *p, struct process *c)
{
	if (upgrade_on_exit(p, c))
		return;
	if (c->generation->state != GENERATION_DRAINING) {
		process_start_later(c);
		return;
	}
	generation_on_exit(c->generation, c);
	if (p->upgrade.is_wanted)
		upgrade_begin(p);
}

void
parent_on_exit(struct parent *p, struct process *c)
{
	if (p->state < PARENT_DRAINING)
		replace(p, c);
	else if (p->state == PARENT_DRAINING &&
		 processes_running(p, ROLE_WORKER) == 0)
		end(p);
	else if (p->state == PARENT_ENDING)
		leave_if_alone(p);
}

/* --- the beginning
 * ------------------------------------------------------------ */

static void
tell_that_all_serve(struct parent *p)
{
	p->state = PARENT_UP;
	log_info("serving version=%s workers=%lld", TOWPATH_VERSION,
	    (long long)p->config.router.workers);
	proc_notify("READY=1");
	if (p->upgrade.is_wanted)
		upgrade_begin(p);
}

void
parent_on_ready(struct parent *p, struct process *c)
{
	struct generation *g = c->generation;

	if (p->state >= PARENT_DRAINING)
		return;
	if (g->state == GENERATION_SERVING)
		process_tell_config(c);
	upgrade_on_ready(p);
	if (p->state != PARENT_STARTING)
		return;
	if (c->role == ROLE_CONTROL) {
		ev_timer_stop(p->loop, &p->workers_anyway);
		generation_start_workers(g);
	}
	if (generation_is_ready(g, ROLE_WORKER) &&
	    generation_is_ready(g, ROLE_KEYS))
		tell_that_all_serve(p);
}

/* A child that cannot start for a reason it can name: at the beginning there
 * is no use in going on, unless the reason will pass; later what runs goes on.
 * It is tried again. */
void
parent_on_failed(
    struct parent *p, const struct process *c, const struct fault *f)
{
	if (p->state >= PARENT_DRAINING)
		return; /* its siblings said the same */
	if (c->generation->state == GENERATION_STARTING) {
		upgrade_on_failed(p, c, f);
		return;
	}
	if (p->state == PARENT_UP || f->code == FAULT_S19_STORE_AWAY) {
		log_error("%s %u cannot start: %s %s", role_name(c->role),
		    c->instance, fault_code_name(f->code), f->text);
		return;
	}
	parent_complain(f);
	p->status = EXIT_REFUSED;
	drain(p, 0);
}

static void
on_workers_anyway(struct ev_loop *loop, ev_timer *w, int events)
{
	struct parent *p = container_of(w, struct parent, workers_anyway);

	(void)loop;
	(void)events;
	log_warning("control is not up: workers start without it");
	generation_start_workers(generation_serving(p));
}

/* --- signals
 * ------------------------------------------------------------------- */

static void
on_terminate(struct ev_loop *loop, ev_signal *w, int events)
{
	struct parent *p = w->data;

	(void)loop;
	(void)events;
	if (p->state < PARENT_DRAINING) {
		p->asked_ms = clock_mono_ms();
		drain(p, p->config.router.drain_timeout_ms);
	} else if (clock_mono_ms() - p->asked_ms >= IMPATIENT_MS) {
		log_warning("asked to end a second time: at once, then");
		processes_kill(p);
	}
}

/* A new access log is opened, then all are told: none is ever without one. */
static void
on_reopen(struct ev_loop *loop, ev_signal *w, int events)
{
	struct parent *p = w->data;
	struct fault f = {0};
	int fd;

	(void)loop;
	(void)events;
	if (parent_open_access_log(&p->config, &fd, &f) != ERR_OK) {
		log_error("access log: %s; the old one stays", f.text);
		return;
	}
	if (fd < 0)
		return;
	close(p->access_log);
	p->access_log = fd;
	processes_tell(
	    p, ROLE_WORKER, MSG_REOPEN, SLICE(""), &p->access_log, 1);
	log_info("access log opened again");
}

static void
on_hangup(struct ev_loop *loop, ev_signal *w, int events)
{
	struct parent *p = w->data;

	(void)loop;
	(void)events;
	if (p->upgrade.step != UPGRADE_NONE)
		p->upgrade.wants_reload = true;
	else if (p->state < PARENT_DRAINING)
		parent_reload(p);
}

static void
on_replace(struct ev_loop *loop, ev_signal *w, int events)
{
	(void)loop;
	(void)events;
	upgrade_begin(w->data);
}

static void
watch(struct parent *p, ev_signal *w, int number,
    void (*on_signal)(struct ev_loop *, ev_signal *, int))
{
	ev_signal_init(w, on_signal, number);
	w->data = p;
	ev_signal_start(p->loop, w);
}

static void
watch_signals(struct parent *p)
{
	(void)signal(SIGPIPE, SIG_IGN);
	watch(p, &p->terminate, SIGTERM, on_terminate);
	watch(p, &p->interrupt, SIGINT, on_terminate);
	watch(p, &p->hangup, SIGHUP, on_hangup);
	watch(p, &p->reopen, SIGUSR1, on_reopen);
	watch(p, &p->replace, SIGUSR2, on_replace);
	ev_timer_init(&p->deadline, on_deadline, 0., 0.);
	ev_timer_init(
	    &p->workers_anyway, on_workers_anyway, CONTROL_WAIT_S, 0.);
}

/* --- all of it
 * ------------------------------------------------------------------ */

static enum err
open_all(struct parent *p, struct fault *f)
{
	enum err e;

	config_clear(&p->config);
	e = config_load(p->config_path, &p->config, f);
	if (e != ERR_OK)
		return e;
	log_set_level((enum log_level)p->config.router.log_level);
	parent_warn_of_idle_keys(&p->config);
	(void)proc_raise_files();
	e = parent_set_up(p, f);
	if (e == ERR_OK)
		e = parent_listen(p, f);
	if (e == ERR_OK)
		proc_limit_parent();
	return e;
}

static void
watch_all(struct parent *p)
{
	p->loop = proc_loop();
	watch_signals(p);
	upgrade_init(p);
}

static void
run(struct parent *p)
{
	(void)ev_run(p->loop, 0);
	for (size_t i = 0; i < GENERATIONS_MAX; i++)
		if (p->generations[i] != NULL)
			generation_free(p->generations[i]);
	ev_loop_destroy(p->loop);
}

static void
serve(struct parent *p)
{
	watch_all(p);
	p->newest = 1;
	generation_start(generation_new(p, 1, proc_program()));
	generation_serving(p)->state = GENERATION_SERVING;
	if (p->had_store)
		ev_timer_start(p->loop, &p->workers_anyway);
	run(p);
}

/* Another binary was here before, and its children are. */
static enum err
go_on(struct parent *p, int state, struct fault *f)
{
	bool is_undone;
	enum err e;

	watch_all(p);
	state_let_signals_come();
	e = state_read(p, state, &is_undone, f);
	if (e == ERR_OK)
		e = parent_check_users(p, f);
	if (e != ERR_OK)
		return e;
	log_set_level((enum log_level)p->config.router.log_level);
	p->state = PARENT_UP;
	p->had_store = true;
	/* who died in between told nobody */
	ev_feed_signal_event(p->loop, SIGCHLD);
	upgrade_go_on(p, is_undone);
	run(p);
	return ERR_OK;
}

/* Would it go on?  The answer is one byte; our exit status says the same. */
static enum err
rehearse(struct parent *p, int state, struct fault *f)
{
	const char *text = getenv(REHEARSAL_VARIABLE);
	uint64_t answer;
	bool is_undone;
	enum err e = state_read(p, state, &is_undone, f);

	if (e == ERR_OK)
		e = parent_check_users(p, f);
	if (e == ERR_OK)
		e = slice_to_u64(slice_str(text), &answer);
	if (e == ERR_OK && write((int)answer, "", 1) != 1)
		e = ERR_IO;
	for (size_t i = 0; i < GENERATIONS_MAX; i++)
		if (p->generations[i] != NULL)
			generation_free(p->generations[i]);
	return e;
}

static void
close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void
close_all(struct parent *p)
{
	if (p->control_socket >= 0) {
		(void)unlink(p->config.control.socket);
		close(p->control_socket);
	}
	parent_listeners_close(&p->listeners);
	close_if_open(p->shared);
	close_if_open(p->shared_readonly);
	close_if_open(p->stats);
	close_if_open(p->limits);
	close_if_open(p->master_key);
	close_if_open(p->access_log);
	config_clear(&p->config);
	free(p->program);
}

/* What SIGUSR2 will start: the name we were started by, for another binary may
 * stand there then. */
static char *
program_of(const char *name)
{
	char path[PATH_MAX];
	ssize_t n;

	if (strchr(name, '/') != NULL) {
		char *folder = name[0] == '/' ? NULL : getcwd(NULL, 0);
		char *full = folder == NULL ? xstrdup(name)
					    : xasprintf("%s/%s", folder, name);

		free(folder);
		return full;
	}
	n = readlink("/proc/self/exe", path, sizeof(path));
	return n <= 0 ? xstrdup(name)
		      : xstrdup_slice(slice_of(path, (size_t)n));
}

static enum err
live(struct parent *p, struct fault *f)
{
	enum err e;
	int state;

	if (state_is_left(&state))
		return getenv(REHEARSAL_VARIABLE) != NULL
			   ? rehearse(p, state, f)
			   : go_on(p, state, f);
	e = open_all(p, f);
	if (e == ERR_OK)
		serve(p);
	return e;
}

static void
init(struct parent *p, const char *config_path, char *const *argv)
{
	*p = (struct parent){.config_path = config_path,
	    .argv = argv,
	    .program = program_of(argv[0]),
	    .shared = -1,
	    .shared_readonly = -1,
	    .stats = -1,
	    .limits = -1,
	    .master_key = -1,
	    .access_log = -1,
	    .control_socket = -1};
	config_init(&p->config);
}

int
parent_main(const char *config_path, char *const *argv)
{
	struct fault f = {0};
	struct parent p;

	log_set_name("parent");
	clock_init();
	init(&p, config_path, argv);
	if (live(&p, &f) != ERR_OK) {
		parent_complain(&f);
		p.status = EXIT_REFUSED;
	}
	close_all(&p);
	return p.status;
}

int
parent_check(const char *config_path)
{
	struct parent p = {.config_path = config_path};
	struct fault f = {0};
	int status = 0;
	enum err e;

	log_set_name("check");
	e = config_load(config_path, &p.config, &f);
	if (e == ERR_OK)
		e = parent_check_users(&p, &f);
	if (e != ERR_OK) {
		parent_complain(&f);
		status = EXIT_REFUSED;
	} else {
		parent_warn_of_idle_keys(&p.config);
		if (!parent_check_store(&p))
			status = EXIT_REFUSED;
	}
	config_clear(&p.config);
	return status;
}
