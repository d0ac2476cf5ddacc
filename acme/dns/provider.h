#ifndef ACME_DNS_PROVIDER_H
#define ACME_DNS_PROVIDER_H
/*
 * Who serves DNS zones and takes changes from us ([dns] provider): Route 53
 * (provider_route53.c), any server that speaks RFC 2136 (provider_rfc2136.c),
 * or whatever a command of the operator's knows to change (provider_exec.c).
 * Changes are made one after the other: providers allow few at a time, and to
 * add a value may mean to read what is there.
 *
 * A record set of a name and type may hold values that are not ours.  To add
 * and to remove leaves them; only to replace does not.
 *
 * Owned by: control.   Freed by: provider_free, which drops open calls
 * without telling.
 */
#include <ev.h>

#include "base/addr.h"
#include "base/fault.h"
#include "base/fetch.h"
#include "base/list.h"

#define PROVIDER_NAME_SIZE  256
#define PROVIDER_VALUE_SIZE 1024

enum provider_act {
	PROVIDER_ADD,     /* this value; it may be there already */
	PROVIDER_REMOVE,  /* this value; it may be gone already */
	PROVIDER_REPLACE, /* whatever the set holds, by this value */
};

struct provider_change {
	enum provider_act act;
	const char *name;  /* without the last dot */
	const char *type;  /* "TXT", "CNAME", "A", "AAAA" or "CAA" */
	const char *value; /* as in a zone file; of a TXT without quotes */
	int ttl_s;
};

struct provider;
struct provider_call; /* one change under way, or waiting */

/* Once, never from within provider_apply.  f NULL: the provider's servers have
 * it.  D30, D31, D32. */
typedef void provider_done(void *ctx, const struct fault *f);

/* The change is copied. */
struct provider_call *provider_apply(struct provider *p,
    const struct provider_change *change, provider_done *done, void *ctx);
/* It may be made even so.  done is not called.  NULL is allowed. */
void provider_cancel(struct provider_call *call);

/* NULL is allowed. */
void provider_free(struct provider *p);

/* --- which there are ------------------------------------------------------ */

struct route53_config {
	const char *access_key_id, *secret_access_key;
	const char *session_token; /* of temporary keys; "": none */
	const char *region;        /* "": of all but China's */
	const char *endpoint;      /* "": Amazon's */
};
/* The configuration is copied, fetch is a loan. */
struct provider *provider_route53(struct ev_loop *loop, struct fetch *fetch,
    const struct route53_config *config);

struct rfc2136_config {
	struct addr server;
	const char *key_name, *key_algorithm; /* "hmac-sha256" */
	const char *key_secret;               /* base64 */
};
/* S23: the key cannot be used. */
enum err MUST_USE provider_rfc2136(struct ev_loop *loop,
    const struct rfc2136_config *config, struct provider **out,
    struct fault *f);

/*
 * A command of the operator's.  It is run by a process of its own (role hook,
 * router/hook_proc.h), for this one may run none; what is asked of it waits for
 * that process when it is being started again.
 */
struct provider *provider_exec(struct ev_loop *loop, int timeout_ms);
/* A channel to a process that runs it; takes fd. */
void provider_exec_take(struct provider *p, uint32_t instance, int fd);

/* --- for a provider ------------------------------------------------------- */

struct provider_ops {
	/* Begins with p->current; ends, never from within, with
	 * provider_finish. */
	void (*start)(struct provider *p);
	/* Drops what is under way. */
	void (*stop)(struct provider *p);
	/* Drops one that settles; NULL for who never lets one. */
	void (*drop)(struct provider *p, struct provider_call *call);
	void (*free)(struct provider *p); /* after stop and drop */
};

struct provider_call {
	struct list link;
	struct provider *provider;
	struct provider_change change; /* strings are the call's own */
	provider_done *done;
	void *ctx;
	bool is_settling;
	void *settling; /* the provider's own */
};

/* Embedded first in each provider. */
struct provider {
	const struct provider_ops *ops;
	struct ev_loop *loop;
	struct list waiting, settling;
	struct provider_call *current; /* NULL: idle */
	ev_timer kick;                 /* the next begins from the loop */
};

void provider_init(
    struct provider *p, struct ev_loop *loop, const struct provider_ops *ops);
/* The current change is made, or f says why not. */
void provider_finish(struct provider *p, const struct fault *f);

/* The current change is taken, and has still to reach all servers: the next one
 * begins meanwhile.  This one ends with provider_settled. */
struct provider_call *provider_settle(struct provider *p);
void provider_settled(struct provider_call *call, const struct fault *f);

/* The parent of a name: "b.c" of "a.b.c"; "" of the last label. */
const char *provider_parent(const char *name);

#endif
