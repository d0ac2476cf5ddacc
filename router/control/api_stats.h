#ifndef ROUTER_CONTROL_API_STATS_H
#define ROUTER_CONTROL_API_STATS_H
/* GET /v1/stats and /metrics: traffic, for people and for Prometheus. */
#include "router/control/api.h"

api_handler api_stats, api_metrics;

#endif
