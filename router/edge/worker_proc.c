#include "router/edge/worker_proc.h"

#include <malloc.h>

#include "base/log.h"
#include "base/mem.h"
#include "router/edge/conn.h"
#include "router/edge/front_h2.h"
#include "router/edge/listener.h"
#include "router/edge/stats.h"
#include "router/edge/tls.h"
#include "router/edge/tls_certificate.h"
#include "router/edge/worker_config.h"
#include "router/edge/worker_stats.h"

/* After the drain's end, for the last pages to go out. */
#define FORCE_SECONDS 0.5
/* Freed memory goes back to the system, which malloc does not do by itself,
 * when half of this many connections and more have gone. */
#define TRIM_SECONDS 60.
#define TRIM_FROM    500

struct worker_proc {
	struct worker w; /* what callbacks get */
	struct ev_prepare settle;
	struct ev_timer drain;
	struct ev_timer trim;
	size_t most_conns; /* since it was trimmed */
	bool is_forced;
};

/* --- the end of each round of the loop ------------------------------------ */

/* Before the loop waits: what was woken is stepped, what was written is sent,
 * what has ended is freed. */
static void
on_settle(struct ev_loop *loop, struct ev_prepare *p, int events)
{
	struct worker_proc *wp = container_of(p, struct worker_proc, settle);
	struct worker *w = &wp->w;
	bool did;

	(void)loop;
	(void)events;
	do {
		did = conns_step(w);
		did |= upstreams_step(w);
		did |= exchanges_step(w);
		tls_flush(w->tls);
		did |= stream_io_settle(w->io);
	} while (did);
	conns_reap(w);
	upstreams_reap(w);
	memory_watch(&w->memory);
	if (w->n_conns > wp->most_conns)
		wp->most_conns = w->n_conns;
	if (w->is_draining && w->n_conns == 0)
		child_exit(w->child, 0);
}

static void
on_trim(struct ev_loop *loop, struct ev_timer *t, int events)
{
	struct worker_proc *p = container_of(t, struct worker_proc, trim);

	(void)loop;
	(void)events;
	if (p->most_conns < TRIM_FROM || p->w.n_conns > p->most_conns / 2)
		return;
	(void)malloc_trim(0);
	p->most_conns = p->w.n_conns;
}

/* --- draining ------------------------------------------------------------- */

static void
on_drain_over(struct ev_loop *loop, struct ev_timer *t, int events)
{
	struct worker_proc *p = container_of(t, struct worker_proc, drain);

	(void)events;
	if (p->is_forced) {
		child_exit(p->w.child, 0);
		return;
	}
	log_info("drain ended with connections=%zu", p->w.n_conns);
	p->is_forced = true;
	conns_force(&p->w);
	ev_timer_set(t, FORCE_SECONDS, 0.);
	ev_timer_start(loop, t);
}

/* Who replaces this one has the sockets too, so nobody waits there in vain. */
static void
stop_accepting(struct worker *w, bool is_replaced)
{
	log_info("drain connections=%zu", w->n_conns);
	w->is_draining = true;
	w->is_replaced = is_replaced;
	if (!is_replaced)
		listeners_take_all(w->listeners);
	listeners_stop(w->listeners);
	conns_drain(w);
}

static void
drain(void *ctx, uint32_t ms, bool is_replaced)
{
	struct worker_proc *p = container_of(ctx, struct worker_proc, w);
	struct worker *w = &p->w;

	if (p->is_forced)
		return;
	if (!w->is_draining) {
		stop_accepting(w, is_replaced);
	} else if (w->is_replaced && !is_replaced) {
		w->is_replaced = false; /* idle ones go now, too */
		conns_drain(w);
	}
	ev_timer_stop(w->loop, &p->drain);
	ev_timer_init(&p->drain, on_drain_over, ms / 1000., 0.);
	ev_timer_start(w->loop, &p->drain);
}

static void
on_orphaned(void *ctx)
{
	struct worker *w = ctx;

	drain(w, (uint32_t)w->config.router.drain_timeout_ms, false);
}

/* --- peers ---------------------------------------------------------------- */

static enum err
on_control_message(
    void *ctx, struct channel *c, const struct channel_message *m)
{
	return worker_stats_answer(ctx, c, m);
}

static void
on_control_closed(void *ctx, struct channel *c)
{
	struct worker *w = ctx;

	(void)c; /* a new one comes from the parent */
	taps_clear(&w->taps);
}

/* Keys only answers. */
static enum err
on_keys_message(void *ctx, struct channel *c, const struct channel_message *m)
{
	(void)ctx;
	(void)c;
	(void)m;
	return ERR_SYNTAX;
}

static void
on_keys_closed(void *ctx, struct channel *c)
{
	struct worker *w = ctx;

	(void)c;
	log_warning("keys is away");
	keyring_set_channel(w->keyring, NULL);
}

static void
on_peer(void *ctx, enum role role, uint32_t instance, int fd)
{
	static const struct channel_ops keys_ops = {
	    on_keys_message, on_keys_closed};
	static const struct channel_ops control_ops = {
	    on_control_message, on_control_closed};
	struct worker *w = ctx;
	bool is_keys = role == ROLE_KEYS;
	struct channel **slot = is_keys ? &w->keys : &w->control;

	if (is_keys)
		keyring_set_channel(w->keyring, NULL);
	channel_free(*slot);
	*slot = channel_new(fd, ROLE_WORKER, role, instance,
	    is_keys ? &keys_ops : &control_ops, w);
	channel_start(*slot, w->loop);
	if (!is_keys) {
		taps_clear(&w->taps); /* another control follows others */
		return;
	}
	keyring_set_channel(w->keyring, w->keys);
	conns_unpark(w);
}

/* --- start ---------------------------------------------------------------- */

static int
take(int *fds, size_t n, size_t *at)
{
	int fd = -1;

	if (*at < n) {
		fd = fds[*at];
		fds[(*at)++] = -1;
	}
	return fd;
}

/* The shared memory; the mappings outlive the descriptors, which the caller
 * closes. */
static enum err
map_shared(struct worker *w, const int *fds, size_t n, struct fault *f)
{
	if (n >= 3 && shared_map(fds[0], false, &w->shared) == ERR_OK &&
	    stats_map(fds[1], w->seat, true, &w->stats) == ERR_OK &&
	    limits_map(fds[2], &w->limits) == ERR_OK) {
		stats_begin(w->stats);
		stats_set(&w->stats->generation, child_generation(w->child));
		limits_begin(w->limits, w->seat);
		return ERR_OK;
	}
	fault_set(f, FAULT_S25_INTERNAL, "worker: no shared memory");
	return ERR_IO;
}

static void
open_caches(struct worker *w)
{
	const struct apps_parts with = {.db = w->db,
	    .shared = w->shared,
	    .config = &w->config,
	    .backends = &w->backends,
	    .queues = &w->queues,
	    .stats = w->stats};

	backends_init(&w->backends, w->limits, w->seat, upstreams_close_idle);
	queues_init(&w->queues, w->loop, w->limits, w->seat);
	apps_init(&w->apps, &with);
	pages_init(&w->pages, w->db);
	sites_init(&w->sites, w->db, w->shared, w->config.platform.apps_domain,
	    w->stats);
	w->keyring = keyring_new(KEYRING_WORKER_MS);
	w->certificates = tls_certificates_new(w->db, w->keyring);
}

static enum err
on_setup(
    void *ctx, struct slice config, int *fds, size_t n_fds, struct fault *f)
{
	struct worker *w = ctx;
	size_t at = 3;
	int log_fd = -1;
	enum err e = worker_configure(w, config);

	if (e != ERR_OK) {
		fault_set(f, FAULT_S25_INTERNAL, "worker: bad configuration");
		return e;
	}
	w->seat = config_seat(&w->config, child_generation(w->child), w->seat);
	log_set_level((enum log_level)w->config.router.log_level);
	e = map_shared(w, fds, n_fds, f);
	if (e == ERR_OK)
		e = db_open(w->config.store.path, DB_READ, &w->db, f);
	if (e != ERR_OK)
		return e;
	open_caches(w);
	if (strcmp(w->config.router.access_log, "off") != 0)
		log_fd = take(fds, n_fds, &at);
	w->recent = recent_new(RECENT_SIZE);
	w->log = access_log_new(w->loop, log_fd, &w->stats->log_lines_dropped);
	w->tls = tls_new();
	w->io = stream_io_new(w->loop);
	w->h2_scratch = h2_scratch_new();
	w->listeners = listeners_new(w);
	memory_init(&w->memory, w);
	return ERR_OK;
}

static enum err
on_start(void *ctx, struct fault *f)
{
	struct worker_proc *p = container_of(ctx, struct worker_proc, w);

	(void)f;
	ev_prepare_init(&p->settle, on_settle);
	ev_set_priority(&p->settle, EV_MINPRI);
	ev_prepare_start(p->w.loop, &p->settle);
	ev_timer_init(&p->trim, on_trim, TRIM_SECONDS, TRIM_SECONDS);
	ev_timer_start(p->w.loop, &p->trim);
	worker_apply(&p->w);
	return ERR_OK;
}

static void
on_reopen(void *ctx, int fd)
{
	struct worker *w = ctx;

	access_log_reopen(w->log, fd);
}

static enum err
on_config(void *ctx, struct slice config)
{
	enum err e = worker_configure(ctx, config);

	if (e == ERR_OK)
		worker_apply(ctx);
	return e;
}

static enum err
on_listen(void *ctx, struct slice body, int *fds, size_t n_fds)
{
	return worker_listen(ctx, body, fds, n_fds);
}

/* --- life ----------------------------------------------------------------- */

static void
init(struct worker *w, uint32_t instance)
{
	w->seat = instance; /* until it is told its generation */
	list_init(&w->conns);
	list_init(&w->closed);
	list_init(&w->woken);
	list_init(&w->parked);
	list_init(&w->half_open);
	list_init(&w->free_exchanges);
	list_init(&w->free_h2_streams);
	list_init(&w->woken_upstreams);
	list_init(&w->closed_upstreams);
	buf_init(&w->scratch, 4 * HTTP1_HEAD_MAX);
}

/* Everything in the order of the tree, leaves first. */
static void
clear(struct worker *w)
{
	if (w->io != NULL) {
		conns_force(w);
		(void)conns_step(w);
		conns_close(w);
		conns_reap(w);
		exchanges_clear(w);
		h2_streams_clear(w);
		h2_scratch_free(w->h2_scratch);
		sites_clear(&w->sites);
		apps_clear(&w->apps);
		pages_clear(&w->pages);
		upstreams_reap(w);
		queues_clear(&w->queues);
		backends_clear(&w->backends);
	}
	memory_clear(&w->memory);
	listeners_free(w->listeners);
	tls_certificates_free(w->certificates);
	tls_free(w->tls);
	keyring_free(w->keyring);
	channel_free(w->keys);
	channel_free(w->control);
	access_log_free(w->log);
	taps_clear(&w->taps);
	recent_free(w->recent);
	readers_clear(&w->readers);
	buf_clear(&w->scratch);
	stream_io_free(w->io);
	db_close(w->db);
	shared_unmap(w->shared);
	stats_unmap(w->stats);
	limits_unmap(w->limits);
	snapshot_unref(w->snapshot);
}

int
worker_main(uint32_t instance)
{
	static const struct child_ops ops = {
	    .on_setup = on_setup,
	    .on_peer = on_peer,
	    .on_start = on_start,
	    .on_drain = drain,
	    .on_reopen = on_reopen,
	    .on_config = on_config,
	    .on_listen = on_listen,
	    .on_orphaned = on_orphaned,
	};
	struct worker_proc p = {0};
	int status;

	init(&p.w, instance);
	p.w.child = child_new(ROLE_WORKER, instance, &ops, &p.w);
	p.w.loop = child_loop(p.w.child);
	status = child_run(p.w.child);
	ev_prepare_stop(p.w.loop, &p.settle);
	ev_timer_stop(p.w.loop, &p.drain);
	ev_timer_stop(p.w.loop, &p.trim);
	clear(&p.w);
	child_free(p.w.child);
	return status;
}
