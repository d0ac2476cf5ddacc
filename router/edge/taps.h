#ifndef ROUTER_EDGE_TAPS_H
#define ROUTER_EDGE_TAPS_H
/*
 * Router lines that control follows for somebody.  A tap holds those that its
 * filter lets through until control fetches them, a bounded number of bytes:
 * what finds no room is counted.  One that is not fetched for a while is
 * closed, so that whoever forgets one leaves no work behind.
 *
 * Owned by: the worker, which embeds them.   Freed by: taps_clear.
 */
#include "router/edge/recent.h"

#define TAPS_MAX         LOG_FOLLOWERS_MAX
#define TAP_BYTES_MAX    ((size_t)128 * 1024) /* within one message */
#define TAP_FORGOTTEN_MS 15000

struct tap {
	uint32_t id;
	struct log_filter filter;
	struct buf lines; /* as they go to control */
	uint32_t n_lines;
	uint64_t n_missed;
	int64_t fetched_ms;
};

/* Zeroed: none is open. */
struct taps {
	struct tap items[TAPS_MAX];
	size_t n;
};

void taps_clear(struct taps *ts); /* closes all */

/* In the place of one with that id.  ERR_TOO_BIG: as many as there may be. */
enum err MUST_USE taps_open(struct taps *ts, uint32_t id,
    const struct log_filter *filter, int64_t now_ms);
void taps_close(struct taps *ts, uint32_t id); /* safe when it is not open */

/* A request ended; now_ms is monotonic. */
void taps_pour(struct taps *ts, const struct recent_request *q, int64_t now_ms);

/* Writes and forgets what a tap holds: u64 missed, u32 n, n lines.
 * ERR_NOT_FOUND: it is not open. */
enum err MUST_USE taps_fetch(
    struct taps *ts, uint32_t id, int64_t now_ms, struct buf *out);

/* A line as it goes to control: i64 at, bytes without the newline. */
void tap_put_line(struct buf *b, const struct recent_request *q);

#endif
