#include "router/edge/backend.h"

#include <stdlib.h>

#include "base/mem.h"

#define BACKENDS_MAX 100000

void
backends_init(struct backends *bs, struct limits *limits, uint32_t worker,
    void (*on_unused)(struct backend *b))
{
	map_init(&bs->map, BACKENDS_MAX);
	tls_trusts_init(&bs->trusts);
	bs->limits = limits;
	bs->worker = worker;
	bs->on_unused = on_unused;
}

void
backends_clear(struct backends *bs)
{
	map_clear(&bs->map);
	tls_trusts_clear(&bs->trusts);
}

static void
free_backend(struct backend *b)
{
	free(b->key);
	free(b->given);
	free(b->address);
	free(b->tls_name);
	tls_trust_unref(b->trust);
	tls_resumption_free(b->resumption);
	free(b);
}

/* --- as it is written ----------------------------------------------------- */

static enum backend_protocol
protocol_of(struct slice given)
{
	if (slice_starts_with(given, SLICE("h2c://")))
		return BACKEND_H2C;
	return slice_starts_with(given, SLICE("https://")) ? BACKEND_HTTPS
							   : BACKEND_HTTP1;
}

/* Of "https://shop.example:443" the host, of "https://[::1]:443" the address
 * alone. */
static struct slice
host_of(struct slice given)
{
	struct slice host = slice_from(given, strlen("https://"));

	if (host.n > 0 && host.p[0] == '[') {
		host = slice_from(host, 1);
		return slice_of(host.p, slice_find(host, ']'));
	}
	return slice_of(host.p, slice_find(host, ':'));
}

static void
prepare_tls(struct backend *b, const struct backend_way *way)
{
	b->tls_name = xstrdup_slice(
	    way->tls_name.n > 0 ? way->tls_name : host_of(slice_str(b->given)));
	b->trust = tls_trust_get(&b->owner->trusts, way->ca);
	b->resumption = tls_resumption_new();
}

/* Those with the same key are one. */
static char *
make_key(struct slice given, struct slice target, const struct backend_way *way)
{
	if (protocol_of(given) != BACKEND_HTTPS)
		return xasprintf("%" SLICE_FMT " %" SLICE_FMT " %d",
		    SLICE_ARG(given), SLICE_ARG(target), (int)way->proxy);
	return xasprintf("%" SLICE_FMT " %" SLICE_FMT " %d %" SLICE_FMT
			 " %" SLICE_FMT,
	    SLICE_ARG(given), SLICE_ARG(target), (int)way->proxy,
	    SLICE_ARG(way->tls_name), SLICE_ARG(way->ca));
}

/* All workers and control call it by the same name. */
static uint64_t
hash_of(const struct backends *bs, struct slice given, struct slice target)
{
	char *name = xasprintf(
	    "%" SLICE_FMT " %" SLICE_FMT, SLICE_ARG(given), SLICE_ARG(target));
	uint64_t hash = limits_hash(bs->limits, slice_str(name));

	free(name);
	return hash;
}

/* --- life ----------------------------------------------------------------- */

static struct backend *
new_backend(struct backends *bs, struct slice given, struct slice target,
    const struct backend_way *way)
{
	struct backend *b = xcalloc(1, sizeof(*b));
	bool is_by_address = slice_ends_with(given, target);

	b->owner = bs;
	b->given = xstrdup_slice(given);
	b->address = xstrdup_slice(is_by_address ? given : target);
	b->protocol = protocol_of(given);
	b->proxy = way->proxy;
	list_init(&b->idle);
	list_init(&b->shared);
	if (bs->limits != NULL)
		b->hash = hash_of(bs, given, target);
	if (b->protocol == BACKEND_HTTPS)
		prepare_tls(b, way);
	return b;
}

enum err
backend_get(struct backends *bs, struct slice given, struct slice target,
    const struct backend_way *way, struct backend **out)
{
	char *key = make_key(given, target, way);
	struct backend *b = map_get(&bs->map, slice_str(key));
	enum err e = ERR_OK;

	if (b != NULL) {
		free(key);
	} else {
		b = new_backend(bs, given, target, way);
		b->key = key;
		e = addr_parse(target, &b->addr);
		if (e == ERR_OK)
			e = map_put(&bs->map, slice_str(key), b);
	}
	if (e != ERR_OK) {
		free_backend(b);
		return e;
	}
	b->refs++;
	*out = b;
	return ERR_OK;
}

void
backend_unref(struct backend *b)
{
	if (--b->refs > 0)
		return;
	b->owner->on_unused(b);
	(void)map_remove(&b->owner->map, slice_str(b->key));
	free_backend(b);
}

static void
count(struct backend *b, int change)
{
	const struct backends *bs = b->owner;

	b->active += (unsigned)change;
	if (bs->limits != NULL)
		limits_count(bs->limits, bs->worker, b->hash, change);
}

void
backend_begin(struct backend *b)
{
	count(b, 1);
}

void
backend_end(struct backend *b)
{
	count(b, -1);
}

uint64_t
backend_active(const struct backend *b)
{
	const struct backends *bs = b->owner;
	uint64_t all = 0;

	if (bs->limits != NULL)
		all = limits_total(bs->limits, b->hash);
	return all > b->active ? all : b->active;
}
