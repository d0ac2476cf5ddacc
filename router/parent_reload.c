/* The part of router/parent.h that SIGHUP asks for: read all, check all, and
 * only then change anything. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "router/parent.h"

/* For control to answer what it was asked. */
#define CONTROL_FINISH_MS 3000

/* A configuration that is to be, with all that it needs opened. */
struct plan {
	struct config config;
	struct parent_listeners listeners;
	int access_log;
	bool has_new_log, has_new_listen;
	bool is_for_control; /* a change that control must hear of */
	bool is_for_hook;    /* and the one that runs the command */
	bool is_for_drain;   /* how long former generations may go on */
};

void
parent_warn_of_idle_keys(const struct config *c)
{
	char name[CONFIG_NAME_SIZE];
	size_t at = 0;

	while (config_idle(c, &at, name))
		log_warning(
		    "%s has no effect in towpath %s", name, TOWPATH_VERSION);
}

static bool
is_in(const char *name, const char *section)
{
	return strncmp(name, section, strlen(section)) == 0;
}

/* Says by name what changes; false when something does that cannot. */
static bool
compare(const struct parent *p, struct plan *plan)
{
	char name[CONFIG_NAME_SIZE];
	bool is_live, may = true;
	size_t at = 0;

	while (
	    config_difference(&p->config, &plan->config, &at, name, &is_live)) {
		if (!is_live) {
			log_error("reload: nothing changed: %s cannot change "
				  "while running: restart towpathd for it",
			    name);
			may = false;
		}
		plan->has_new_log |= strcmp(name, "router.access_log") == 0;
		plan->is_for_drain |=
		    strcmp(name, "router.upgrade_drain_timeout") == 0;
		plan->has_new_listen |= is_in(name, "listen.");
		plan->is_for_control |= !is_in(name, "router.");
		plan->is_for_hook |= strcmp(name, "dns.provider") == 0 ||
				     is_in(name, "dns.exec.");
	}
	return may;
}

static enum err
open_all(const struct parent *p, struct plan *plan, struct fault *f)
{
	enum err e = parent_listeners_plan(
	    &plan->config, &p->listeners, &plan->listeners, f);

	if (e != ERR_OK || !plan->has_new_log)
		return e;
	e = parent_open_access_log(&plan->config, &plan->access_log, f);
	if (e != ERR_OK)
		parent_listeners_forget(&plan->listeners);
	return e;
}

static void
log_changes(const struct parent *p, const struct plan *plan)
{
	char name[CONFIG_NAME_SIZE];
	bool is_live;
	size_t at = 0;

	while (
	    config_difference(&p->config, &plan->config, &at, name, &is_live))
		log_info("reload: %s changed", name);
}

static void
take_log(struct parent *p, const struct plan *plan)
{
	if (p->access_log >= 0)
		close(p->access_log);
	p->access_log = plan->access_log;
	processes_tell(p, ROLE_WORKER, MSG_REOPEN, SLICE(""), &p->access_log,
	    p->access_log >= 0 ? 1 : 0);
}

static void
tell_level(struct parent *p)
{
	uint8_t level = (uint8_t)p->config.router.log_level;
	struct slice body = slice_of(&level, 1);

	log_set_level((enum log_level)level);
	processes_tell(p, ROLE_CONTROL, MSG_LEVEL, body, NULL, 0);
	processes_tell(p, ROLE_KEYS, MSG_LEVEL, body, NULL, 0);
	processes_tell(p, ROLE_WORKER, MSG_LEVEL, body, NULL, 0);
	processes_tell(p, ROLE_HOOK, MSG_LEVEL, body, NULL, 0);
}

/* Workers take it over as they are; control, which has requests to others
 * under way, is replaced. */
static void
tell_generation(struct generation *g, const struct plan *plan)
{
	for (size_t i = 0; i < g->n_processes; i++) {
		struct process *c = &g->processes[i];

		c->has_old_config = true;
		process_tell_config(c);
		if (c->role == ROLE_CONTROL && plan->is_for_control)
			process_replace(c, CONTROL_FINISH_MS);
	}
}

/* One that was not there begins; one that is no longer wanted does not come
 * back. */
static void
replace_hook(struct process *hook)
{
	if (hook->pid > 0)
		process_replace(hook, CONTROL_FINISH_MS);
	else
		process_start(hook);
}

/* Nothing can fail any more. */
static void
apply(struct parent *p, struct plan *plan)
{
	log_changes(p, plan);
	config_clear(&p->config);
	p->config = plan->config;
	config_init(&plan->config);
	parent_listeners_take(&p->listeners, &plan->listeners);
	if (plan->has_new_log)
		take_log(p, plan);
	if (plan->is_for_hook)
		replace_hook(generation_hook(generation_serving(p)));
	tell_generation(generation_serving(p), plan);
	tell_level(p);
	for (size_t i = 0; plan->is_for_drain && i < GENERATIONS_MAX; i++) {
		struct generation *g = p->generations[i];

		if (g != NULL && g->state == GENERATION_DRAINING)
			generation_set_deadline(g);
	}
	parent_warn_of_idle_keys(&p->config);
	log_info("reload: done file=%s", p->config_path);
}

void
parent_reload(struct parent *p)
{
	struct plan plan = {.access_log = -1};
	struct fault f = {0};
	enum err e;

	proc_notify("RELOADING=1");
	e = config_load(p->config_path, &plan.config, &f);
	if (e == ERR_OK && !compare(p, &plan))
		e = ERR_DENIED; /* and has said why */
	else if (e == ERR_OK)
		e = open_all(p, &plan, &f);
	if (e == ERR_OK)
		apply(p, &plan);
	else if (f.text[0] != '\0')
		log_error("reload: nothing changed: %s", f.text);
	config_clear(&plan.config);
	proc_notify("READY=1");
}
