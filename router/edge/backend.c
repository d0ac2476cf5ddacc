#include "router/edge/backend.h"

#include <stdlib.h>

#include "base/mem.h"

#define BACKENDS_MAX 100000

void
backends_init(struct backends *bs, struct limits *limits, uint32_t worker,
    void (*on_unused)(struct backend *b))
{
	map_init(&bs->map, BACKENDS_MAX);
	bs->limits = limits;
	bs->worker = worker;
	bs->on_unused = on_unused;
}

void
backends_clear(struct backends *bs)
{
	map_clear(&bs->map);
}

static void
free_backend(struct backend *b)
{
	free(b->key);
	free(b->given);
	free(b->address);
	free(b);
}

/* Takes key. */
static enum err
add(struct backends *bs, char *key, struct slice given, struct slice target,
    struct backend **out)
{
	struct backend *b = xcalloc(1, sizeof(*b));
	bool is_by_address = slice_ends_with(given, target);
	enum err e;

	b->key = key;
	b->given = xstrdup_slice(given);
	b->address = xstrdup_slice(is_by_address ? given : target);
	b->owner = bs;
	list_init(&b->idle);
	if (bs->limits != NULL)
		b->hash = limits_hash(bs->limits, slice_str(key));
	e = addr_parse(target, &b->addr);
	if (e == ERR_OK)
		e = map_put(&bs->map, slice_str(key), b);
	if (e == ERR_OK)
		*out = b;
	else
		free_backend(b);
	return e;
}

enum err
backend_get(struct backends *bs, struct slice given, struct slice target,
    struct backend **out)
{
	char *key = xasprintf(
	    "%" SLICE_FMT " %" SLICE_FMT, SLICE_ARG(given), SLICE_ARG(target));
	struct backend *b = map_get(&bs->map, slice_str(key));

	if (b != NULL) {
		free(key);
	} else {
		enum err e = add(bs, key, given, target, &b);

		if (e != ERR_OK)
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
publish(const struct backend *b)
{
	const struct backends *bs = b->owner;

	if (bs->limits != NULL)
		limits_count(bs->limits, bs->worker, b->hash, b->active);
}

void
backend_begin(struct backend *b)
{
	b->active++;
	publish(b);
}

void
backend_end(struct backend *b)
{
	b->active--;
	publish(b);
}

uint64_t
backend_active(const struct backend *b)
{
	const struct backends *bs = b->owner;

	if (bs->limits == NULL)
		return b->active;
	return b->active + limits_of_others(bs->limits, bs->worker, b->hash);
}
