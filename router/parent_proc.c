#include "router/parent_proc.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
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
tell_drain(struct parent *p, enum role role, int64_t ms)
{
	struct buf body;

	buf_init(&body, 4);
	wire_put_u32(&body, (uint32_t)ms);
	processes_tell(p, role, MSG_DRAIN, buf_slice(&body), NULL, 0);
	buf_clear(&body);
}

static void
leave_if_alone(struct parent *p)
{
	if (processes_running(p, ROLE_WORKER) +
		processes_running(p, ROLE_CONTROL) +
		processes_running(p, ROLE_KEYS) ==
	    0)
		ev_break(p->loop, EVBREAK_ALL);
}

/* The workers are done: nobody needs control and keys any more. */
static void
end(struct parent *p)
{
	p->state = PARENT_ENDING;
	tell_drain(p, ROLE_CONTROL, 0);
	tell_drain(p, ROLE_KEYS, 0);
	set_deadline(p, ENDING_S);
	leave_if_alone(p);
}

static void
stop_waiting_to_start(struct parent *p)
{
	ev_timer_stop(p->loop, &p->workers_anyway);
	for (size_t i = 0; i < p->n_processes; i++)
		ev_timer_stop(p->loop, &p->processes[i].again);
}

static void
drain(struct parent *p, int64_t ms)
{
	log_info("drain timeout=%lldms", (long long)ms);
	proc_notify("STOPPING=1");
	p->state = PARENT_DRAINING;
	stop_waiting_to_start(p);
	/* else clients would be queued here and never served */
	parent_stop_listening(p);
	tell_drain(p, ROLE_WORKER, ms);
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

void
parent_on_exit(struct parent *p)
{
	if (p->state == PARENT_DRAINING &&
	    processes_running(p, ROLE_WORKER) == 0)
		end(p);
	else if (p->state == PARENT_ENDING)
		leave_if_alone(p);
}

/* --- the beginning
 * ------------------------------------------------------------ */

void
parent_on_ready(struct parent *p, struct process *c)
{
	if (p->state >= PARENT_DRAINING)
		return;
	if (c->role == ROLE_CONTROL) {
		ev_timer_stop(p->loop, &p->workers_anyway);
		processes_start_workers(p);
	}
	if (p->state == PARENT_STARTING &&
	    processes_are_ready(p, ROLE_WORKER) &&
	    processes_are_ready(p, ROLE_KEYS)) {
		p->state = PARENT_UP;
		log_info("serving version=%s workers=%lld", TOWPATH_VERSION,
		    (long long)p->config.router.workers);
		proc_notify("READY=1");
	}
}

/* A child that cannot start for a reason it can name: at the beginning there
 * is no use in going on; later what runs goes on, and it is tried again. */
void
parent_on_failed(
    struct parent *p, const struct process *c, const struct fault *f)
{
	if (p->state >= PARENT_DRAINING)
		return; /* its siblings said the same */
	if (p->state == PARENT_UP) {
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
	processes_start_workers(p);
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
apply_level(struct parent *p)
{
	uint8_t level = (uint8_t)p->config.router.log_level;
	struct slice body = slice_of(&level, 1);

	log_set_level((enum log_level)level);
	processes_tell(p, ROLE_CONTROL, MSG_LEVEL, body, NULL, 0);
	processes_tell(p, ROLE_KEYS, MSG_LEVEL, body, NULL, 0);
	processes_tell(p, ROLE_WORKER, MSG_LEVEL, body, NULL, 0);
}

/* A key that is known but does nothing yet must not pass in silence. */
static void
warn_of_idle_keys(const struct config *c)
{
	char name[CONFIG_NAME_SIZE];
	size_t at = 0;

	while (config_idle(c, &at, name))
		log_warning(
		    "%s has no effect in towpath %s", name, TOWPATH_VERSION);
}

/* Takes over what can change while running; says by name what cannot. */
static void
take_over(struct parent *p, const struct config *next)
{
	char name[CONFIG_NAME_SIZE];
	size_t at = 0;
	bool is_live;

	while (config_difference(&p->config, next, &at, name, &is_live)) {
		if (is_live)
			log_info("reload: %s changed", name);
		else
			log_warning("reload: %s cannot change while running: "
				    "restart towpathd for it",
			    name);
	}
	config_take_live(&p->config, next);
	apply_level(p);
	warn_of_idle_keys(next);
}

static void
on_hangup(struct ev_loop *loop, ev_signal *w, int events)
{
	struct parent *p = w->data;
	struct config next;
	struct fault f = {0};

	(void)loop;
	(void)events;
	proc_notify("RELOADING=1");
	if (config_load(p->config_path, &next, &f) == ERR_OK) {
		take_over(p, &next);
		log_info("reload: done file=%s", p->config_path);
	} else {
		log_error("reload: nothing changed: %s", f.text);
	}
	config_clear(&next);
	proc_notify("READY=1");
}

static void
on_replace(struct ev_loop *loop, ev_signal *w, int events)
{
	(void)loop;
	(void)w;
	(void)events;
	log_warning("SIGUSR2: this version is replaced by a restart");
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
	enum err e = config_load(p->config_path, &p->config, f);

	if (e != ERR_OK)
		return e;
	log_set_level((enum log_level)p->config.router.log_level);
	warn_of_idle_keys(&p->config);
	(void)proc_raise_files();
	e = parent_set_up(p, f);
	if (e == ERR_OK)
		e = parent_listen(p, f);
	if (e == ERR_OK)
		proc_limit_parent();
	return e;
}

static void
serve(struct parent *p)
{
	p->loop = proc_loop();
	watch_signals(p);
	processes_init(p);
	processes_start(p);
	if (p->had_store)
		ev_timer_start(p->loop, &p->workers_anyway);
	(void)ev_run(p->loop, 0);
	processes_clear(p);
	ev_loop_destroy(p->loop);
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
	parent_stop_listening(p);
	close_if_open(p->shared);
	close_if_open(p->shared_readonly);
	close_if_open(p->stats);
	close_if_open(p->limits);
	close_if_open(p->master_key);
	close_if_open(p->access_log);
	config_clear(&p->config);
}

int
parent_main(const char *config_path)
{
	struct parent p = {.config_path = config_path,
	    .shared = -1,
	    .shared_readonly = -1,
	    .stats = -1,
	    .limits = -1,
	    .master_key = -1,
	    .access_log = -1,
	    .control_socket = -1};
	struct fault f = {0};

	log_set_name("parent");
	clock_init();
	if (open_all(&p, &f) == ERR_OK) {
		serve(&p);
	} else {
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
	enum err e;

	log_set_name("check");
	e = config_load(config_path, &p.config, &f);
	if (e == ERR_OK)
		e = parent_check_users(&p, &f);
	if (e != ERR_OK)
		parent_complain(&f);
	else
		warn_of_idle_keys(&p.config);
	config_clear(&p.config);
	return e == ERR_OK ? 0 : EXIT_REFUSED;
}
