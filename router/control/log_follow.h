#ifndef ROUTER_CONTROL_LOG_FOLLOW_H
#define ROUTER_CONTROL_LOG_FOLLOW_H
/*
 * Clients that follow router lines (GET /v1/logs as text/event-stream).  The
 * workers filter, and hold what matched until it is fetched, ten times a
 * second; what they or a slow client had no room for is counted, and told in
 * an event of its own: {"missed": 120}.  While nobody follows, nothing runs.
 *
 * Owned by: control.   Freed by: log_followers_free, after the HTTP server.
 */
#include "base/log_filter.h"
#include "router/control/http_server.h"

struct control;
struct log_followers;

struct log_followers *log_followers_new(struct control *c);
void log_followers_free(struct log_followers *f);

/* Takes the exchange; begins with the `last` lines in memory.  S20: too many.
 */
enum err MUST_USE log_follow(struct control *c, struct http_exchange *x,
    const struct log_filter *filter, uint32_t last, struct fault *f);

#endif
