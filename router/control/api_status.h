#ifndef ROUTER_CONTROL_API_STATUS_H
#define ROUTER_CONTROL_API_STATUS_H
/* GET /v1/status, /v1/faults and /v1/acme: how everything is. */
#include "router/control/api.h"

/* Domains by status, and by fault: adds members that count. */
void api_status_tally(struct control *c, json_t *by_status, json_t *by_fault);

api_handler api_status, api_faults, api_acme;

#endif
