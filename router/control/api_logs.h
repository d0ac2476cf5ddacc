#ifndef ROUTER_CONTROL_API_LOGS_H
#define ROUTER_CONTROL_API_LOGS_H
/* GET /v1/logs and /v1/explain/{id}: single requests. */
#include "router/control/api.h"

api_handler api_logs, api_explain;

#endif
