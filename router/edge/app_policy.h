#ifndef ROUTER_EDGE_APP_POLICY_H
#define ROUTER_EDGE_APP_POLICY_H
/*
 * What `apps set` says about serving an app, as a worker uses it.  Control has
 * checked the values; what this cannot read stays as it was.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/host.h"
#include "base/slice.h"
#include "router/edge/balance.h"

struct app_policy {
	bool force_https;
	bool maintenance;
	bool only_tls13;  /* min_tls = 1.3 */
	double connect_s; /* connect_timeout, first_byte_timeout, ... */
	double first_byte_s;
	double idle_s;
	int64_t max_active; /* requests at once on one backend; 0: no limit */
	int64_t max_body;   /* 0: no limit; bytes of a request */
	int64_t hsts_s;     /* max-age; 0: not sent */
	char canonical_host[HOST_SIZE]; /* "": none */
	enum balance balance;
};

void app_policy_init(struct app_policy *s); /* INTERFACE.md's defaults */

/* One as text ("on", "30s", "75M"), as in [defaults]. */
void app_policy_set(struct app_policy *s, struct slice key, struct slice value);

/* The store's JSON object; seconds and bytes are numbers there. */
void app_policy_read(struct app_policy *s, struct slice json);

#endif
