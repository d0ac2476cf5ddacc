#ifndef ROUTER_EDGE_APP_POLICY_H
#define ROUTER_EDGE_APP_POLICY_H
/*
 * What `apps set` says about serving an app, as a worker uses it.  Control has
 * checked the values; what this cannot read stays as it was.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/header_rule.h"
#include "base/host.h"
#include "base/rate.h"
#include "router/edge/backend.h"
#include "router/edge/balance.h"

struct policy_networks {
	struct network *items;
	size_t n;
};

/* Owned by: the app's version.   Freed by: app_policy_clear. */
struct app_policy {
	bool force_https;
	bool maintenance;
	bool only_tls13;  /* min_tls = 1.3 */
	double connect_s; /* connect_timeout, first_byte_timeout, ... */
	double first_byte_s;
	double idle_s;
	int64_t max_active;  /* requests at once on one backend; 0: no limit */
	int64_t max_body;    /* 0: no limit; bytes of a request */
	int64_t max_headers; /* 0: as the reader takes; bytes of a head */
	int64_t hsts_s;      /* max-age; 0: not sent */
	char canonical_host[HOST_SIZE]; /* "": none */
	/* Sources of pages (page.h); NULL: ours. */
	char *maintenance_page, *error_page;
	struct policy_networks allow; /* none: everybody */
	struct policy_networks deny;
	struct header_rules request_headers, response_headers;
	enum balance balance;
	enum backend_proxy proxy_protocol;
	char backend_host[HOST_SIZE]; /* struct backend_way's tls_name */
	char *backend_ca;             /* its ca; NULL: none */
	bool sticky;
	double slow_start_s; /* 0: a new backend gets its whole share at once */
	int64_t queue;       /* requests that may wait; 0: none */
	double queue_s;      /* queue_timeout */
	struct rate rate;    /* of one client; every_us 0: no limit */
};

void app_policy_init(struct app_policy *s); /* INTERFACE.md's defaults */
void app_policy_clear(struct app_policy *s);

/* May a client of that address come?  Text that is no address may not, where
 * anybody may not. */
bool app_policy_admits(const struct app_policy *s, struct slice address);

/* One as text ("on", "30s", "75M"), as in [defaults]; of a list, some more. */
void app_policy_set(struct app_policy *s, struct slice key, struct slice value);

/* The store's JSON object; seconds and bytes are numbers there. */
void app_policy_read(struct app_policy *s, struct slice json);

#endif
