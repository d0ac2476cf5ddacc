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

/* Back-off of a child that dies: at once the first time, then doubling. */
#define AGAIN_FIRST_MS 100
#define AGAIN_MAX_MS   1000
/* One that lived so long has shown that it can: what ended it came from
 * outside, and the next one starts at once. */
#define PROVEN_MS 1000
/* Beyond what it was given, for one that is replaced to be gone. */
#define LEAVE_GRACE_S 0.5

/* --- who is joined with whom -----------------------------------------------
 */

static uint32_t
workers_of(const struct parent *p)
{
	return (uint32_t)p->config.router.workers;
}

/* Control asks workers of all generations; keys and the hook are of one. */
static bool
is_pair_of(const struct process *a, const struct process *b)
{
	bool is_same = a->generation == b->generation;

	if (a->role == ROLE_CONTROL)
		return b->role == ROLE_WORKER ||
		       (b->role == ROLE_HOOK && is_same) ||
		       (b->role == ROLE_KEYS && is_same &&
			   b->instance == workers_of(a->parent));
	return a->role == ROLE_WORKER && b->role == ROLE_KEYS && is_same &&
	       a->instance == b->instance;
}

/* Under which number it is known to others. */
static uint32_t
number_of(const struct process *c)
{
	if (c->role != ROLE_WORKER)
		return c->instance;
	return config_seat(
	    &c->parent->config, c->generation->number, c->instance);
}

static void
introduce(struct process *to, const struct process *peer, int fd)
{
	struct buf body;

	buf_init(&body, 16);
	wire_put_u8(&body, (uint8_t)peer->role);
	wire_put_u32(&body, number_of(peer));
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
join_within(struct process *c, struct generation *g)
{
	for (size_t i = 0; i < g->n_processes; i++) {
		struct process *other = &g->processes[i];

		if (other->channel != NULL && !other->is_leaving &&
		    (is_pair_of(c, other) || is_pair_of(other, c)))
			join(c, other);
	}
}

static void
join_all(struct process *c)
{
	for (size_t i = 0; i < GENERATIONS_MAX; i++)
		if (c->parent->generations[i] != NULL)
			join_within(c, c->parent->generations[i]);
}

/* --- what each is given ------------------------------------------------------
 */

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
		for (size_t i = 0; i < p->listeners.n; i++)
			if (p->listeners.items[i].is_metrics &&
			    n < CHANNEL_FDS_MAX)
				fds[n++] = p->listeners.items[i].fd;
	} else if (c->role == ROLE_WORKER) {
		fds[n++] = p->shared_readonly;
		fds[n++] = p->stats;
		fds[n++] = p->limits;
		if (p->access_log >= 0)
			fds[n++] = p->access_log;
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
	wire_put_u32(&body, c->generation->number);
	wire_put_bytes(&body, buf_slice(&config));
	if (buf_failed(&config) || buf_failed(&body))
		log_error("the configuration is too large to be handed over");
	(void)channel_send(c->channel, MSG_SETUP, buf_slice(&body), fds, n_fds);
	c->has_old_config = false;
	buf_wipe(&body);
	buf_wipe(&config);
}

static void
tell_level(struct process *c)
{
	uint8_t level = (uint8_t)c->parent->config.router.log_level;

	(void)channel_send(c->channel, MSG_LEVEL, slice_of(&level, 1), NULL, 0);
}

/* To control: how often which role had to be started again. */
static void
tell_restarts(struct process *c)
{
	struct buf body;

	buf_init(&body, 64);
	wire_put_u32(&body, ROLES);
	for (int i = 0; i < ROLES; i++)
		wire_put_u64(&body, c->parent->restarts[i]);
	process_tell(c, MSG_RESTARTS, buf_slice(&body), NULL, 0);
	buf_clear(&body);
}

void
process_tell(struct process *c, enum message type, struct slice body,
    const int *fds, size_t n_fds)
{
	if (c->channel != NULL)
		(void)channel_send(c->channel, type, body, fds, n_fds);
}

void
process_tell_drain(struct process *c, int64_t ms, bool is_replaced)
{
	struct buf body;

	if (ms > UINT32_MAX)
		ms = UINT32_MAX; /* 49 days */
	buf_init(&body, 8);
	wire_put_u32(&body, ms < 0 ? 0 : (uint32_t)ms);
	wire_put_u8(&body, is_replaced);
	process_tell(c, MSG_DRAIN, buf_slice(&body), NULL, 0);
	buf_clear(&body);
}

static void
tell_listen(struct process *c)
{
	const struct parent_listeners *l = &c->parent->listeners;
	int fds[CHANNEL_FDS_MAX];
	struct buf body, rows;
	size_t n = 0;

	buf_init(&rows, CHANNEL_MESSAGE_MAX - sizeof(uint32_t));
	buf_init(&body, CHANNEL_MESSAGE_MAX);
	for (size_t i = 0; i < l->n; i++) {
		if (l->items[i].is_metrics)
			continue;
		wire_put_u32(&rows, l->items[i].id);
		wire_put_u8(&rows, l->items[i].is_tls);
		fds[n++] = l->items[i].fd;
	}
	wire_put_u32(&body, (uint32_t)n);
	(void)buf_add(&body, buf_slice(&rows));
	process_tell(c, MSG_LISTEN, buf_slice(&body), fds, n);
	buf_clear(&rows);
	buf_clear(&body);
}

void
process_tell_config(struct process *c)
{
	struct buf body;

	if (c->role != ROLE_WORKER || c->state != PROCESS_READY)
		return;
	if (c->has_old_config) {
		buf_init(&body, CHANNEL_MESSAGE_MAX);
		config_encode(&c->parent->config, c->role, &body);
		process_tell(c, MSG_CONFIG, buf_slice(&body), NULL, 0);
		buf_clear(&body);
		c->has_old_config = false;
	}
	tell_listen(c);
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
	if (c->parent->state < PARENT_DRAINING && !c->is_leaving &&
	    c->generation->state != GENERATION_DRAINING && c->pid > 0)
		(void)kill(c->pid, SIGKILL);
}

static bool
is_expected(const struct process *c)
{
	return c->parent->state >= PARENT_DRAINING || c->is_leaving ||
	       c->generation->state == GENERATION_DRAINING;
}

static void
log_exit(const struct process *c, int status)
{
	if (WIFSIGNALED(status))
		log_error("%s %u died signal=%d pid=%d", role_name(c->role),
		    c->instance, WTERMSIG(status), (int)c->pid);
	else if (!is_expected(c))
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

/* The hook is there for those who configured a command. */
static bool
is_wanted(const struct process *c)
{
	return c->role != ROLE_HOOK ||
	       strcmp(c->parent->config.dns.provider, "exec") == 0;
}

void
process_start_later(struct process *c)
{
	if (!is_wanted(c))
		return;
	ev_timer_stop(c->parent->loop, &c->again);
	ev_timer_set(&c->again, delay_of(c), 0.);
	ev_timer_start(c->parent->loop, &c->again);
}

static void
count_failure(struct process *c)
{
	if (c->is_leaving)
		return;
	if (clock_mono_ms() - c->started_ms >= PROVEN_MS)
		c->failures = 0;
	c->failures++;
}

/* It will be started again; control tells that to whoever watches. */
static void
count_restart(struct process *c)
{
	if (is_expected(c))
		return;
	c->parent->restarts[c->role]++;
	tell_restarts(generation_control(generation_serving(c->parent)));
}

static void
on_exit_of(struct ev_loop *loop, ev_child *w, int events)
{
	struct process *c = container_of(w, struct process, exit);

	(void)events;
	log_exit(c, w->rstatus);
	ev_child_stop(loop, w);
	ev_timer_stop(loop, &c->impatient);
	channel_free(c->channel);
	c->channel = NULL;
	c->pid = 0;
	c->state = PROCESS_ABSENT;
	count_failure(c);
	count_restart(c);
	c->is_leaving = false;
	parent_on_exit(c->parent, c);
}

static void
on_again(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	process_start(container_of(w, struct process, again));
}

static void
on_impatient(struct ev_loop *loop, ev_timer *w, int events)
{
	struct process *c = container_of(w, struct process, impatient);

	(void)loop;
	(void)events;
	log_warning(
	    "%s %u does not end: killed", role_name(c->role), c->instance);
	(void)kill(c->pid, SIGKILL);
}

static const struct proc_user *
user_of(const struct process *c)
{
	if (c->role == ROLE_CONTROL || c->role == ROLE_HOOK)
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
watch(struct process *c, int fd)
{
	static const struct channel_ops ops = {on_message, on_closed};
	struct parent *p = c->parent;

	c->channel =
	    channel_new(fd, ROLE_PARENT, c->role, c->instance, &ops, c);
	channel_start(c->channel, p->loop);
	ev_child_set(&c->exit, c->pid, 0);
	ev_child_start(p->loop, &c->exit);
}

void
process_adopt(struct process *c, int fd)
{
	watch(c, fd);
}

void
process_start(struct process *c)
{
	int fds[2];
	enum err e;

	assert(c->channel == NULL);
	ev_timer_stop(c->parent->loop, &c->again);
	if (!is_wanted(c))
		return;
	c->started_ms = clock_mono_ms();
	if (channel_pair(fds) != ERR_OK) {
		try_later(c);
		return;
	}
	e = proc_spawn(c->generation->program, c->role, c->instance, fds[1],
	    user_of(c), &c->pid);
	close(fds[1]);
	if (e != ERR_OK) {
		close(fds[0]);
		try_later(c);
		return;
	}
	c->state = PROCESS_STARTING;
	watch(c, fds[0]);
	set_up(c);
	tell_level(c);
	if (c->role == ROLE_CONTROL)
		tell_restarts(c);
	join_all(c);
	/* what it needs lies in its channels by now, answered or not */
	(void)channel_send(c->channel, MSG_START, SLICE(""), NULL, 0);
}

void
process_replace(struct process *c, int64_t ms)
{
	if (c->pid <= 0 || c->is_leaving)
		return;
	c->is_leaving = true;
	process_tell_drain(c, ms, true);
	ev_timer_set(&c->impatient, (double)ms / 1000. + LEAVE_GRACE_S, 0.);
	ev_timer_start(c->parent->loop, &c->impatient);
}

void
process_init(
    struct generation *g, struct process *c, enum role role, uint32_t instance)
{
	*c = (struct process){.parent = g->parent,
	    .generation = g,
	    .role = role,
	    .instance = instance};
	ev_child_init(&c->exit, on_exit_of, 0, 0);
	ev_timer_init(&c->again, on_again, 0., 0.);
	ev_timer_init(&c->impatient, on_impatient, 0., 0.);
}

void
process_clear(struct process *c)
{
	struct ev_loop *loop = c->parent->loop;

	ev_child_stop(loop, &c->exit);
	ev_timer_stop(loop, &c->again);
	ev_timer_stop(loop, &c->impatient);
	channel_free(c->channel);
	c->channel = NULL;
}
