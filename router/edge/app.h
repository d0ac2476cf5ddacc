#ifndef ROUTER_EDGE_APP_H
#define ROUTER_EDGE_APP_H
/*
 * Apps as they are served: settings and backends, read from the store when
 * first needed and again when the app's change counter has moved.  A version
 * that was read is never changed: a request keeps the one it began with.
 *
 * A domain with an origin (router/control) has a version of its app to itself,
 * which is asked for as '~' and the domain's number: the app's settings, and
 * the origin for its only backend.
 *
 * Owned by: the cache and requests, counted.   Freed by: app_unref.
 */
#include "base/db.h"
#include "base/shared.h"
#include "base/traffic.h"
#include "router/config.h"
#include "router/edge/app_policy.h"
#include "router/edge/backend.h"
#include "router/edge/change.h"
#include "router/edge/lru.h"
#include "router/edge/origin.h"
#include "router/edge/page.h"
#include "router/edge/queue.h"
#include "router/edge/sticky.h"

#define APP_NAME_SIZE 64

struct app_backend {
	struct backend *backend;
	unsigned weight;
	bool is_draining;
	bool is_down;   /* says the health check */
	int64_t up_at;  /* there, and up, since; wall clock, seconds */
	int64_t credit; /* of the round-robin; see balance.h */
	uint64_t token; /* in the cookies of its visitors; 0: none are set */
};

/* Counted over all versions of one app. */
struct app_counts {
	unsigned refs;
	struct queue queue;
	struct traffic traffic;
};

struct app {
	struct lru_item item;
	unsigned refs;
	char key[APP_NAME_SIZE];  /* that it is asked for by */
	char name[APP_NAME_SIZE]; /* of the app whose settings it has */
	/* Host as the backend is told it, when that is its own name; "": as it
	 * came */
	char authority[ORIGIN_AUTHORITY_SIZE];
	bool had_backends; /* some time: H14 rather than H81 */
	struct app_policy set;
	/* digests of its own pages (page.h), "": ours */
	char maintenance_page[PAGE_DIGEST_SIZE], error_page[PAGE_DIGEST_SIZE];
	struct app_backend *backends;
	size_t n_backends;
	size_t n_unresolved;       /* whose names have no address */
	struct app_counts *counts; /* who waits */
	struct app_counts *tally;  /* traffic: an origin's is its app's */
	struct change change;
	unsigned round; /* of reading; see apps */
};

/* What it works with: loans that outlive it. */
struct apps_parts {
	struct db *db;
	const struct shared *shared;
	const struct config *config;
	struct backends *backends;
	struct queues *queues;
	struct stats_page *stats;
};

struct apps {
	struct apps_parts with;
	struct lru lru;
	unsigned round; /* what was read in another one is read again */
	struct sticky_key sticky; /* as read from the store, if it was */
	bool has_sticky;
};

void apps_init(struct apps *as, const struct apps_parts *with);
/* Defaults have changed: what is cached is read again before it is used. */
void apps_configure(struct apps *as);
void apps_clear(struct apps *as);

/*
 * A reference to the app as it is now; when the store is busy, as it was.
 * ERR_NOT_FOUND: no such app; ERR_AGAIN: nothing is known and the store away.
 */
enum err MUST_USE app_get(struct apps *as, struct slice key, struct app **out);
void app_unref(struct app *a); /* NULL is allowed */

#endif
