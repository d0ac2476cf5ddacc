#include "base/child.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "base/wire.h"

#define EXIT_CANNOT_START 2
#define ROLES_MAX         64 /* that any version may have */

enum child_state {
	CHILD_NEW,     /* waits for MSG_SETUP */
	CHILD_SET_UP,  /* waits for peers and MSG_START */
	CHILD_STARTED, /* in the sandbox, not announced yet */
	CHILD_READY,   /* announced */
	CHILD_FAILED,  /* cannot start: what still comes is not looked at */
};

struct child {
	enum role role;
	uint32_t instance, generation;
	const struct child_ops *ops;
	void *ctx;
	enum child_state state;
	struct ev_loop *loop;
	struct channel *parent;
	ev_signal terminate;
	pid_t parent_pid;
	bool is_orphan;
	int status;
};

/* Tells the parent why this child cannot start, and ends it. */
static void
fail(struct child *c, const struct fault *f)
{
	struct buf body;

	buf_init(&body, CHANNEL_MESSAGE_MAX);
	wire_put_fault(&body, f);
	(void)channel_send(c->parent, MSG_FAILED, buf_slice(&body), NULL, 0);
	buf_clear(&body);
	c->state = CHILD_FAILED;
	child_exit(c, EXIT_CANNOT_START);
}

static enum err
handle_setup(struct child *c, const struct channel_message *m)
{
	struct wire w = wire_open(m->body);
	uint32_t instance = wire_u32(&w), generation = wire_u32(&w);
	struct slice config = wire_bytes(&w);
	struct fault f = {0};

	if (wire_end(&w) != ERR_OK || instance != c->instance ||
	    c->state != CHILD_NEW)
		return ERR_SYNTAX;
	c->state = CHILD_SET_UP;
	c->generation = generation;
	if (c->ops->on_setup(c->ctx, config, m->fds, m->n_fds, &f) != ERR_OK)
		fail(c, &f);
	return ERR_OK;
}

static enum err
handle_peer(struct child *c, const struct channel_message *m)
{
	struct wire w = wire_open(m->body);
	uint8_t role = wire_u8(&w);
	uint32_t instance = wire_u32(&w);
	int fd;

	if (wire_end(&w) != ERR_OK || role >= ROLES || m->n_fds != 1 ||
	    c->state == CHILD_NEW)
		return ERR_SYNTAX;
	fd = m->fds[0];
	m->fds[0] = -1;
	c->ops->on_peer(c->ctx, (enum role)role, instance, fd);
	return ERR_OK;
}

static enum err
handle_start(struct child *c)
{
	struct fault f = {0};
	enum err e;

	if (c->state != CHILD_SET_UP)
		return ERR_SYNTAX;
	c->state = CHILD_STARTED;
	sandbox_enter(c->role);
	e = c->ops->on_start(c->ctx, &f);
	if (e == ERR_OK)
		child_ready(c);
	else if (e != ERR_AGAIN)
		fail(c, &f);
	return ERR_OK;
}

static enum err
handle_drain(struct child *c, struct slice body)
{
	struct wire w = wire_open(body);
	uint32_t ms = wire_u32(&w);
	bool is_replaced = wire_u8(&w) != 0;

	if (wire_end(&w) != ERR_OK)
		return ERR_SYNTAX;
	if (c->ops->on_drain != NULL && c->state == CHILD_READY)
		c->ops->on_drain(c->ctx, ms, is_replaced);
	else
		child_exit(c, 0);
	return ERR_OK;
}

static enum err
handle_reopen(struct child *c, const struct channel_message *m)
{
	int fd;

	if (c->ops->on_reopen == NULL || m->n_fds != 1 || m->body.n != 0)
		return ERR_SYNTAX;
	fd = m->fds[0];
	m->fds[0] = -1;
	c->ops->on_reopen(c->ctx, fd);
	return ERR_OK;
}

static enum err
handle_level(struct slice body)
{
	struct wire w = wire_open(body);
	uint8_t level = wire_u8(&w);

	if (wire_end(&w) != ERR_OK || level > LOG_LEVEL_DEBUG)
		return ERR_SYNTAX;
	log_set_level((enum log_level)level);
	return ERR_OK;
}

static enum err
handle_config(struct child *c, struct slice body)
{
	if (c->ops->on_config == NULL || c->state != CHILD_READY)
		return ERR_SYNTAX;
	return c->ops->on_config(c->ctx, body);
}

static enum err
handle_listen(struct child *c, const struct channel_message *m)
{
	if (c->ops->on_listen == NULL || c->state != CHILD_READY)
		return ERR_SYNTAX;
	return c->ops->on_listen(c->ctx, m->body, m->fds, m->n_fds);
}

static enum err
handle_restarts(struct child *c, struct slice body)
{
	struct wire w = wire_open(body);
	uint64_t counts[ROLES] = {0};
	uint32_t n = wire_u32(&w);

	if (n > ROLES_MAX || c->ops->on_restarts == NULL)
		return ERR_SYNTAX;
	for (uint32_t i = 0; i < n; i++) { /* a later parent may have more */
		uint64_t count = wire_u64(&w);

		if (i < ROLES)
			counts[i] = count;
	}
	if (wire_end(&w) != ERR_OK)
		return ERR_SYNTAX;
	c->ops->on_restarts(c->ctx, counts);
	return ERR_OK;
}

/* What the parent may ask; the message table has refused the rest already. */
static enum err
on_message(void *ctx, struct channel *channel, const struct channel_message *m)
{
	struct child *c = ctx;

	(void)channel;
	if (c->state == CHILD_FAILED)
		return ERR_OK;
	if (m->type == MSG_SETUP)
		return handle_setup(c, m);
	if (m->type == MSG_PEER)
		return handle_peer(c, m);
	if (m->type == MSG_START)
		return handle_start(c);
	if (m->type == MSG_DRAIN)
		return handle_drain(c, m->body);
	if (m->type == MSG_REOPEN)
		return handle_reopen(c, m);
	if (m->type == MSG_LEVEL)
		return handle_level(m->body);
	if (m->type == MSG_CONFIG)
		return handle_config(c, m->body);
	if (m->type == MSG_LISTEN)
		return handle_listen(c, m);
	if (m->type == MSG_RESTARTS)
		return handle_restarts(c, m->body);
	return ERR_SYNTAX;
}

static void
orphan(struct child *c)
{
	if (c->is_orphan)
		return;
	c->is_orphan = true;
	log_debug("the parent is gone");
	if (c->ops->on_orphaned != NULL && c->state == CHILD_READY)
		c->ops->on_orphaned(c->ctx);
	else
		child_exit(c, 0);
}

static void
on_closed(void *ctx, struct channel *channel)
{
	(void)channel;
	orphan(ctx);
}

/* From the kernel when the parent died.  While it lives the signal was meant
 * for it (`timeout`, or a service manager that signals all): it tells us. */
static void
on_terminate(struct ev_loop *loop, ev_signal *w, int events)
{
	struct child *c = container_of(w, struct child, terminate);

	(void)loop;
	(void)events;
	if (getppid() != c->parent_pid)
		orphan(c);
}

static void
ignore_signals(void)
{
	static const int ignored[] = {
	    SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE};

	for (size_t i = 0; i < COUNT_OF(ignored); i++)
		(void)signal(ignored[i], SIG_IGN);
}

struct child *
child_new(
    enum role role, uint32_t instance, const struct child_ops *ops, void *ctx)
{
	static const struct channel_ops channel_ops = {on_message, on_closed};
	struct child *c = xcalloc(1, sizeof(*c));
	char title[64];

	c->role = role;
	c->instance = instance;
	c->ops = ops;
	c->ctx = ctx;
	if (role == ROLE_CONTROL || role == ROLE_HOOK)
		(void)snprintf(
		    title, sizeof(title), "towpathd: %s", role_name(role));
	else
		(void)snprintf(title, sizeof(title), "towpathd: %s %u",
		    role_name(role), instance);
	proc_set_title(title);
	c->parent_pid = getppid();
	proc_harden(role);
	ignore_signals();
	clock_init();
	c->loop = proc_loop();
	ev_signal_init(&c->terminate, on_terminate, SIGTERM);
	ev_signal_start(c->loop, &c->terminate);
	c->parent =
	    channel_new(PROC_CHANNEL_FD, role, ROLE_PARENT, 0, &channel_ops, c);
	channel_start(c->parent, c->loop);
	return c;
}

void
child_free(struct child *c)
{
	if (c == NULL)
		return;
	channel_free(c->parent);
	ev_signal_stop(c->loop, &c->terminate);
	ev_loop_destroy(c->loop);
	free(c);
}

uint32_t
child_generation(const struct child *c)
{
	return c->generation;
}

struct ev_loop *
child_loop(const struct child *c)
{
	return c->loop;
}

int
child_run(struct child *c)
{
	(void)ev_run(c->loop, 0);
	return c->status;
}

void
child_ready(struct child *c)
{
	if (c->state != CHILD_STARTED)
		return;
	c->state = CHILD_READY;
	(void)channel_send(c->parent, MSG_READY, SLICE(""), NULL, 0);
}

void
child_exit(struct child *c, int status)
{
	c->status = status;
	ev_break(c->loop, EVBREAK_ALL);
}

bool
child_is_orphan(const struct child *c)
{
	return c->is_orphan;
}
