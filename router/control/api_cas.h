#ifndef ROUTER_CONTROL_API_CAS_H
#define ROUTER_CONTROL_API_CAS_H
/*
 * The CAs themselves: what is told of them, and what a person may do to an
 * account.
 */
#include "router/control/api.h"

/* "cas" of GET /v1/acme: the first CA and the fallback, when there is one. */
json_t *api_cas_json(struct control *c);

/* "paused": names that a CA will not issue for until a person has followed its
 * link. */
json_t *api_paused_json(struct control *c);

/* POST /v1/acme/rollover {"ca": "first"}: answers when the CA has the key. */
api_handler api_acme_rollover;

#endif
