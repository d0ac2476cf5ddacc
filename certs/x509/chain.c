#include "certs/x509/chain.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

/* Certificates on their way into a chain: who is taken is set to NULL. */
struct heap {
	struct certificate **items;
	size_t n;
	int64_t now;
};

static void
heap_free(struct heap *h)
{
	for (size_t i = 0; i < h->n; i++)
		certificate_free(h->items[i]);
}

static void
drop_duplicates(struct heap *h)
{
	for (size_t i = 0; i < h->n; i++) {
		for (size_t j = i + 1; h->items[i] != NULL && j < h->n; j++) {
			if (h->items[j] == NULL ||
			    !slice_eq(h->items[i]->der, h->items[j]->der))
				continue;
			certificate_free(h->items[j]);
			h->items[j] = NULL;
		}
	}
}

/* --- the leaf --------------------------------------------------------------*/

static bool
has_issued_another(const struct heap *h, const struct certificate *c)
{
	for (size_t i = 0; i < h->n; i++) {
		if (h->items[i] != NULL && h->items[i] != c &&
		    certificate_is_issued_by(h->items[i], c))
			return true;
	}
	return false;
}

/* A renewed one is often uploaded with its predecessor, under one key. */
static bool
is_better_leaf(const struct certificate *c, const struct certificate *than)
{
	if (than == NULL || c->is_ca != than->is_ca)
		return than == NULL || !c->is_ca;
	return c->not_after > than->not_after;
}

/* Index of the leaf, or n. */
static size_t
find_leaf(const struct heap *h, struct slice spki)
{
	const struct certificate *best = NULL;
	size_t at = h->n;

	for (size_t i = 0; i < h->n; i++) {
		const struct certificate *c = h->items[i];

		if (c == NULL || !is_better_leaf(c, best))
			continue;
		if (spki.n > 0 ? !slice_eq(c->spki, spki)
			       : has_issued_another(h, c))
			continue;
		best = c;
		at = i;
	}
	return at;
}

/* --- the issuers -----------------------------------------------------------*/

static bool
is_better_issuer(const struct heap *h, const struct certificate *c,
    const struct certificate *than)
{
	bool is_valid = certificate_is_valid(c, h->now);

	if (than == NULL)
		return true;
	if (is_valid != certificate_is_valid(than, h->now))
		return is_valid;
	if (c->is_self_signed != than->is_self_signed)
		return !c->is_self_signed;
	return c->not_after > than->not_after;
}

static size_t
find_issuer(const struct heap *h, const struct certificate *of)
{
	const struct certificate *best = NULL;
	size_t at = h->n;

	for (size_t i = 0; i < h->n; i++) {
		const struct certificate *c = h->items[i];

		if (c == NULL || !is_better_issuer(h, c, best) ||
		    !certificate_is_issued_by(of, c))
			continue;
		best = c;
		at = i;
	}
	return at;
}

static void
take(struct chain *c, struct heap *h, size_t i)
{
	c->items[c->n++] = h->items[i];
	h->items[i] = NULL;
}

static void
add_issuers(struct chain *c, struct heap *h)
{
	while (c->n < CHAIN_MAX) {
		const struct certificate *last = c->items[c->n - 1];
		size_t i;

		if (last->is_self_signed) {
			c->has_root = true;
			return;
		}
		i = find_issuer(h, last);
		if (i == h->n)
			return;
		if (h->items[i]->is_self_signed) {
			c->has_root = true;
			return;
		}
		take(c, h, i);
	}
}

static void
note_dropped(struct chain *c, const struct heap *h)
{
	for (size_t i = 0; i < h->n && c->n_dropped < CHAIN_DROPPED_MAX; i++) {
		if (h->items[i] != NULL)
			c->dropped[c->n_dropped++] =
			    xstrdup(h->items[i]->subject);
	}
}

/* --- the whole -------------------------------------------------------------*/

static enum err
keep_given(struct chain *c, struct heap *h, struct fault *f)
{
	if (h->n > CHAIN_MAX) {
		fault_set(f, FAULT_C20_TOO_BIG,
		    "a chain of %zu certificates is longer than the %d that "
		    "visitors accept",
		    h->n, CHAIN_MAX);
		return ERR_TOO_BIG;
	}
	for (size_t i = 0; i < h->n; i++) {
		if (h->items[i] != NULL)
			take(c, h, i);
	}
	c->has_root = c->items[c->n - 1]->is_self_signed;
	return ERR_OK;
}

static enum err
fill(struct chain *c, struct heap *h, struct slice spki, bool keep_all,
    struct fault *f)
{
	size_t leaf;

	if (h->n == 0) {
		fault_set(f, FAULT_C10_NO_CERTIFICATE, NULL);
		return ERR_NOT_FOUND;
	}
	if (!keep_all)
		drop_duplicates(h);
	leaf = find_leaf(h, spki);
	if (leaf == h->n && spki.n == 0)
		leaf = 0; /* each issued another: a ring of cross-signed CAs */
	if (leaf == h->n) {
		fault_set(f, FAULT_C12_KEY_MISMATCH, NULL);
		return ERR_DENIED;
	}
	take(c, h, leaf);
	if (keep_all)
		return keep_given(c, h, f);
	add_issuers(c, h);
	note_dropped(c, h);
	return ERR_OK;
}

enum err
chain_build(struct certificate **certificates, size_t n, struct slice spki,
    bool keep_all, struct chain **out, struct fault *f)
{
	struct heap h = {certificates, n, clock_now()};
	struct chain *c = xcalloc(1, sizeof(*c));
	enum err e = fill(c, &h, spki, keep_all, f);

	heap_free(&h);
	*out = e == ERR_OK ? c : NULL;
	if (e != ERR_OK)
		chain_free(c);
	return e;
}

void
chain_free(struct chain *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++)
		certificate_free(c->items[i]);
	for (size_t i = 0; i < c->n_dropped; i++)
		free(c->dropped[i]);
	free(c);
}
