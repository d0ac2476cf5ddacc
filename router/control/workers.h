#ifndef ROUTER_CONTROL_WORKERS_H
#define ROUTER_CONTROL_WORKERS_H
/*
 * The workers as control knows them: a channel to ask each one, and a page of
 * counters that it writes.
 *
 * Owned by: control.   Freed by: workers_free.
 */
#include "base/channel.h"
#include "base/json.h"
#include "base/shared.h"

#define WORKERS_MAX 1024

struct control;
struct workers;

struct workers *workers_new(void);
void workers_free(struct workers *w);

/* The pages of counters, one for each seat (router/config.h).  The fd stays
 * the caller's. */
enum err MUST_USE workers_map_pages(struct control *c, int fd);
/* A fresh channel to the worker of a seat; takes fd. */
void workers_set_channel(struct control *c, uint32_t seat, int fd);

/* For /v1/status: the sums of all counters, and in `each` those of every
 * worker of this generation, in the order of their numbers. */
json_t *workers_json(const struct control *c);
/* The same for metrics; gauges of those that are up. */
struct workers_counts {
	uint64_t up;
	uint64_t connections_open, connections_serving, connections_closing;
	uint64_t parked;
	uint64_t handshakes_full, handshakes_resumed;
	uint64_t handshakes_full_tls12, handshakes_resumed_tls12;
	uint64_t handshakes_failed, handshakes_refused;
	uint64_t http2_abuses[STATS_HTTP2_ABUSES];
	uint64_t log_lines_dropped;
};
void workers_sum(const struct control *c, struct workers_counts *out);
/* The generations that live, the newest first: number, workers, connections. */
json_t *workers_generations_json(const struct control *c);

/* For ask.h: seats that may be taken, a seat's channel (NULL: nobody is there),
 * and the questions under way. */
uint32_t workers_seats(const struct control *c);
struct channel *workers_channel(const struct control *c, uint32_t seat);
struct list *workers_asked(struct control *c);

/*
 * Requests of the last 24 h of each host, summed over all workers; `done` is
 * called once, maybe before this returns.  hosts is copied.
 */
typedef void workers_counted(void *ctx, const uint64_t *requests, size_t n);
void workers_count(struct control *c, const char *const *hosts, size_t n,
    workers_counted *done, void *ctx);

#endif
