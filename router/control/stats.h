#ifndef ROUTER_CONTROL_STATS_H
#define ROUTER_CONTROL_STATS_H
/*
 * Traffic of all workers together, collected from them when somebody asks.
 *
 * Totals are kept here and grow by what the workers' have grown, so that they
 * go on when a worker ends and another begins.  The first STATS_APPS_MAX apps
 * that have traffic are told apart; the rest of all traffic is `other`.
 *
 * Owned by: control.   Freed by: stats_free.
 */
#include "base/json.h"
#include "base/traffic.h"

#define STATS_APPS_MAX  500
#define STATS_NAME_SIZE 64
#define STATS_CODE_SIZE 8

struct control;
struct stats;

/* What a worker had counted when it was asked last; NULL: it was not. */
struct stats_then {
	struct traffic_totals *totals;
};

struct stats_app {
	char name[STATS_NAME_SIZE];
	struct traffic traffic;
	/* for the collecting of it */
	struct stats_then *then; /* by seat; NULL: nothing yet */
	uint32_t seen_in;        /* collection, */
	uint32_t seen_at;        /* and seat, where it was read last */
};

/* What was collected; a loan until the callback returns. */
struct stats_view {
	int64_t now_ms; /* monotonic */
	const struct traffic *all;
	const struct traffic_totals *other;
	struct stats_app *const *apps; /* by name */
	size_t n_apps;
	/* Names of router codes by number; "" where there is none. */
	const char (*codes)[STATS_CODE_SIZE];
};

struct stats *stats_new(struct control *c);
void stats_free(struct stats *s);

/* Collects; those who ask meanwhile get the same.  `done` is called once, maybe
 * before this returns; not when the daemon ends first. */
typedef void stats_done(void *ctx, const struct stats_view *view);
void stats_collect(struct control *c, stats_done *done, void *ctx);
void stats_forget(struct control *c, void *ctx); /* it does not wait any more */

/* NULL: none of that name has had traffic. */
const struct stats_app *stats_find(
    const struct stats_view *view, struct slice name);

#endif
