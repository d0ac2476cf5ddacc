#include "router/edge/message.h"

#include <assert.h>

#include "base/mem.h"

struct headers
headers_new(struct arena *a, size_t max)
{
	return (struct headers){
	    arena_alloc(a, max * sizeof(struct header)), 0, max};
}

void
headers_add(struct headers *h, struct slice name, struct slice value)
{
	assert(h->n < h->max);
	h->items[h->n++] = (struct header){name, value};
}

struct slice
headers_find(const struct headers *h, struct slice name)
{
	for (size_t i = 0; i < h->n; i++)
		if (slice_eq_nocase(h->items[i].name, name))
			return h->items[i].value;
	return (struct slice){NULL, 0};
}

const char *
http_version_text(enum http_version v)
{
	static const char *const texts[] = {
	    [HTTP_10] = "1.0",
	    [HTTP_11] = "1.1",
	    [HTTP_2] = "2",
	};
	return texts[v];
}

bool
method_is_idempotent(struct slice method)
{
	static const struct slice methods[] = {
	    {"GET", 3},
	    {"HEAD", 4},
	    {"OPTIONS", 7},
	    {"PUT", 3},
	    {"DELETE", 6},
	    {"TRACE", 5},
	};
	for (size_t i = 0; i < COUNT_OF(methods); i++)
		if (slice_eq(methods[i], method))
			return true;
	return false;
}
