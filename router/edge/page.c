#include "router/edge/page.h"

#include <stdlib.h>

#include "base/mem.h"

#define PLACES_MAX 64 /* that are filled in; what is more stays as it is */

struct place {
	size_t at, n; /* bytes of the body that give way */
	bool is_code; /* else the request's id */
};

struct page {
	struct lru_item item;
	char digest[PAGE_DIGEST_SIZE];
	char *body;
	size_t n;
	struct place places[PLACES_MAX];
	size_t n_places;
};

/* --- one ------------------------------------------------------------------ */

static void
find_places(struct page *p)
{
	static const struct slice marks[] = {
	    {"{{code}}", 8}, {"{{request_id}}", 14}};
	struct slice left = slice_of(p->body, p->n);

	while (left.n > 0 && p->n_places < PLACES_MAX) {
		left = slice_from(left, slice_find(left, '{'));
		for (size_t i = 0; i < COUNT_OF(marks); i++)
			if (slice_starts_with(left, marks[i]))
				p->places[p->n_places++] =
				    (struct place){(size_t)(left.p - p->body),
					marks[i].n, i == 0};
		left = slice_from(left, 1);
	}
}

static struct page *
page_new(const char *digest, struct slice body)
{
	struct page *p = xcalloc(1, sizeof(*p));

	memcpy(p->digest, digest, strlen(digest) + 1);
	p->body = xmemdup(body.p, body.n);
	p->n = body.n;
	find_places(p);
	return p;
}

struct page_pieces
page_fill(const struct page *p, struct arena *a, struct slice code,
    struct slice request_id)
{
	struct page_pieces out = {
	    arena_alloc(a, (2 * p->n_places + 1) * sizeof(*out.items)), 0};
	size_t from = 0;

	if (out.items == NULL)
		return out;
	for (size_t i = 0; i < p->n_places; i++) {
		const struct place *place = &p->places[i];

		out.items[out.n++] = slice_of(p->body + from, place->at - from);
		out.items[out.n++] = place->is_code ? code : request_id;
		from = place->at + place->n;
	}
	out.items[out.n++] = slice_of(p->body + from, p->n - from);
	return out;
}

/* --- all ------------------------------------------------------------------ */

static void
on_dropped(struct lru_item *item)
{
	struct page *p = container_of(item, struct page, item);

	free(p->body);
	free(p);
}

void
pages_init(struct pages *ps, struct db *db)
{
	ps->db = db;
	lru_init(&ps->lru, PAGES_MAX, on_dropped);
}

void
pages_clear(struct pages *ps)
{
	lru_clear(&ps->lru);
}

enum err
page_digest(struct db *db, const char *source, char digest[PAGE_DIGEST_SIZE])
{
	static const char sql[] = "SELECT digest FROM page WHERE source = ?1";
	struct stmt *s = db_stmt(db, sql);
	enum err e;

	digest[0] = '\0';
	if (s == NULL)
		return ERR_AGAIN;
	stmt_str(s, 1, source);
	e = stmt_step(s);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : ERR_AGAIN;
	/* one that does not fit is none that control made */
	(void)!slice_to_str(stmt_get(s, 0), digest, PAGE_DIGEST_SIZE);
	stmt_done(s);
	return ERR_OK;
}

static struct page *
read_page(struct pages *ps, const char *digest)
{
	static const char sql[] =
	    "SELECT body FROM page WHERE digest = ?1 LIMIT 1";
	struct stmt *s = db_stmt(ps->db, sql);
	struct page *p;

	if (s == NULL)
		return NULL;
	stmt_str(s, 1, digest);
	if (stmt_step(s) != ERR_OK)
		return NULL;
	p = page_new(digest, stmt_get(s, 0));
	stmt_done(s);
	lru_put(&ps->lru, &p->item, slice_str(p->digest));
	return p;
}

const struct page *
page_get(struct pages *ps, const char *digest)
{
	struct lru_item *item = lru_get(&ps->lru, slice_str(digest));

	if (digest[0] == '\0')
		return NULL;
	if (item != NULL)
		return container_of(item, struct page, item);
	return read_page(ps, digest);
}
