#include "router/hook_proc.h"

#include <stdlib.h>

#include "base/child.h"
#include "base/list.h"
#include "base/mem.h"
#include "router/config.h"
#include "router/hook_command.h"

#define RUNS_MAX 8 /* at once; control asks for one after the other */

struct hook {
	struct child *child;
	struct config config;
	struct channel *control; /* NULL: none yet */
	struct list runs;
	size_t n_runs;
};

struct run {
	struct list link;
	struct hook *hook;
	struct hook_command *command;
	uint32_t number; /* of the request; 0: nobody waits for it any more */
};

static void
free_run(struct run *r)
{
	list_remove(&r->link);
	r->hook->n_runs--;
	free(r);
}

static void
on_done(void *ctx, const struct fault *f)
{
	struct run *r = ctx;
	struct channel *to = r->hook->control;

	if (r->number == 0)
		(void)0;
	else if (f == NULL)
		(void)channel_answer_ok(to, r->number, SLICE(""));
	else
		(void)channel_refuse(to, r->number, f);
	free_run(r);
}

static enum err
on_message(void *ctx, struct channel *c, const struct channel_message *m)
{
	struct hook *h = ctx;
	struct hook_request q;
	struct fault f = {0};
	struct run *r;

	if (m->type != MSG_HOOK_RUN || m->number == 0 ||
	    hook_request_read(m->body, &q) != ERR_OK)
		return ERR_SYNTAX;
	if (h->n_runs == RUNS_MAX) {
		fault_set(&f, FAULT_D31_PROVIDER_UNREACHABLE,
		    "[dns.exec] command: %d of it run already", RUNS_MAX);
		(void)channel_refuse(c, m->number, &f);
		return ERR_OK;
	}
	r = xcalloc(1, sizeof(*r));
	r->hook = h;
	r->number = m->number;
	list_append(&h->runs, &r->link);
	h->n_runs++;
	r->command =
	    hook_command_run(child_loop(h->child), h->config.dns.exec.command,
		&q, (int)h->config.dns.exec.timeout_ms, on_done, r);
	return ERR_OK;
}

static void
forget_runs(struct hook *h)
{
	LIST_FOREACH(it, &h->runs) {
		container_of(it, struct run, link)->number = 0;
	}
}

static void
on_closed(void *ctx, struct channel *c)
{
	(void)c;
	forget_runs(ctx);
}

static void
on_peer(void *ctx, enum role role, uint32_t instance, int fd)
{
	static const struct channel_ops ops = {on_message, on_closed};
	struct hook *h = ctx;

	forget_runs(h);
	channel_free(h->control);
	h->control = channel_new(fd, ROLE_HOOK, role, instance, &ops, h);
	channel_start(h->control, child_loop(h->child));
}

static enum err
on_setup(
    void *ctx, struct slice config, int *fds, size_t n_fds, struct fault *f)
{
	struct hook *h = ctx;

	(void)fds;
	if (config_decode(config, &h->config) == ERR_OK && n_fds == 0)
		return ERR_OK;
	fault_set(f, FAULT_S25_INTERNAL, "hook: the set-up cannot be read");
	return ERR_SYNTAX;
}

static enum err
on_start(void *ctx, struct fault *f)
{
	(void)ctx;
	(void)f;
	return ERR_OK;
}

int
hook_main(uint32_t instance)
{
	static const struct child_ops ops = {
	    .on_setup = on_setup, .on_peer = on_peer, .on_start = on_start};
	struct hook h = {0};
	int status;

	list_init(&h.runs);
	h.child = child_new(ROLE_HOOK, instance, &ops, &h);
	status = child_run(h.child);
	LIST_FOREACH_SAFE(it, &h.runs) {
		struct run *r = container_of(it, struct run, link);

		hook_command_kill(r->command);
		free_run(r);
	}
	channel_free(h.control);
	config_clear(&h.config);
	child_free(h.child);
	return status;
}
