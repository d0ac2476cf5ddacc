#ifndef ROUTER_CONTROL_HEALTH_CHECK_H
#define ROUTER_CONTROL_HEALTH_CHECK_H
/*
 * The health checks of one target: asks, counts, and says when the target goes
 * up or down.
 *
 * Owned by: health, by app.   Freed by: health_check_free.
 */
#include <ev.h>

#include "base/list.h"
#include "base/slice.h"

struct control;
struct health_app;
struct fetch_call;

struct health_check {
	struct list link; /* in its app's */
	const struct health_app *app;
	struct control *control;
	int64_t target, backend; /* rows */
	char *given;             /* backend's address, with the scheme */
	char *address;           /* target's */
	struct ev_timer timer;   /* to the next one */
	struct fetch_call *call; /* under way; NULL: none */
	unsigned good, bad;      /* in a row */
	bool is_up;
	bool is_wanted; /* while the app is read: it is still there */
};

/* What the checks of an app have in common. */
struct health_app {
	char *name;
	char *path, *host;
	double interval_s;
	unsigned threshold;
	bool proxy_header;
	struct list checks;
};

/* Begins soon; the row says whether it is up. */
struct health_check *health_check_new(struct control *c,
    const struct health_app *app, int64_t target, int64_t backend);
void health_check_free(struct health_check *k);
/* The app is asked in another way from now on. */
void health_check_soon(struct health_check *k);

/* Pure: takes a result.  True: it has gone up, or down. */
bool health_check_count(struct health_check *k, bool is_good);

/* Stores health and fault (NULL: none) of a target, and tells of it; a change
 * of its own.  k may be gone after it. */
struct fault;
void health_check_store(struct health_check *k, const struct fault *f);

#endif
