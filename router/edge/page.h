#ifndef ROUTER_EDGE_PAGE_H
#define ROUTER_EDGE_PAGE_H
/*
 * Pages of the apps' own, in the place of ours: read from the store when one is
 * shown, and kept, once for each content, the latest few.  {{code}} and
 * {{request_id}} in one are filled in when it is shown.
 *
 * Owned by: the cache.   Freed by: it, when others are shown.
 */
#include "base/arena.h"
#include "base/db.h"
#include "router/edge/lru.h"

#define PAGES_MAX        64 /* of 64 KB at most each */
#define PAGE_DIGEST_SIZE 65

struct page;

struct pages {
	struct db *db;
	struct lru lru;
};

void pages_init(struct pages *ps, struct db *db); /* a loan */
void pages_clear(struct pages *ps);

/* What is shown for the source now (router/control's table `page`): the digest
 * of its content, "" when there is none.  ERR_AGAIN: the store is away. */
enum err MUST_USE page_digest(
    struct db *db, const char *source, char digest[PAGE_DIGEST_SIZE]);

/* A loan until the next call; NULL: there is none, or the store is away. */
const struct page *page_get(struct pages *ps, const char *digest);

/* As it is shown: pieces in the page and the arena, one after the other. */
struct page_pieces {
	struct slice *items;
	size_t n;
};

/* .items == NULL past the arena's limit. */
struct page_pieces page_fill(const struct page *p, struct arena *a,
    struct slice code, struct slice request_id);

#endif
