#include "router/edge/worker_config.h"

#include <sys/resource.h>

#include "base/mem.h"
#include "base/wire.h"
#include "router/edge/listener.h"

/* Descriptors that are no connections: store, log, channels, listeners. */
#define FILES_RESERVED 64

enum err
worker_configure(struct worker *w, struct slice encoded)
{
	struct snapshot *next;
	enum err e = snapshot_new(encoded, &next);

	if (e != ERR_OK)
		return e;
	snapshot_unref(w->snapshot);
	w->snapshot = next;
	w->config = next->config;
	return ERR_OK;
}

/*
 * Two descriptors for each connection, the client's and the backend's; what
 * is left is for idle ones of backends, which so never take what a request
 * needs.  Returns how many connections this worker may have.
 */
static size_t
share_descriptors(struct worker *w)
{
	size_t workers = (size_t)w->config.router.workers;
	size_t wanted = (size_t)w->config.router.max_connections;
	size_t free_ones = FILES_RESERVED;
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    files.rlim_cur > (rlim_t)2 * FILES_RESERVED)
		free_ones = files.rlim_cur - FILES_RESERVED;
	wanted = (wanted + workers - 1) / workers;
	if (wanted == 0)
		wanted = free_ones / 3;
	if (wanted > free_ones / 2)
		wanted = free_ones / 2;
	w->max_idle = free_ones - 2 * wanted;
	return wanted;
}

void
worker_apply(struct worker *w)
{
	apps_configure(&w->apps);
	sites_configure(&w->sites, w->config.platform.apps_domain);
	memory_configure(&w->memory);
	if (!w->is_draining)
		listeners_start(w->listeners, share_descriptors(w));
}

enum err
worker_listen(struct worker *w, struct slice body, int *fds, size_t n_fds)
{
	struct listener_place places[CHANNEL_FDS_MAX];
	struct wire m = wire_open(body);
	uint32_t n = wire_u32(&m);

	if (n != n_fds || n > COUNT_OF(places))
		return ERR_SYNTAX;
	for (uint32_t i = 0; i < n; i++) {
		places[i].id = wire_u32(&m);
		places[i].is_tls = wire_u8(&m) != 0;
		places[i].fd = fds[i];
	}
	if (wire_end(&m) != ERR_OK)
		return ERR_SYNTAX;
	if (w->is_draining)
		return ERR_OK; /* the descriptors are closed by the caller */
	for (uint32_t i = 0; i < n; i++)
		fds[i] = -1;
	listeners_set(w->listeners, places, n);
	return ERR_OK;
}
