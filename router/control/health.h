#ifndef ROUTER_CONTROL_HEALTH_H
#define ROUTER_CONTROL_HEALTH_H
/*
 * Active health checks: each target of an app with a health_path is asked for
 * it every health_interval, as a worker would connect to it.  An answer of 2xx
 * or 3xx is good, anything else is bad: no connection, no answer within the
 * interval (at least HEALTH_WAIT_MIN_MS, at most HEALTH_WAIT_MAX_MS), another
 * status.  health_threshold bad ones in a row and it is down; HEALTH_RISE good
 * ones in a row (or health_threshold, when that is fewer) and it is up again.
 * Only that is stored and told to workers.  A target is up until it has shown
 * that it is not.
 *
 * The certificate of an https:// backend is for the workers to judge, not
 * here: a check tells whether somebody answers.
 *
 * Owned by: control.   Freed by: health_free.
 */
#include <stdbool.h>
#include <stdint.h>

#define HEALTH_WAIT_MIN_MS 1000
#define HEALTH_WAIT_MAX_MS 10000
#define HEALTH_RISE        2
#define HEALTH_UNDER_WAY   200 /* checks at once */

struct control;
struct health;

struct health *health_new(struct control *c);
void health_free(struct health *h);

/* Begins with the apps that the store has. */
void health_start(struct control *c);

/* After a commit: the app, or its backends, may have changed. */
void health_read(struct control *c, const char *app);
void health_read_all(struct control *c);

/* --- for health_check.c --------------------------------------------------- */

/* One more check is under way; false: there are too many. */
bool health_may_begin(struct control *c);
void health_ended(struct control *c);

#endif
