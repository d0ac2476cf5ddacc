#include "router/edge/worker_proc.h"

#include <sys/resource.h>

#include <malloc.h>

#include "base/log.h"
#include "base/mem.h"
#include "router/edge/conn.h"
#include "router/edge/front_h2.h"
#include "router/edge/listener.h"
#include "router/edge/tls.h"
#include "router/edge/tls_certificate.h"
#include "router/edge/worker_stats.h"

/* Descriptors that are no connections: store, log, channels, listeners. */
#define FILES_RESERVED 64
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
		did |= exchanges_step(w);
		tls_flush(w->tls);
		did |= stream_io_settle(w->io);
	} while (did);
	conns_reap(w);
	upstreams_reap(w);
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

static void
drain(void *ctx, uint32_t ms)
{
	struct worker_proc *p = container_of(ctx, struct worker_proc, w);

	if (p->w.is_draining)
		return;
	log_info("drain connections=%zu", p->w.n_conns);
	p->w.is_draining = true;
	listeners_take_all(p->w.listeners);
	listeners_stop(p->w.listeners);
	ev_timer_init(&p->drain, on_drain_over, ms / 1000., 0.);
	ev_timer_start(p->w.loop, &p->drain);
	conns_drain(&p->w);
}

static void
on_orphaned(void *ctx)
{
	struct worker *w = ctx;

	drain(w, (uint32_t)w->config.router.drain_timeout_ms);
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
	(void)ctx;
	(void)c; /* a new one comes from the parent */
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
	if (!is_keys)
		return;
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

static void
open_listeners(struct worker *w, int *fds, size_t n, size_t at)
{
	size_t n_http = w->config.listen.http.n;

	w->listeners = listeners_new(w, n > at ? n - at : 0);
	for (size_t i = 0; at < n; i++)
		listeners_add(w->listeners, take(fds, n, &at), i >= n_http);
}

static enum err
on_setup(
    void *ctx, struct slice config, int *fds, size_t n_fds, struct fault *f)
{
	struct worker *w = ctx;
	size_t at = 3;
	int log_fd = -1;
	enum err e = config_decode(config, &w->config);

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
	open_listeners(w, fds, n_fds, at);
	return ERR_OK;
}

/*
 * Two descriptors for each connection, the client's and the backend's; what
 * is left is for idle ones of backends, which so never take what a request
 * needs.  Returns how many connections there may be.
 */
static size_t
share_descriptors(struct worker *w)
{
	size_t wanted = (size_t)w->config.router.max_connections;
	size_t free_ones = FILES_RESERVED;
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    files.rlim_cur > (rlim_t)2 * FILES_RESERVED)
		free_ones = files.rlim_cur - FILES_RESERVED;
	if (wanted == 0)
		wanted = free_ones / 3;
	if (wanted > free_ones / 2)
		wanted = free_ones / 2;
	w->max_idle = free_ones - 2 * wanted;
	return wanted;
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
	listeners_start(p->w.listeners, share_descriptors(&p->w));
	return ERR_OK;
}

static void
on_reopen(void *ctx, int fd)
{
	struct worker *w = ctx;

	access_log_reopen(w->log, fd);
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
	list_init(&w->free_exchanges);
	list_init(&w->free_h2_streams);
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
		sites_clear(&w->sites);
		apps_clear(&w->apps);
		pages_clear(&w->pages);
		upstreams_reap(w);
		queues_clear(&w->queues);
		backends_clear(&w->backends);
	}
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
	config_clear(&w->config);
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
