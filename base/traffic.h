#ifndef BASE_TRAFFIC_H
#define BASE_TRAFFIC_H
/*
 * What is counted of requests: of one app, or of all of a worker.  A worker
 * counts, control asks for it and sums; both know it by this file, which also
 * puts it on the wire.
 *
 * Totals only grow.  Beside them is what happened lately: requests in slots of
 * five seconds for five minutes, and how long those of the last one to two
 * minutes took.  Slots are numbered by the machine's monotonic clock, so those
 * of all workers add up.
 *
 * Owned by: whoever embeds it.   Zeroed is empty.
 */
#include "base/histogram.h"

#define TRAFFIC_CLASSES   6  /* of the status, by its first digit; 0: none */
#define TRAFFIC_CODES     32 /* router codes, by number; 0: none */
#define TRAFFIC_BOUNDS    14 /* of the histogram of totals */
#define TRAFFIC_SLOTS     60
#define TRAFFIC_SLOT_MS   5000
#define TRAFFIC_WINDOW_MS 60000 /* of latencies */

/* Upper bounds in microseconds; what is longer is in the bucket behind. */
extern const uint64_t traffic_bounds[TRAFFIC_BOUNDS];

struct traffic_totals {
	uint64_t classes[TRAFFIC_CLASSES]; /* requests that ended */
	uint64_t codes[TRAFFIC_CODES];
	uint64_t errors; /* the router's own: at=error */
	uint64_t bytes_in, bytes_out;
	uint64_t timed[TRAFFIC_BOUNDS + 1]; /* by duration; no tunnels */
	uint64_t timed_us;                  /* sum of the durations */
};

struct traffic_slot {
	uint32_t requests, failures; /* a failure has a status of 5xx */
};

struct traffic_recent {
	int64_t slot; /* number of the newest */
	struct traffic_slot slots[TRAFFIC_SLOTS];
	int64_t window; /* number of the newer one */
	struct histogram windows[2];
};

struct traffic {
	uint64_t active;
	struct traffic_totals totals;
	struct traffic_recent recent;
};

/* One request that ended. */
struct traffic_sample {
	int64_t now_ms; /* monotonic */
	int status;
	unsigned code; /* TRAFFIC_CODES: of none */
	bool is_error;
	bool is_tunnel; /* its duration says nothing */
	uint64_t us;    /* from its first byte to the last of its answer */
	uint64_t bytes_in, bytes_out;
};

void traffic_add(struct traffic *t, const struct traffic_sample *s);

uint64_t traffic_requests(const struct traffic_totals *t); /* ended */
void traffic_totals_add(
    struct traffic_totals *into, const struct traffic_totals *from);
/* into += now - then, for who keeps totals over a worker's lives: when any of
 * now is less than it was, it has begun anew. */
void traffic_totals_grow(struct traffic_totals *into,
    const struct traffic_totals *then, const struct traffic_totals *now);
/* into becomes what of `all` is not in `part`, but never less than it was: both
 * were not read at the same moment. */
void traffic_totals_rest(struct traffic_totals *into,
    const struct traffic_totals *all, const struct traffic_totals *part);

/* What has passed is forgotten, also when nothing happened since. */
void traffic_recent_move(struct traffic_recent *r, int64_t now_ms);
/* Both have been moved to the same time. */
void traffic_recent_add(
    struct traffic_recent *into, const struct traffic_recent *from);
/* Requests and failures of the last minute, and a half-begun slot's share. */
struct traffic_rate {
	double requests, failures; /* a second */
};
struct traffic_rate traffic_rate(
    const struct traffic_recent *r, int64_t now_ms);
/* Seconds that a share of the latest requests did not exceed. */
double traffic_quantile(const struct traffic_recent *r, double share);

/* Reading adds to what is there; recent ones are read as of now_ms. */
void traffic_put_totals(struct buf *b, const struct traffic_totals *t);
void traffic_read_totals(struct wire *w, struct traffic_totals *into);
void traffic_put_recent(struct buf *b, const struct traffic_recent *r);
void traffic_read_recent(
    struct wire *w, struct traffic_recent *into, int64_t now_ms);

#endif
