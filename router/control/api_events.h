#ifndef ROUTER_CONTROL_API_EVENTS_H
#define ROUTER_CONTROL_API_EVENTS_H
/* GET /v1/events: a list, or with Accept: text/event-stream a stream. */
#include "router/control/api.h"

api_handler api_events;

#endif
