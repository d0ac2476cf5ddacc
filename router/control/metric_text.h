#ifndef ROUTER_CONTROL_METRIC_TEXT_H
#define ROUTER_CONTROL_METRIC_TEXT_H
/*
 * Prometheus' text format, version 0.0.4: families of samples with labels.
 */
#include <stdint.h>

#include "base/buf.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum metric_type {
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_HISTOGRAM,
};

/* The head of a family; its samples follow.  name and help: plain ASCII. */
void metric_family(
    struct buf *b, const char *name, enum metric_type type, const char *help);

/*
 * One sample.  labels: pairs of name and value, in any number, then NULL:
 *   metric_sample(b, "towpath_domains", 7, "status", "In use", NULL);
 */
void metric_sample(struct buf *b, const char *name, uint64_t value, ...)
    __attribute__((sentinel));

/* Durations: counts by upper bounds, n of them; counts[n] is what is above. */
struct metric_seconds {
	const uint64_t *bounds_us, *counts;
	size_t n;
	uint64_t sum_us;
};
/* A histogram of seconds, with one label. */
void metric_histogram(struct buf *b, const char *name, const char *label,
    const char *value, const struct metric_seconds *h);

#endif
