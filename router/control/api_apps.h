#ifndef ROUTER_CONTROL_API_APPS_H
#define ROUTER_CONTROL_API_APPS_H
/* Handlers of /v1/apps, and of the backends below. */
#include "router/control/api.h"

api_handler api_apps_list, api_apps_create, api_apps_get, api_apps_change,
    api_apps_destroy;
api_handler api_backends_list, api_backends_add, api_backends_set,
    api_backends_change, api_backends_remove;

#endif
