#include "router/config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/wire.h"
#include "router/config_table.h"
#include "router/config_value.h"

#define TEXT_MAX  (64U * 1024) /* of one value */
#define PAIRS_MAX 256

void
config_init(struct config *c)
{
	const struct config_row *row;

	*c = (struct config){0};
	for (size_t i = 0; (row = config_row_at(i)) != NULL; i++) {
		struct fault f = {0};

		if (config_value_set(c, row, slice_str(row->standard), &f) !=
		    ERR_OK)
			die("default of %s.%s: %s", row->section, row->key,
			    f.text);
	}
}

uint32_t
config_seat(const struct config *c, uint32_t generation, uint32_t instance)
{
	return generation % GENERATIONS_MAX * (uint32_t)c->router.workers +
	       instance;
}

size_t
config_seats(const struct config *c)
{
	return GENERATIONS_MAX * (size_t)c->router.workers;
}

static void
clear_pairs(struct config_pairs *pairs)
{
	for (size_t i = 0; i < pairs->n; i++) {
		free(pairs->items[i].key);
		free(pairs->items[i].value);
	}
	free(pairs->items);
	*pairs = (struct config_pairs){0};
}

void
config_clear(struct config *c)
{
	const struct config_row *row;

	for (size_t i = 0; (row = config_row_at(i)) != NULL; i++)
		config_value_clear(c, row);
	clear_pairs(&c->defaults);
}

void
config_add_default(struct config *c, struct slice key, struct slice value)
{
	struct config_pairs *p = &c->defaults;

	p->items = xrealloc(p->items, (p->n + 1) * sizeof(*p->items));
	p->items[p->n++] =
	    (struct config_pair){xstrdup_slice(key), xstrdup_slice(value)};
}

/* Whether a role has a use for a key. */
static bool
is_for(const struct config_row *row, enum role to)
{
	if (to == ROLE_KEYS)
		return strcmp(row->section, "router") == 0;
	if (to == ROLE_HOOK)
		return strcmp(row->section, "dns.exec") == 0;
	return to == ROLE_CONTROL || (row->flags & CONFIG_SECRET) == 0;
}

/* Every value as the name of its key and its text; then the pairs.  By names:
 * the reader may be of another version. */
void
config_encode(const struct config *c, enum role to, struct buf *out)
{
	bool takes_defaults = to == ROLE_CONTROL || to == ROLE_WORKER;
	const struct config_row *row;
	struct buf text;

	buf_init(&text, TEXT_MAX);
	for (size_t i = 0; (row = config_row_at(i)) != NULL; i++) {
		if (!is_for(row, to))
			continue;
		buf_reset(&text);
		config_value_text(c, row, &text);
		wire_put_str(out, row->section);
		wire_put_str(out, row->key);
		wire_put_bytes(out, buf_slice(&text));
	}
	buf_wipe(&text);
	wire_put_str(out, "");
	wire_put_u32(out, takes_defaults ? (uint32_t)c->defaults.n : 0);
	for (size_t i = 0; takes_defaults && i < c->defaults.n; i++) {
		wire_put_str(out, c->defaults.items[i].key);
		wire_put_str(out, c->defaults.items[i].value);
	}
}

static const struct config_row *
row_named(struct slice section, struct slice key)
{
	const struct config_row *row;
	size_t i = 0;

	while ((row = config_row_at(i++)) != NULL)
		if (slice_eq(section, slice_str(row->section)) &&
		    slice_eq(key, slice_str(row->key)))
			return row;
	return NULL;
}

static enum err
decode_values(struct wire *w, struct config *out)
{
	struct slice section;

	while ((section = wire_bytes(w)).n != 0) {
		const struct config_row *row =
		    row_named(section, wire_bytes(w));
		struct slice text = wire_bytes(w);

		if (w->bad)
			return ERR_SYNTAX;
		if (row == NULL)
			continue; /* a key of another version */
		config_value_clear(out, row);
		if (config_value_set(out, row, text, NULL) != ERR_OK)
			return ERR_SYNTAX;
	}
	return ERR_OK;
}

enum err
config_decode(struct slice encoded, struct config *out)
{
	struct wire w = wire_open(encoded);
	uint32_t n;
	enum err e;

	config_init(out);
	e = decode_values(&w, out);
	n = wire_u32(&w);
	for (uint32_t i = 0; e == ERR_OK && i < n && !w.bad; i++) {
		struct slice key = wire_bytes(&w);
		struct slice value = wire_bytes(&w);

		if (i >= PAIRS_MAX)
			e = ERR_SYNTAX;
		else
			config_add_default(out, key, value);
	}
	if (e == ERR_OK)
		e = wire_end(&w);
	if (e != ERR_OK)
		config_clear(out);
	return e;
}

static bool
is_same(const struct config *a, const struct config *b,
    const struct config_row *row)
{
	struct buf x, y;
	bool same;

	buf_init(&x, TEXT_MAX);
	buf_init(&y, TEXT_MAX);
	config_value_text(a, row, &x);
	config_value_text(b, row, &y);
	same = slice_eq(buf_slice(&x), buf_slice(&y));
	buf_wipe(&x);
	buf_wipe(&y);
	return same;
}

static bool
are_same_pairs(const struct config_pairs *a, const struct config_pairs *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->items[i].key, b->items[i].key) != 0 ||
		    strcmp(a->items[i].value, b->items[i].value) != 0)
			return false;
	return true;
}

bool
config_difference(const struct config *a, const struct config *b, size_t *at,
    char name[CONFIG_NAME_SIZE], bool *is_live)
{
	const struct config_row *row;

	for (; (row = config_row_at(*at)) != NULL; (*at)++) {
		if (is_same(a, b, row))
			continue;
		(*at)++;
		(void)snprintf(
		    name, CONFIG_NAME_SIZE, "%s.%s", row->section, row->key);
		*is_live = (row->flags & CONFIG_FIXED) == 0;
		return true;
	}
	/* the pairs are the place behind the last row */
	if (*at != SIZE_MAX && !are_same_pairs(&a->defaults, &b->defaults)) {
		*at = SIZE_MAX;
		(void)snprintf(name, CONFIG_NAME_SIZE, "defaults");
		*is_live = true;
		return true;
	}
	return false;
}

bool
config_idle(const struct config *c, size_t *at, char name[CONFIG_NAME_SIZE])
{
	const struct config_row *row;
	struct config standard;
	bool found = false;

	config_init(&standard);
	for (; !found && (row = config_row_at(*at)) != NULL; (*at)++) {
		found = (row->flags & CONFIG_IDLE) != 0 &&
			!is_same(c, &standard, row);
		if (found)
			(void)snprintf(name, CONFIG_NAME_SIZE, "%s.%s",
			    row->section, row->key);
	}
	config_clear(&standard);
	return found;
}

bool
config_help_at(size_t i, struct config_help *out)
{
	const struct config_row *row = config_row_at(i);

	if (row == NULL)
		return false;
	*out = (struct config_help){row->section, row->key, row->standard,
	    row->help, (row->flags & CONFIG_IDLE) != 0};
	return true;
}
