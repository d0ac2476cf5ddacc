#ifndef ROUTER_EDGE_ERROR_PAGE_H
#define ROUTER_EDGE_ERROR_PAGE_H
/*
 * What a visitor sees when the answer is ours and not the app's: a small page
 * in HTML or JSON, as the Accept field prefers (RFC 9110, 12.5.1).
 */
#include "base/arena.h"
#include "base/codes.h"

struct error_page {
	struct slice content_type;
	struct slice body; /* in the arena; .p == NULL past its limit */
};

struct error_page error_page(struct arena *a, enum code code, int status,
    struct slice accept, struct slice request_id);

/* JSON is wanted more than HTML. */
bool accept_prefers_json(struct slice accept);

#endif
