#ifndef ROUTER_CONTROL_FOLLOW_H
#define ROUTER_CONTROL_FOLLOW_H
/*
 * Clients that follow events (Accept: text/event-stream).  Each reads the
 * store from where it is, as fast as it takes them; nothing is queued for it,
 * so a slow one costs nothing but its connection.
 *
 * Owned by: control.   Freed by: followers_free, after the HTTP server.
 */
#include "router/control/event.h"
#include "router/control/http_server.h"

#define FOLLOWERS_MAX 256

struct control;
struct followers;

struct followers *followers_new(void);
void followers_free(struct followers *f);

/* Takes the exchange; strings of the filter are copied.  S20: too many. */
enum err MUST_USE follow_start(struct control *c, struct http_exchange *x,
    const struct event_filter *filter, struct fault *f);

/* New events are in the store. */
void follow_publish(struct control *c);
/* Once a second: those that lagged behind, and a sign of life. */
void follow_tick(struct control *c);

#endif
