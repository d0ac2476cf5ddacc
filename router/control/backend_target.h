#ifndef ROUTER_CONTROL_BACKEND_TARGET_H
#define ROUTER_CONTROL_BACKEND_TARGET_H
/*
 * Rows of backend_target: the addresses that workers connect to.
 */
#include "base/fault.h"
#include "router/control/backend_address.h"
#include "router/control/names.h"

struct control;

/* Whether requests may be sent there.  ERR_DENIED and N19. */
enum err MUST_USE backend_target_check(
    const struct control *c, const struct backend_address *b, struct fault *f);

/* The one target of a backend that is named by address; inside a change. */
enum err MUST_USE backend_target_put(
    struct control *c, int64_t id, const struct addr *at);

/*
 * What DNS says now of a backend that is named by host; inside a change.
 * Addresses that requests may not be sent to are left out; without any other
 * the targets stay as they are, and the backend has a fault (*f, N28 or N19).
 * *changed: workers must read it anew.
 */
enum err MUST_USE backend_targets_resolve(struct control *c, int64_t id,
    const struct backend_address *b, bool *changed, struct fault *f);

/* The name has an answer: every backend of it takes that over.  False: there is
 * none any more. */
bool backends_resolved(struct control *c, const char *host);

#endif
