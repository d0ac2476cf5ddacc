#ifndef ROUTER_CONTROL_API_APPS_H
#define ROUTER_CONTROL_API_APPS_H
/* Handlers of /v1/apps. */
#include "router/control/api.h"

api_handler api_apps_list, api_apps_create, api_apps_get, api_apps_change,
    api_apps_destroy;

#endif
