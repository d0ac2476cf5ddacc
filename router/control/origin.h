#ifndef ROUTER_CONTROL_ORIGIN_H
#define ROUTER_CONTROL_ORIGIN_H
/*
 * A domain's origin: where its requests go instead of to the app's backends,
 * written as a backend is.
 *
 * In the store it is an app without a name of its own: '~' and the domain's
 * number, which is no name that anybody can give or ask for.  It has the one
 * backend, so that names, health and limits are those of all backends, and no
 * settings: workers take those of the domain's app.
 */
#include "router/control/domain.h"

#define ORIGIN_MARK '~'

/* Inside a change: d->origin (NULL: none) is in effect from now on.  N19: it
 * is no backend, or leads back here. */
enum err MUST_USE origin_settle(
    struct control *c, const struct domain *d, struct fault *f);

/* The domain changed (its app, say): workers read its origin anew. */
void origin_touch(struct control *c, const struct domain *d);

/* The domain goes, and its origin with it. */
enum err MUST_USE origin_drop(struct control *c, const struct domain *d);

#endif
