#ifndef ROUTER_CONTROL_CONTROL_H
#define ROUTER_CONTROL_CONTROL_H
/*
 * The control process's state: one struct, made in control_proc.c and passed
 * down.  Each part has a file of its own that alone knows what is in it.
 *
 * Owned by: control_main.   Freed by: it.
 */
#include <ev.h>

#include "acme/issuer.h"
#include "acme/line.h"
#include "base/child.h"
#include "base/db.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/shared.h"
#include "router/config.h"
#include "router/control/change.h"
#include "router/control/peer.h"

struct control {
	struct child *child;
	struct ev_loop *loop;
	struct config config;
	int64_t started_at;

	struct db *db;
	struct shared *shared;
	struct limits *limits;
	struct change change; /* the transaction, and what follows it */

	struct keyring *keyring;
	struct channel *keys;
	struct trust *trust;
	struct dns *dns;
	struct fetch *fetch;
	struct provider *provider; /* of DNS; NULL: none is configured */
	struct txt_records *txt;   /* NULL: no provider */
	int hook;                  /* a channel for the provider; -1 */
	struct issuer *issuer;

	struct workers *workers;     /* channels and counters of the workers */
	struct health *health;       /* checks of backends */
	struct names *names;         /* of backends */
	struct checks *checks;       /* looks at DNS under way */
	struct fallbacks *fallbacks; /* and at what could replace uploads */
	struct stats *stats;         /* traffic, collected from workers */
	struct metrics *metrics;     /* for Prometheus */
	struct followers *followers; /* clients that follow events */
	struct log_followers *log_followers; /* and router lines */
	struct scheduler *scheduler;
	struct renewals *renewals; /* what CAs say of them */
	struct pages *pages;       /* of the apps' own, being fetched */
	struct revocations *revocations;
	struct repeats *repeats; /* answers by Idempotency-Key */

	struct {
		uint64_t issued, failed; /* that ended since this process began
					  */
		struct line_turns turns; /* of those that wait in the store */
	} orders;
	uint64_t restarts[ROLES]; /* of processes, as the parent counts */

	struct list calls; /* of the API, under way */
	struct peer_policy peers;
	int socket; /* it listens; http's once there is one */
	struct http_server *http;
	struct ev_timer drain; /* when calls under way are waited for no more */
};

#endif
