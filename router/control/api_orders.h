#ifndef ROUTER_CONTROL_API_ORDERS_H
#define ROUTER_CONTROL_API_ORDERS_H
/* Certificates of several names: handlers (router/control/name_set.h). */
#include "router/control/api.h"

api_handler api_orders_add;
api_handler api_orders_get;

#endif
