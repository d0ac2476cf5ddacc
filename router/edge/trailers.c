#include "router/edge/trailers.h"

#include "base/mem.h"

static const struct slice refused[] = {
    /* framing and this hop */
    {"connection", 10},
    {"content-length", 14},
    {"keep-alive", 10},
    {"proxy-connection", 16},
    {"te", 2},
    {"trailer", 7},
    {"transfer-encoding", 17},
    {"upgrade", 7},
    /* routing and what a request asks */
    {"expect", 6},
    {"host", 4},
    {"if-match", 8},
    {"if-modified-since", 17},
    {"if-none-match", 13},
    {"if-range", 8},
    {"if-unmodified-since", 19},
    {"max-forwards", 12},
    {"range", 5},
    /* who it is */
    {"authorization", 13},
    {"cookie", 6},
    {"proxy-authenticate", 18},
    {"proxy-authorization", 19},
    {"set-cookie", 10},
    {"www-authenticate", 16},
    /* how to read and keep the content */
    {"age", 3},
    {"cache-control", 13},
    {"content-encoding", 16},
    {"content-range", 13},
    {"content-type", 12},
    {"date", 4},
    {"expires", 7},
    {"location", 8},
    {"pragma", 6},
    {"retry-after", 11},
    {"vary", 4},
    {"warning", 7},
    /* what we say ourselves, and backends believe */
    {"forwarded", 9},
    {"strict-transport-security", 25},
    {"via", 3},
    {"x-real-ip", 9},
    {"x-request-id", 12},
    {"x-request-start", 15},
};

static const struct slice refused_prefixes[] = {
    {"x-forwarded-", 12},
    {"x-towpath-", 10},
};

bool
trailer_may_pass(struct slice name)
{
	for (size_t i = 0; i < COUNT_OF(refused); i++)
		if (slice_eq_nocase(refused[i], name))
			return false;
	for (size_t i = 0; i < COUNT_OF(refused_prefixes); i++) {
		struct slice prefix = refused_prefixes[i];

		if (name.n >= prefix.n &&
		    slice_eq_nocase(prefix, slice_of(name.p, prefix.n)))
			return false;
	}
	return name.n > 0;
}

struct headers
trailers_sift(const struct http1_field *fields, size_t n,
    struct header items[HTTP1_TRAILERS_MAX])
{
	struct headers h = {items, 0, HTTP1_TRAILERS_MAX};

	for (size_t i = 0; i < n; i++)
		if (trailer_may_pass(fields[i].name))
			headers_add(&h, fields[i].name, fields[i].value);
	return h;
}

const struct headers *
trailers_keep(struct arena *a, const struct headers *h)
{
	struct headers *out = NULL;

	if (h->n > 0)
		out = arena_alloc(a, sizeof(*out));
	if (out == NULL)
		return NULL;
	*out = headers_new(a, h->n);
	for (size_t i = 0; out->items != NULL && i < h->n; i++) {
		struct slice name = arena_copy(a, h->items[i].name);
		struct slice value = arena_copy(a, h->items[i].value);

		if (name.p == NULL || value.p == NULL)
			return NULL;
		headers_add(out, name, value);
	}
	return out->n > 0 ? out : NULL;
}
