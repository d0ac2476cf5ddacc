#ifndef BASE_LOG_FILTER_H
#define BASE_LOG_FILTER_H
/*
 * Which router lines somebody wants to see.  Control reads it from a request
 * and sends it to the workers, which ask it of every line while it is followed.
 * Empty fields match everything.
 */
#include <stdbool.h>

#include "base/host.h"
#include "base/wire.h"

#define LOG_FOLLOWERS_MAX    32 /* at once; each costs every worker a little */
#define LOG_LINES_MAX        1000 /* of those in memory, for one question */
#define LOG_FILTER_APP_SIZE  64
#define LOG_FILTER_CODE_SIZE 8

struct log_filter {
	char app[LOG_FILTER_APP_SIZE];
	char host[HOST_SIZE];            /* as stored, also "*.example.com" */
	char code[LOG_FILTER_CODE_SIZE]; /* "H12" */
	uint32_t status_from, status_to; /* both included; 0: any */
};

/* "404" or "5xx" (also "5**").  P11. */
enum err MUST_USE log_filter_status(
    struct log_filter *f, struct slice text, struct fault *fault);

/* What a filter looks at; slices that are empty: the line has none. */
struct log_facts {
	struct slice app, host, code;
	int status;
};
bool log_filter_matches(
    const struct log_filter *f, const struct log_facts *line);

void log_filter_put(struct buf *b, const struct log_filter *f);
void log_filter_read(struct wire *w, struct log_filter *out);

#endif
