#ifndef ROUTER_CONTROL_API_OPENAPI_H
#define ROUTER_CONTROL_API_OPENAPI_H
/*
 * GET /v1/openapi.json: the API described for programs (OpenAPI 3.1), derived
 * from the route table and the schemas beside it.
 */
#include "router/control/api.h"

api_handler api_openapi;

/* The whole document, new. */
json_t *api_openapi_json(void);

#endif
