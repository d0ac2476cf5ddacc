#ifndef ROUTER_CONTROL_METRICS_H
#define ROUTER_CONTROL_METRICS_H
/*
 * What Prometheus is told (INTERFACE.md, 6), on the control socket and, where
 * [listen] metrics says so, over TCP, where nothing else can be asked.
 *
 * Labels are bounded: apps as many as stats.h tells apart, the rest is "other";
 * never a host.  What only a walk through the store can tell is remembered for
 * METRICS_FRESH_MS.
 *
 * Owned by: control.   Freed by: metrics_free.
 */
#include "router/control/metric_text.h"
#include "router/control/stats.h"

#define METRICS_FRESH_MS 10000

struct control;
struct metrics;

struct metrics *metrics_new(struct control *c);
void metrics_free(struct metrics *m); /* NULL is allowed */

/* Takes fd, a listening TCP socket.  GET /metrics, and nothing else. */
void metrics_serve(struct metrics *m, int fd);
/* Serves no more. */
void metrics_stop(struct metrics *m);

void metrics_write(
    struct control *c, const struct stats_view *view, struct buf *out);

/* metrics_store.c: what the store says. */
void metrics_write_tally(struct control *c, struct buf *out);
void metrics_write_store(struct control *c, struct buf *out);

#endif
