#ifndef ROUTER_CONTROL_LOG_LINES_H
#define ROUTER_CONTROL_LOG_LINES_H
/*
 * Router lines of several workers, brought into one order by their time.
 *
 * Owned by: whoever embeds it.   Freed by: log_lines_clear.
 */
#include "base/json.h"
#include "base/wire.h"

struct log_line {
	int64_t at_ms;
	size_t from, n; /* in the bytes */
	size_t order;   /* of its coming: of one worker in the order of time */
};

/* Zeroed after log_lines_init. */
struct log_lines {
	struct buf bytes;
	struct log_line *items;
	size_t n;
	uint64_t missed; /* by the workers */
};

void log_lines_init(struct log_lines *l);
void log_lines_clear(struct log_lines *l); /* usable again */

/* Adds what one worker answered to MSG_LOGS. */
enum err MUST_USE log_lines_read(struct log_lines *l, struct slice answer);
/* Oldest first. */
void log_lines_sort(struct log_lines *l);
struct slice log_lines_at(const struct log_lines *l, size_t i);

/* A line as an object of the API: its fields by their keys, times as numbers
 * (connect_ms, queue_ms, service_ms), and the whole in "line". */
json_t *log_line_json(struct slice line);

#endif
