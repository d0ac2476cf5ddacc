#ifndef ROUTER_CONTROL_API_BACKENDS_H
#define ROUTER_CONTROL_API_BACKENDS_H
/* Handlers of /v1/apps/{app}/backends. */
#include "router/control/api.h"

api_handler api_backends_list, api_backends_add, api_backends_set,
    api_backends_change, api_backends_remove;

/*
 * For API_OWN: runs the handler inside a change, when the host names among the
 * body's "backends", and of its "origin", have been looked at (or NAMES_WAIT_S
 * are over), and ends the call.
 */
void api_run_resolved(struct api_call *call, api_handler *handler);

#endif
