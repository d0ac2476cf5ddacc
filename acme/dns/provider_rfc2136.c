#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/dns/dns_tcp.h"
#include "acme/dns/provider.h"
#include "acme/dns/rfc2136_message.h"
#include "base/mem.h"

struct rfc2136 {
	struct provider provider;
	struct addr server;
	char *key_name, *key_algorithm, *key_secret;
	char zone[PROVIDER_NAME_SIZE];       /* the candidate, then the zone */
	struct rfc2136_signature *signature; /* of the update under way */
	struct dns_tcp *call;
};

static const struct provider_change *
change_of(const struct rfc2136 *r)
{
	return &r->provider.current->change;
}

static struct rfc2136_key
key_of(const struct rfc2136 *r)
{
	return (struct rfc2136_key){.name = r->key_name,
	    .secret = r->key_secret,
	    .algorithm = r->key_algorithm};
}

/* --- the end -------------------------------------------------------------- */

static void
finish(struct rfc2136 *r, const struct fault *f)
{
	rfc2136_signature_free(r->signature);
	r->signature = NULL;
	provider_finish(&r->provider, f);
}

static void
fail(struct rfc2136 *r, enum fault_code code, const char *what)
{
	char server[ADDR_TEXT_SIZE];
	struct fault f = {0};

	fault_set(&f, code, "Name server %s: %s (%s %s)",
	    addr_format(&r->server, server), what, change_of(r)->type,
	    change_of(r)->name);
	finish(r, &f);
}

static void
fail_to_reach(struct rfc2136 *r, enum err e)
{
	fail(r, FAULT_D31_PROVIDER_UNREACHABLE,
	    e == ERR_TIMEOUT ? "it does not answer" : "no connection");
}

/* --- the update ----------------------------------------------------------- */

static void
on_updated(void *ctx, enum err e, struct slice message)
{
	struct rfc2136 *r = ctx;
	struct rfc2136_key key = key_of(r);
	const char *why = "";

	r->call = NULL;
	if (e != ERR_OK) {
		fail_to_reach(r, e);
		return;
	}
	e = rfc2136_read_update(message, r->signature, &key, &why);
	if (e == ERR_OK)
		finish(r, NULL);
	else if (e == ERR_DENIED)
		fail(r, FAULT_D30_PROVIDER_REFUSED, why);
	else
		fail(r, FAULT_D30_PROVIDER_REFUSED,
		    "its answer is not signed with the key");
}

static void
update(struct rfc2136 *r)
{
	struct rfc2136_key key = key_of(r);
	struct buf b;

	buf_init(&b, RFC2136_MESSAGE_MAX);
	if (rfc2136_write_update(
		&b, r->zone, change_of(r), &key, &r->signature) == ERR_OK)
		r->call = dns_tcp_ask(
		    r->provider.loop, &r->server, buf_slice(&b), on_updated, r);
	else
		fail(r, FAULT_D30_PROVIDER_REFUSED, "no such record");
	buf_clear(&b);
}

/* --- the zone: the longest suffix of the name that the server is for ------ */

static void find_zone(struct rfc2136 *r);

static void
on_soa(void *ctx, enum err e, struct slice message)
{
	struct rfc2136 *r = ctx;
	const char *parent = provider_parent(r->zone);
	bool is_zone = false;

	r->call = NULL;
	if (e != ERR_OK) {
		fail_to_reach(r, e);
		return;
	}
	e = rfc2136_read_soa(message, r->zone, &is_zone);
	if (e != ERR_OK) {
		fail(r, FAULT_D31_PROVIDER_UNREACHABLE,
		    "it answers, but not to questions");
	} else if (is_zone) {
		update(r);
	} else if (parent[0] == '\0') {
		fail(r, FAULT_D32_PROVIDER_NO_ZONE, "no zone of it");
	} else {
		memmove(r->zone, parent, strlen(parent) + 1);
		find_zone(r);
	}
}

static void
find_zone(struct rfc2136 *r)
{
	struct buf b;

	buf_init(&b, RFC2136_MESSAGE_MAX);
	if (rfc2136_write_soa(&b, r->zone) == ERR_OK)
		r->call = dns_tcp_ask(
		    r->provider.loop, &r->server, buf_slice(&b), on_soa, r);
	else
		fail(r, FAULT_D30_PROVIDER_REFUSED, "no such name");
	buf_clear(&b);
}

/* --- as a provider -------------------------------------------------------- */

static void
start(struct provider *p)
{
	struct rfc2136 *r = container_of(p, struct rfc2136, provider);

	snprintf(r->zone, sizeof(r->zone), "%s", p->current->change.name);
	find_zone(r);
}

static void
stop(struct provider *p)
{
	struct rfc2136 *r = container_of(p, struct rfc2136, provider);

	dns_tcp_cancel(r->call);
	r->call = NULL;
	rfc2136_signature_free(r->signature);
	r->signature = NULL;
}

static void
free_rfc2136(struct provider *p)
{
	struct rfc2136 *r = container_of(p, struct rfc2136, provider);

	free(r->key_name);
	free(r->key_algorithm);
	secret_free(r->key_secret, strlen(r->key_secret));
	free(r);
}

enum err
provider_rfc2136(struct ev_loop *loop, const struct rfc2136_config *config,
    struct provider **out, struct fault *f)
{
	static const struct provider_ops ops = {
	    .start = start, .stop = stop, .free = free_rfc2136};
	struct rfc2136_key key = {.name = config->key_name,
	    .secret = config->key_secret,
	    .algorithm = config->key_algorithm};
	struct rfc2136 *r;
	enum err e = rfc2136_key_check(&key, f);

	if (e != ERR_OK)
		return e;
	r = xcalloc(1, sizeof(*r));
	provider_init(&r->provider, loop, &ops);
	r->server = config->server;
	r->key_name = xstrdup(config->key_name);
	r->key_algorithm = xstrdup(config->key_algorithm);
	r->key_secret = xstrdup(config->key_secret);
	*out = &r->provider;
	return ERR_OK;
}
