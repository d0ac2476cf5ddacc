#ifndef ROUTER_CONTROL_BACKEND_H
#define ROUTER_CONTROL_BACKEND_H
/*
 * Where the requests of an app go: rows of backend, and of backend_target,
 * which has the addresses that workers connect to: the backend's own, or those
 * of its host name.
 */
#include "base/fault.h"
#include "base/json.h"

struct app;
struct control;

/* Adds one, written as people write it; inside a change.  One that is there
 * already is N23, or takes the new weight and goes on.  N19. */
enum err MUST_USE backend_put(struct control *c, const struct app *a,
    const char *text, bool may_exist, struct fault *f);
/* Each of a JSON list of strings; NULL: none.  P11 too. */
enum err MUST_USE backends_put(struct control *c, const struct app *a,
    const json_t *list, bool may_exist, struct fault *f);

json_t *backends_json(struct control *c, const struct app *a);
/* One of them; NULL: there is none with that id. */
json_t *backend_json(struct control *c, const struct app *a, int64_t id);

#endif
