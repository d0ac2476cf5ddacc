#ifndef ROUTER_EDGE_WORKER_STATS_H
#define ROUTER_EDGE_WORKER_STATS_H
/*
 * What control asks a worker: counts for each host, app and backend that only
 * it knows (MSG_HOST_STATS, MSG_APP_STATS, MSG_BACKEND_STATS of
 * base/messages.h), and what worker_logs.h answers.
 */
#include "base/channel.h"

struct worker;

/* ERR_SYNTAX costs control its channel. */
enum err worker_stats_answer(
    struct worker *w, struct channel *c, const struct channel_message *m);

#endif
