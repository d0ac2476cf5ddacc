#ifndef ROUTER_EDGE_SITE_H
#define ROUTER_EDGE_SITE_H
/*
 * What a host name means here: its app, and the certificates that may be served
 * for it.  Read from the store when first asked for, kept in an LRU, read again
 * when a change counter it depends on has moved.  That a host is unknown is
 * remembered too, in a smaller LRU of its own, so that a scan of names does not
 * push out the working set.
 *
 * Owned by: the cache, connections and requests, counted.
 * Freed by: site_unref.
 */
#include "base/db.h"
#include "base/host.h"
#include "base/shared.h"
#include "certs/choose.h"
#include "router/edge/app.h"
#include "router/edge/change.h"
#include "router/edge/lru.h"

#define SITES_KNOWN_MAX   20000
#define SITES_UNKNOWN_MAX 8192
#define SITE_HOURS        24

struct site {
	struct lru_item item;
	unsigned refs;
	char *host; /* in stored form */
	bool is_known;
	int64_t generation;           /* part of its ticket key */
	char app[APP_NAME_SIZE];      /* for app_get */
	struct candidate *candidates; /* its certificates, for choose() */
	size_t n_candidates;
	struct change change;
	uint32_t requests[SITE_HOURS]; /* by hour, a ring */
	int64_t hour;                  /* of the newest in the ring */
};

struct sites {
	struct db *db;
	const struct shared *shared;
	char apps_domain[HOST_SIZE]; /* "": none */
	struct stats_page *stats;
	struct lru known, unknown;
};

/* All but apps_domain are loans that outlive it. */
void sites_init(struct sites *ss, struct db *db, const struct shared *shared,
    const char *apps_domain, struct stats_page *stats);
/* A new configuration's apps_domain; another name empties the cache. */
void sites_configure(struct sites *ss, const char *apps_domain);
void sites_clear(struct sites *ss);

/*
 * A reference to what `host` (in stored form) is now; see is_known.  When the
 * store is busy, what it was, however old.  ERR_AGAIN: nothing is known of it
 * and the store is away.
 */
enum err MUST_USE site_get(
    struct sites *ss, struct slice host, struct site **out);
void site_unref(struct site *s); /* NULL is allowed */

/* A request was served; now is the wall clock. */
void site_count(struct site *s, int64_t now);
/* Requests of the last 24 h; 0 for a host that is not in the cache. */
uint64_t sites_requests(struct sites *ss, struct slice host, int64_t now);

#endif
