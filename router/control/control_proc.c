#include "router/control/control_proc.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/registered.h"
#include "router/control/api.h"
#include "router/control/config_change.h"
#include "router/control/dns_provider.h"
#include "router/control/domain_check.h"
#include "router/control/domain_order.h"
#include "router/control/fallback.h"
#include "router/control/follow.h"
#include "router/control/health.h"
#include "router/control/log_follow.h"
#include "router/control/metrics.h"
#include "router/control/names.h"
#include "router/control/page.h"
#include "router/control/platform.h"
#include "router/control/renewals.h"
#include "router/control/repeats.h"
#include "router/control/retired.h"
#include "router/control/revocation.h"
#include "router/control/scheduler.h"
#include "router/control/stats.h"
#include "router/control/workers.h"

/* Descriptors of MSG_SETUP (base/messages.h). */
enum {
	FD_SHARED,
	FD_SOCKET,
	FD_LIMITS,
	FD_STATS,
	FD_ALL /* those for metrics follow */
};

static int
take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* Who may use the socket; names are looked up before the sandbox. */
static void
set_policy(struct control *c)
{
	const char *group = c->config.control.group;
	const struct passwd *edge = getpwnam(c->config.router.edge_user);
	struct peer_policy *p = &c->peers;

	p->own = geteuid();
	p->parent = getppid();
	p->has_edge = edge != NULL && edge->pw_uid != p->own;
	if (p->has_edge)
		p->edge = edge->pw_uid;
	if (group[0] != '\0') {
		const struct group *found = getgrnam(group);

		p->has_group = found != NULL;
		if (found != NULL)
			p->group = found->gr_gid;
	}
}

/* A clock that was set back, or never set, does not go behind what was. */
static void
set_floor(struct control *c)
{
	static const char sql[] = "SELECT max(at) FROM event";
	struct stmt *s = db_stmt(c->db, sql);

	if (stmt_step(s) != ERR_OK)
		return;
	if (!clock_is_test())
		clock_set_floor(stmt_get_int(s, 0));
	stmt_done(s);
}

static enum err
open_store(struct control *c, struct fault *f)
{
	enum err e = db_open(c->config.store.path, DB_WRITE, &c->db, f);

	if (e == ERR_OK)
		e = db_migrate(c->db, f);
	if (e == ERR_OK)
		set_floor(c);
	return e;
}

static enum err
internal(struct fault *f, const char *what)
{
	fault_set(f, FAULT_S25_INTERNAL, "control: %s", what);
	return ERR_IO;
}

static enum err
on_setup(
    void *ctx, struct slice config, int *fds, size_t n_fds, struct fault *f)
{
	struct fetch_options options = {
	    .user_agent = "towpath/" TOWPATH_VERSION};
	struct control *c = ctx;
	enum err e;

	if (config_decode(config, &c->config) != ERR_OK || n_fds < FD_ALL)
		return internal(f, "the set-up cannot be read");
	if (shared_map(fds[FD_SHARED], true, &c->shared) != ERR_OK)
		return internal(f, "the shared memory cannot be mapped");
	if (limits_map(fds[FD_LIMITS], &c->limits) != ERR_OK)
		return internal(f, "the memory of limits cannot be mapped");
	if (workers_map_pages(c, fds[FD_STATS]) != ERR_OK)
		return internal(f, "the workers' pages cannot be mapped");
	set_policy(c);
	registered_load();
	e = open_store(c, f);
	if (e == ERR_OK && retired_note(c) != ERR_OK)
		log_warning("control: retired addresses are not written down");
	if (e == ERR_OK)
		e = dns_new(c->loop, c->config.dns.resolvers.items,
		    c->config.dns.resolvers.n, &c->dns, f);
	if (e != ERR_OK)
		return e;
	c->fetch = fetch_new(c->loop, &options);
	c->trust = trust_new(NULL);
	c->checks = checks_new(c);
	c->fallbacks = fallbacks_new(c);
	c->names = names_new(c);
	c->health = health_new(c);
	c->socket = take(&fds[FD_SOCKET]);
	for (size_t i = FD_ALL; i < n_fds; i++)
		metrics_serve(c->metrics, take(&fds[i]));
	return ERR_OK;
}

/* Keys ask control nothing. */
static enum err
on_keys_message(void *ctx, struct channel *ch, const struct channel_message *m)
{
	(void)ctx;
	(void)ch;
	(void)m;
	return ERR_SYNTAX;
}

static void
on_keys_closed(void *ctx, struct channel *ch)
{
	struct control *c = ctx;

	if (c->keys == ch)
		keyring_set_channel(c->keyring, NULL);
}

static void
on_peer(void *ctx, enum role role, uint32_t instance, int fd)
{
	static const struct channel_ops ops = {on_keys_message, on_keys_closed};
	struct control *c = ctx;

	if (role == ROLE_WORKER) {
		workers_set_channel(c, instance, fd);
		return;
	}
	if (role == ROLE_HOOK) {
		dns_provider_take_hook(c, fd);
		return;
	}
	if (role != ROLE_KEYS) {
		close(fd);
		return;
	}
	keyring_set_channel(c->keyring, NULL);
	channel_free(c->keys);
	c->keys = channel_new(fd, ROLE_CONTROL, ROLE_KEYS, instance, &ops, c);
	channel_start(c->keys, c->loop);
	keyring_set_channel(c->keyring, c->keys);
}

static struct issuer_config
config_of(const struct control *c, const struct config_acme *acme)
{
	return (struct issuer_config){
	    .directory = acme->directory,
	    .email = acme->email,
	    .agree_terms = acme->agree_terms,
	    .ca_file = acme->ca_file,
	    .profile = acme->profile,
	    .preferred_chain = acme->preferred_chain,
	    .key_type = acme->key_type,
	    .eab_kid = acme->eab_kid,
	    .eab_hmac_key = acme->eab_hmac_key,
	    .challenges = dns_provider_choice(c, acme),
	    .max_orders = (size_t)acme->max_orders,
	    .limits = acme->limits,
	};
}

static struct issuer *
open_issuer(struct control *c)
{
	const struct config_acme *second = &c->config.acme_fallback;
	struct issuer_config config = config_of(c, &c->config.acme);
	struct issuer *is = issuer_new(
	    c->loop, c->db, c->shared, c->keyring, c->fetch, &config);

	if (second->directory[0] != '\0') {
		config = config_of(c, second);
		issuer_set_fallback(is, &config);
	}
	issuer_set_dns(is, c->dns, c->txt);
	issuer_set_owner(is, &domain_order_ops, c);
	return is;
}

static enum err
on_start(void *ctx, struct fault *f)
{
	struct control *c = ctx;
	enum err e = dns_provider_open(c, f);

	if (e != ERR_OK)
		return e;
	c->issuer = open_issuer(c);
	issuer_resume(c->issuer);
	platform_start(c);
	pages_use_defaults(c);
	config_change_follow(c);
	c->scheduler = scheduler_new(c);
	c->renewals = renewals_new(c);
	names_start(c);
	health_start(c);
	trust_read(c->trust); /* now, while nobody waits for an upload */
	/* callers have waited in it until all is there that they ask about */
	c->http =
	    http_server_new(c->loop, c->socket, &c->peers, &api_http_ops, c);
	log_info("serving the API at %s", c->config.control.socket);
	return ERR_OK;
}

static void
on_restarts(void *ctx, const uint64_t counts[ROLES])
{
	struct control *c = ctx;

	memcpy(c->restarts, counts, sizeof(c->restarts));
}

static void
on_quiet(void *ctx)
{
	struct control *c = ctx;

	child_exit(c->child, 0);
}

static void
on_drain_over(struct ev_loop *loop, struct ev_timer *t, int events)
{
	struct control *c = container_of(t, struct control, drain);

	(void)loop;
	(void)events;
	log_info("drain ended with calls of the API under way");
	child_exit(c->child, 0);
}

/* Another control waits to begin: calls that are under way are answered, the
 * next ones wait in the socket for it. */
static void
on_drain(void *ctx, uint32_t ms, bool is_replaced)
{
	struct control *c = ctx;

	if (!is_replaced || ms == 0) {
		child_exit(c->child, 0);
		return;
	}
	renewals_free(c->renewals);
	c->renewals = NULL;
	scheduler_free(c->scheduler);
	c->scheduler = NULL;
	ev_timer_stop(c->loop, &c->drain);
	ev_timer_init(&c->drain, on_drain_over, ms / 1000., 0.);
	ev_timer_start(c->loop, &c->drain);
	metrics_stop(c->metrics);
	http_server_drain(c->http, on_quiet, c);
}

/* In the reverse order of who uses whom. */
static void
clean_up(struct control *c)
{
	ev_timer_stop(c->loop, &c->drain);
	renewals_free(c->renewals);
	c->renewals = NULL;
	scheduler_free(c->scheduler);
	http_server_free(c->http);
	metrics_free(c->metrics);
	followers_free(c->followers);
	log_followers_free(c->log_followers);
	checks_free(c->checks);
	fallbacks_free(c->fallbacks);
	names_free(c->names);
	health_free(c->health);
	if (c->issuer != NULL)
		issuer_free(c->issuer);
	dns_provider_close(c);
	if (c->fetch != NULL)
		fetch_free(c->fetch);
	pages_free(c->pages);
	if (c->dns != NULL)
		dns_free(c->dns);
	stats_free(c->stats);
	workers_free(c->workers);
	keyring_free(c->keyring);
	channel_free(c->keys);
	api_calls_free(c);
	trust_free(c->trust);
	repeats_free(c->repeats);
	revocations_free(c->revocations);
	change_clear(&c->change);
	limits_unmap(c->limits);
	if (c->shared != NULL)
		shared_unmap(c->shared);
	db_close(c->db);
	registered_unload();
	config_clear(&c->config);
}

int
control_main(uint32_t instance)
{
	static const struct child_ops ops = {
	    .on_setup = on_setup,
	    .on_peer = on_peer,
	    .on_start = on_start,
	    .on_drain = on_drain,
	    .on_restarts = on_restarts,
	};
	struct control *c = xcalloc(1, sizeof(*c));
	int status;

	c->child = child_new(ROLE_CONTROL, instance, &ops, c);
	c->loop = child_loop(c->child);
	c->started_at = clock_now();
	c->hook = -1;
	c->workers = workers_new();
	c->stats = stats_new(c);
	c->metrics = metrics_new(c);
	c->followers = followers_new();
	c->log_followers = log_followers_new(c);
	c->repeats = repeats_new();
	c->revocations = revocations_new(c);
	c->pages = pages_new();
	c->keyring = keyring_new(KEYRING_CONTROL_MS);
	change_init(&c->change);
	list_init(&c->calls);
	json_wipe_on_free(); /* requests carry private keys */

	status = child_run(c->child);

	clean_up(c);
	child_free(c->child);
	free(c);
	return status;
}
