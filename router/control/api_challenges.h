#ifndef ROUTER_CONTROL_API_CHALLENGES_H
#define ROUTER_CONTROL_API_CHALLENGES_H
/*
 * /v1/domains/{host}/challenges: what a CA will look for, for who serves it
 * elsewhere before the name leads here.
 */
#include "router/control/api.h"

api_handler api_challenges_list, api_challenges_add;

#endif
