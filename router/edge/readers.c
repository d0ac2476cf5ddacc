#include "router/edge/readers.h"

struct http1 *
readers_take(struct readers *rs, enum http1_kind kind)
{
	if (rs->n[kind] == 0)
		return http1_new(kind);
	return rs->kept[kind][--rs->n[kind]];
}

void
readers_give(struct readers *rs, enum http1_kind kind, struct http1 *h)
{
	if (h == NULL)
		return;
	if (rs->n[kind] == READERS_KEPT) {
		http1_free(h);
		return;
	}
	http1_next(h);
	rs->kept[kind][rs->n[kind]++] = h;
}

void
readers_clear(struct readers *rs)
{
	for (int kind = 0; kind < 2; kind++) {
		for (size_t i = 0; i < rs->n[kind]; i++)
			http1_free(rs->kept[kind][i]);
		rs->n[kind] = 0;
	}
}
