#ifndef ROUTER_EDGE_WORKER_LOGS_H
#define ROUTER_EDGE_WORKER_LOGS_H
/*
 * What control asks a worker about single requests: their router lines
 * (MSG_LOGS), and why one went as it did (MSG_EXPLAIN).
 */
#include "base/channel.h"

struct worker;

/* ERR_SYNTAX costs control its channel. */
enum err worker_logs_answer(
    struct worker *w, struct channel *c, const struct channel_message *m);

#endif
