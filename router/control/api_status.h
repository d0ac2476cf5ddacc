#ifndef ROUTER_CONTROL_API_STATUS_H
#define ROUTER_CONTROL_API_STATUS_H
/* GET /v1/status, /v1/faults and /v1/acme: how everything is. */
#include "router/control/api.h"

api_handler api_status, api_faults, api_acme;

#endif
