#include <sys/wait.h>

#include <assert.h>
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

/* The program as it runs, also when its file was replaced meanwhile. */
#define PROGRAM "/proc/self/exe"

/* Back-off of a child that dies: at once the first time, then doubling. */
#define AGAIN_FIRST_MS 100
#define AGAIN_MAX_MS   1000
/* One that lived so long has shown that it can: what ended it came from
 * outside, and the next one starts at once. */
#define PROVEN_MS 1000

static void start(struct process *c);

/* --- who is joined with whom -----------------------------------------------
 */

static uint32_t
workers_of(const struct parent *p)
{
	return (uint32_t)p->config.router.workers;
}

static bool
is_pair_of(const struct process *a, const struct process *b)
{
	uint32_t workers = workers_of(a->parent);

	if (a->role == ROLE_CONTROL)
		return b->role == ROLE_WORKER ||
		       (b->role == ROLE_KEYS && b->instance == workers);
	return a->role == ROLE_WORKER && b->role == ROLE_KEYS &&
	       a->instance == b->instance;
}

static void
introduce(struct process *to, const struct process *peer, int fd)
{
	struct buf body;

	buf_init(&body, 16);
	wire_put_u8(&body, (uint8_t)peer->role);
	wire_put_u32(
	    &body, peer->role == ROLE_WORKER
		       ? config_seat(&peer->parent->config, 1, peer->instance)
		       : peer->instance);
	(void)channel_send(to->channel, MSG_PEER, buf_slice(&body), &fd, 1);
	buf_clear(&body);
}

/* A fresh channel between two, for the one that was started and its peer. */
static void
join(struct process *a, struct process *b)
{
	int fds[2];

	if (channel_pair(fds) != ERR_OK)
		return;
	introduce(a, b, fds[0]);
	introduce(b, a, fds[1]);
	close(fds[0]);
	close(fds[1]);
}

static void
join_all(struct process *c)
{
	struct parent *p = c->parent;

	for (size_t i = 0; i < p->n_processes; i++) {
		struct process *other = &p->processes[i];

		if (other->channel != NULL &&
		    (is_pair_of(c, other) || is_pair_of(other, c)))
			join(c, other);
	}
}

/* --- what each is given ------------------------------------------------------
 */

static void
add_fds(int *fds, size_t *n, const struct fd_list *l)
{
	assert(*n + l->n <= CHANNEL_FDS_MAX);
	if (l->n > 0)
		memcpy(fds + *n, l->fds, l->n * sizeof(*fds));
	*n += l->n;
}

/* The descriptors of MSG_SETUP, in the order of base/messages.h. */
static size_t
gather_fds(const struct process *c, int fds[CHANNEL_FDS_MAX])
{
	const struct parent *p = c->parent;
	size_t n = 0;

	if (c->role == ROLE_KEYS) {
		fds[n++] = p->master_key;
	} else if (c->role == ROLE_CONTROL) {
		fds[n++] = p->shared;
		fds[n++] = p->control_socket;
		fds[n++] = p->limits;
		fds[n++] = p->stats;
	} else {
		fds[n++] = p->shared_readonly;
		fds[n++] = p->stats;
		fds[n++] = p->limits;
		if (p->access_log >= 0)
			fds[n++] = p->access_log;
		add_fds(fds, &n, &p->listeners);
	}
	return n;
}

static void
set_up(struct process *c)
{
	struct buf body, config;
	int fds[CHANNEL_FDS_MAX];
	size_t n_fds = gather_fds(c, fds);

	buf_init(&config, CHANNEL_MESSAGE_MAX);
	config_encode(&c->parent->config, c->role, &config);
	buf_init(&body, CHANNEL_MESSAGE_MAX);
	wire_put_u32(&body, c->instance);
	wire_put_u32(&body, 1);
	wire_put_bytes(&body, buf_slice(&config));
	if (buf_failed(&config) || buf_failed(&body))
		log_error("the configuration is too large to be handed over");
	(void)channel_send(c->channel, MSG_SETUP, buf_slice(&body), fds, n_fds);
	buf_wipe(&body);
	buf_wipe(&config);
}

static void
tell_level(struct process *c)
{
	uint8_t level = (uint8_t)c->parent->config.router.log_level;

	(void)channel_send(c->channel, MSG_LEVEL, slice_of(&level, 1), NULL, 0);
}

/* --- life and death
 * ----------------------------------------------------------- */

static enum err
handle_failed(struct process *c, struct slice body)
{
	struct wire w = wire_open(body);
	struct fault f = {0};

	wire_fault(&w, &f);
	if (wire_end(&w) != ERR_OK)
		return ERR_SYNTAX;
	parent_on_failed(c->parent, c, &f);
	return ERR_OK;
}

static enum err
on_message(void *ctx, struct channel *channel, const struct channel_message *m)
{
	struct process *c = ctx;

	(void)channel;
	if (m->type == MSG_FAILED)
		return handle_failed(c, m->body);
	if (m->type != MSG_READY || m->body.n != 0 || m->n_fds != 0)
		return ERR_SYNTAX;
	if (c->state != PROCESS_STARTING)
		return ERR_OK;
	c->state = PROCESS_READY;
	log_debug("%s %u is ready pid=%d", role_name(c->role), c->instance,
	    (int)c->pid);
	parent_on_ready(c->parent, c);
	return ERR_OK;
}

/* Gone, or cut off for what it sent: either way it must not live on without
 * its parent.  Its exit is what is acted upon. */
static void
on_closed(void *ctx, struct channel *channel)
{
	struct process *c = ctx;

	(void)channel;
	if (c->parent->state < PARENT_DRAINING && c->pid > 0)
		(void)kill(c->pid, SIGKILL);
}

static void
log_exit(const struct process *c, int status)
{
	if (WIFSIGNALED(status))
		log_error("%s %u died signal=%d pid=%d", role_name(c->role),
		    c->instance, WTERMSIG(status), (int)c->pid);
	else if (c->parent->state < PARENT_DRAINING)
		log_error("%s %u ended status=%d pid=%d", role_name(c->role),
		    c->instance, WEXITSTATUS(status), (int)c->pid);
	else
		log_debug("%s %u ended status=%d", role_name(c->role),
		    c->instance, WEXITSTATUS(status));
}

/* When to start it again, from how often it died in a row. */
static double
delay_of(const struct process *c)
{
	int64_t ms = AGAIN_FIRST_MS;

	if (c->failures <= 1)
		return 0.;
	for (unsigned i = 2; i < c->failures && ms < AGAIN_MAX_MS; i++)
		ms *= 2;
	return (double)(ms < AGAIN_MAX_MS ? ms : AGAIN_MAX_MS) / 1000.;
}

static void
on_exit_of(struct ev_loop *loop, ev_child *w, int events)
{
	struct process *c = container_of(w, struct process, exit);

	(void)events;
	log_exit(c, w->rstatus);
	ev_child_stop(loop, w);
	channel_free(c->channel);
	c->channel = NULL;
	c->pid = 0;
	c->state = PROCESS_ABSENT;
	if (clock_mono_ms() - c->started_ms >= PROVEN_MS)
		c->failures = 0;
	c->failures++;
	if (c->parent->state < PARENT_DRAINING) {
		ev_timer_set(&c->again, delay_of(c), 0.);
		ev_timer_start(loop, &c->again);
	}
	parent_on_exit(c->parent);
}

static void
on_again(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	start(container_of(w, struct process, again));
}

static const struct proc_user *
user_of(const struct process *c)
{
	if (c->role == ROLE_CONTROL)
		return &c->parent->control_user;
	return c->role == ROLE_KEYS ? &c->parent->keys_user
				    : &c->parent->edge_user;
}

/* It could not even be forked: tried again as if it had died. */
static void
try_later(struct process *c)
{
	c->failures++;
	ev_timer_set(&c->again, (double)AGAIN_MAX_MS / 1000., 0.);
	ev_timer_start(c->parent->loop, &c->again);
}

static void
start(struct process *c)
{
	static const struct channel_ops ops = {on_message, on_closed};
	struct parent *p = c->parent;
	int fds[2];
	enum err e;

	assert(c->channel == NULL);
	c->started_ms = clock_mono_ms();
	if (channel_pair(fds) != ERR_OK) {
		try_later(c);
		return;
	}
	e = proc_spawn(
	    PROGRAM, c->role, c->instance, fds[1], user_of(c), &c->pid);
	close(fds[1]);
	if (e != ERR_OK) {
		close(fds[0]);
		try_later(c);
		return;
	}
	c->state = PROCESS_STARTING;
	c->channel =
	    channel_new(fds[0], ROLE_PARENT, c->role, c->instance, &ops, c);
	channel_start(c->channel, p->loop);
	ev_child_set(&c->exit, c->pid, 0);
	ev_child_start(p->loop, &c->exit);
	set_up(c);
	tell_level(c);
	join_all(c);
	/* what it needs lies in its channels by now, answered or not */
	(void)channel_send(c->channel, MSG_START, SLICE(""), NULL, 0);
}

/* --- all of them
 * ---------------------------------------------------------------- */

static void
process_init(
    struct parent *p, struct process *c, enum role role, uint32_t instance)
{
	*c = (struct process){.parent = p, .role = role, .instance = instance};
	ev_child_init(&c->exit, on_exit_of, 0, 0);
	ev_timer_init(&c->again, on_again, 0., 0.);
}

void
processes_init(struct parent *p)
{
	uint32_t workers = workers_of(p);
	struct process *c;

	p->n_processes = 2 * (size_t)workers + 2;
	p->processes = c = xcalloc(p->n_processes, sizeof(*p->processes));
	for (uint32_t i = 0; i <= workers; i++)
		process_init(p, c++, ROLE_KEYS, i);
	process_init(p, c++, ROLE_CONTROL, 0);
	for (uint32_t i = 0; i < workers; i++)
		process_init(p, c++, ROLE_WORKER, i);
}

void
processes_clear(struct parent *p)
{
	for (size_t i = 0; i < p->n_processes; i++) {
		struct process *c = &p->processes[i];

		ev_child_stop(p->loop, &c->exit);
		ev_timer_stop(p->loop, &c->again);
		channel_free(c->channel);
	}
	free(p->processes);
	p->processes = NULL;
	p->n_processes = 0;
}

void
processes_start(struct parent *p)
{
	for (size_t i = 0; i < p->n_processes; i++)
		if (p->processes[i].role != ROLE_WORKER)
			start(&p->processes[i]);
}

void
processes_start_workers(struct parent *p)
{
	for (size_t i = 0; i < p->n_processes; i++) {
		struct process *c = &p->processes[i];

		if (c->role == ROLE_WORKER && c->channel == NULL &&
		    !ev_is_active(&c->again))
			start(c);
	}
}

void
processes_tell(struct parent *p, enum role role, enum message type,
    struct slice body, const int *fds, size_t n_fds)
{
	for (size_t i = 0; i < p->n_processes; i++) {
		struct process *c = &p->processes[i];

		if (c->role == role && c->channel != NULL)
			(void)channel_send(c->channel, type, body, fds, n_fds);
	}
}

void
processes_kill(struct parent *p)
{
	for (size_t i = 0; i < p->n_processes; i++)
		if (p->processes[i].pid > 0)
			(void)kill(p->processes[i].pid, SIGKILL);
}

size_t
processes_running(const struct parent *p, enum role role)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_processes; i++)
		n += p->processes[i].role == role && p->processes[i].pid > 0;
	return n;
}

bool
processes_are_ready(const struct parent *p, enum role role)
{
	for (size_t i = 0; i < p->n_processes; i++)
		if (p->processes[i].role == role &&
		    p->processes[i].state != PROCESS_READY)
			return false;
	return true;
}
