#ifndef ROUTER_EDGE_BACKEND_H
#define ROUTER_EDGE_BACKEND_H
/*
 * A backend as this worker knows it: where it is, how busy it is with us,
 * whether it is quarantined, which connections to it are idle.  One for each
 * address and way, shared by the apps (and their versions) that name it; a
 * backend named by host is one for each address that the name has.
 *
 * Owned by: who refers to it, counted.   Freed by: backend_unref.
 */
#include "base/addr.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/map.h"
#include "router/edge/quarantine.h"
#include "router/edge/tls_backend.h"

/* What is spoken with it: by the scheme that it is written with. */
enum backend_protocol {
	BACKEND_HTTP1,
	BACKEND_H2C,   /* h2c:// */
	BACKEND_HTTPS, /* https:// */
};

/* The PROXY protocol's header, at the start of each connection to it. */
enum backend_proxy {
	BACKEND_PROXY_OFF,
	BACKEND_PROXY_V1,
	BACKEND_PROXY_V2,
};

/* How an app wants its backends to be spoken to. */
struct backend_way {
	enum backend_proxy proxy;
	struct slice tls_name; /* that its certificate is for; "": the host or
				* address that it is written with */
	struct slice ca;       /* PEM; "": the system's bundle */
};

/* What became of the requests that were sent there. */
struct backend_counts {
	uint64_t requests; /* answered, or given up */
	uint64_t failures; /* no answer, or one of 5xx; of each try */
	uint64_t connect_failures;
	uint64_t service_ms; /* sum, of those answered */
};

struct backend {
	char *key;     /* in the map */
	char *given;   /* as in the store: with scheme, maybe by host name */
	char *address; /* as in router lines */
	struct addr addr;
	enum backend_protocol protocol;
	enum backend_proxy proxy;
	char *tls_name;
	struct tls_trust *trust; /* of https://, as what follows; else NULL */
	struct tls_resumption *resumption;
	/* of what workers count of it together (base/limits.h) */
	uint64_t hash;
	unsigned refs;
	unsigned active; /* requests under way */
	struct quarantine quarantine;
	struct backend_counts counts;
	struct list idle;   /* of upstream_h1.c: connections to be used again */
	struct list shared; /* of upstream_h2.c: those that serve several */
	unsigned n_idle;
	struct backends *owner;
};

/* All of a worker's, by address. */
struct backends {
	struct map map;
	struct tls_trusts trusts;
	struct limits *limits; /* a loan; NULL: this worker alone counts */
	uint32_t worker;       /* its number there */
	/* Nobody refers to b any more: close what is idle. */
	void (*on_unused)(struct backend *b);
};

/* limits: see above. */
void backends_init(struct backends *bs, struct limits *limits, uint32_t worker,
    void (*on_unused)(struct backend *b));
void backends_clear(struct backends *bs); /* nobody refers to any */

/*
 * A reference.  given: as in the store; target: where that is, ADDRESS:PORT or
 * unix:/PATH.  ERR_SYNTAX: not one that can be connected to; ERR_TOO_BIG: too
 * many.
 */
enum err MUST_USE backend_get(struct backends *bs, struct slice given,
    struct slice target, const struct backend_way *way, struct backend **out);
void backend_unref(struct backend *b);

/* One request more, or less, is under way there. */
void backend_begin(struct backend *b);
void backend_end(struct backend *b);
/* Requests of all workers under way there. */
uint64_t backend_active(const struct backend *b);

#endif
