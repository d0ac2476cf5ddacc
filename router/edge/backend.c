#include "router/edge/backend.h"

#include <stdlib.h>

#include "base/mem.h"

#define BACKENDS_MAX 100000

void
backends_init(struct backends *bs, void (*on_unused)(struct backend *b))
{
	map_init(&bs->map, BACKENDS_MAX);
	bs->on_unused = on_unused;
}

void
backends_clear(struct backends *bs)
{
	map_clear(&bs->map);
}

enum err
backend_get(struct backends *bs, struct slice address, struct backend **out)
{
	struct backend *b = map_get(&bs->map, address);
	struct addr addr;

	if (b == NULL) {
		if (addr_parse(address, &addr) != ERR_OK)
			return ERR_SYNTAX;
		b = xcalloc(1, sizeof(*b));
		if (map_put(&bs->map, address, b) != ERR_OK) {
			free(b);
			return ERR_TOO_BIG;
		}
		b->address = xstrdup_slice(address);
		b->addr = addr;
		b->owner = bs;
		list_init(&b->idle);
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
	(void)map_remove(&b->owner->map, slice_str(b->address));
	free(b->address);
	free(b);
}
