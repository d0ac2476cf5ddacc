/* The part of router/parent.h that keeps the children of one binary together,
 * and all of them. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "router/parent.h"

/* Beyond its time, for a worker to end by itself. */
#define DRAIN_GRACE_MS 2000

static void
on_deadline(struct ev_loop *loop, ev_timer *w, int events)
{
	struct generation *g = container_of(w, struct generation, deadline);

	(void)loop;
	(void)events;
	log_warning("generation %u did not end in time: killed", g->number);
	generation_kill(g);
}

struct generation *
generation_new(struct parent *p, uint32_t number, int program)
{
	uint32_t workers = (uint32_t)p->config.router.workers;
	struct generation *g = xcalloc(1, sizeof(*g));
	struct process *c;

	g->parent = p;
	g->number = number;
	g->program = program;
	g->n_processes = 2 * (size_t)workers + 3;
	g->processes = c = xcalloc(g->n_processes, sizeof(*g->processes));
	for (uint32_t i = 0; i <= workers; i++)
		process_init(g, c++, ROLE_KEYS, i);
	process_init(g, c++, ROLE_HOOK, 0);
	process_init(g, c++, ROLE_CONTROL, 0);
	for (uint32_t i = 0; i < workers; i++)
		process_init(g, c++, ROLE_WORKER, i);
	ev_timer_init(&g->deadline, on_deadline, 0., 0.);
	p->generations[number % GENERATIONS_MAX] = g;
	return g;
}

void
generation_free(struct generation *g)
{
	struct parent *p = g->parent;

	for (size_t i = 0; i < g->n_processes; i++)
		process_clear(&g->processes[i]);
	ev_timer_stop(p->loop, &g->deadline);
	p->generations[g->number % GENERATIONS_MAX] = NULL;
	if (g->program >= 0)
		close(g->program);
	free(g->processes);
	free(g);
}

struct generation *
generation_serving(const struct parent *p)
{
	return p->generations[p->newest % GENERATIONS_MAX];
}

static struct process *
only_one(const struct generation *g, enum role role)
{
	size_t i = 0;

	while (g->processes[i].role != role)
		i++;
	return &g->processes[i];
}

struct process *
generation_control(const struct generation *g)
{
	return only_one(g, ROLE_CONTROL);
}

struct process *
generation_hook(const struct generation *g)
{
	return only_one(g, ROLE_HOOK);
}

/* --- starting ---------------------------------------------------------------
 */

void
generation_start(struct generation *g)
{
	for (size_t i = 0; i < g->n_processes; i++)
		if (g->processes[i].role != ROLE_WORKER)
			process_start(&g->processes[i]);
}

void
generation_start_workers(struct generation *g)
{
	for (size_t i = 0; i < g->n_processes; i++) {
		struct process *c = &g->processes[i];

		if (c->role == ROLE_WORKER && c->channel == NULL &&
		    !ev_is_active(&c->again))
			process_start(c);
	}
}

void
generation_start_upgrade(struct generation *g)
{
	for (size_t i = 0; i < g->n_processes; i++)
		if (g->processes[i].role != ROLE_CONTROL &&
		    g->processes[i].role != ROLE_HOOK)
			process_start(&g->processes[i]);
}

void
generation_start_control(struct generation *g)
{
	process_start(generation_hook(g));
	process_start(generation_control(g));
}

bool
generation_is_ready(const struct generation *g, enum role role)
{
	for (size_t i = 0; i < g->n_processes; i++)
		if (g->processes[i].role == role &&
		    g->processes[i].state != PROCESS_READY)
			return false;
	return true;
}

/* --- ending -----------------------------------------------------------------
 */

void
generation_kill(struct generation *g)
{
	for (size_t i = 0; i < g->n_processes; i++) {
		struct process *c = &g->processes[i];

		ev_timer_stop(g->parent->loop, &c->again);
		if (c->pid > 0)
			(void)kill(c->pid, SIGKILL);
	}
}

bool
generation_is_gone(const struct generation *g)
{
	for (size_t i = 0; i < g->n_processes; i++)
		if (g->processes[i].pid > 0)
			return false;
	return true;
}

size_t
generation_running(const struct generation *g, enum role role)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n_processes; i++)
		n += g->processes[i].role == role && g->processes[i].pid > 0;
	return n;
}

/* The hook, whose control is gone, and keys whose worker, or control, is:
 * nobody asks them any more. */
static void
end_idle(struct generation *g)
{
	uint32_t workers = (uint32_t)g->parent->config.router.workers;

	process_tell_drain(generation_hook(g), 0, false);
	for (size_t i = 0; i < g->n_processes; i++) {
		struct process *c = &g->processes[i];
		bool is_needed = false;

		if (c->role != ROLE_KEYS || c->pid <= 0)
			continue;
		for (size_t k = 0; k < g->n_processes; k++) {
			const struct process *w = &g->processes[k];

			is_needed |= w->role == ROLE_WORKER && w->pid > 0 &&
				     w->instance == c->instance;
		}
		if (c->instance == workers || !is_needed)
			process_tell_drain(c, 0, false);
	}
}

void
generation_set_deadline(struct generation *g)
{
	struct parent *p = g->parent;
	int64_t end_ms =
	    g->drained_at_ms + p->config.router.upgrade_drain_timeout_ms;
	int64_t left_ms = end_ms - clock_mono_ms();

	if (left_ms < 0)
		left_ms = 0;
	for (size_t i = 0; i < g->n_processes; i++)
		if (g->processes[i].role == ROLE_WORKER)
			process_tell_drain(&g->processes[i], left_ms, true);
	ev_timer_stop(p->loop, &g->deadline);
	ev_now_update(p->loop);
	ev_timer_set(
	    &g->deadline, (double)(left_ms + DRAIN_GRACE_MS) / 1000., 0.);
	ev_timer_start(p->loop, &g->deadline);
}

void
generation_drain(struct generation *g)
{
	g->state = GENERATION_DRAINING;
	g->drained_at_ms = clock_mono_ms();
	for (size_t i = 0; i < g->n_processes; i++)
		ev_timer_stop(g->parent->loop, &g->processes[i].again);
	generation_set_deadline(g);
	end_idle(g);
}

void
generation_on_exit(struct generation *g, struct process *c)
{
	if (c->role == ROLE_WORKER)
		end_idle(g);
	if (!generation_is_gone(g))
		return;
	log_info("generation %u has ended", g->number);
	generation_free(g);
}

/* --- of all generations -----------------------------------------------------
 */

void
processes_tell(struct parent *p, enum role role, enum message type,
    struct slice body, const int *fds, size_t n_fds)
{
	for (size_t k = 0; k < GENERATIONS_MAX; k++) {
		struct generation *g = p->generations[k];

		for (size_t i = 0; g != NULL && i < g->n_processes; i++)
			if (g->processes[i].role == role)
				process_tell(
				    &g->processes[i], type, body, fds, n_fds);
	}
}

void
processes_tell_drain(struct parent *p, enum role role, int64_t ms)
{
	for (size_t k = 0; k < GENERATIONS_MAX; k++) {
		struct generation *g = p->generations[k];

		for (size_t i = 0; g != NULL && i < g->n_processes; i++)
			if (g->processes[i].role == role)
				process_tell_drain(&g->processes[i], ms, false);
	}
}

void
processes_kill(struct parent *p)
{
	for (size_t k = 0; k < GENERATIONS_MAX; k++)
		if (p->generations[k] != NULL)
			generation_kill(p->generations[k]);
}

bool
processes_are_gone(const struct parent *p)
{
	for (size_t k = 0; k < GENERATIONS_MAX; k++)
		if (p->generations[k] != NULL &&
		    !generation_is_gone(p->generations[k]))
			return false;
	return true;
}

size_t
processes_running(const struct parent *p, enum role role)
{
	size_t n = 0;

	for (size_t k = 0; k < GENERATIONS_MAX; k++)
		if (p->generations[k] != NULL)
			n += generation_running(p->generations[k], role);
	return n;
}
