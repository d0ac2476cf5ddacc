#ifndef ROUTER_CONTROL_API_REVOKE_H
#define ROUTER_CONTROL_API_REVOKE_H
/* Revocation of automatic certificates (router/control/revocation.h). */
#include "router/control/api.h"

/* POST /v1/domains/{host}/revoke {"reason": "key-compromise", "force": false}
 */
api_handler api_certificate_revoke;

#endif
