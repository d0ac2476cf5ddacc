#include "admin-tui/screen_history.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin-tui/deeds.h"
#include "admin-tui/words.h"
#include "base/mem.h"

enum column {
	COLUMN_NUMBER,
	COLUMN_SERVED,
	COLUMN_SOURCE,
	COLUMN_EXPIRES,
	COLUMN_ISSUER,
	COLUMN_BY
};

static const struct table_column columns[] = {
    [COLUMN_NUMBER] = {"VER", {5, 6, 0, 0}, TEXT_CUT_END},
    [COLUMN_SERVED] = {"INSTALLED", {21, 25, 2, 0}, TEXT_CUT_END},
    [COLUMN_SOURCE] = {"SOURCE", {9, 9, 0, 0}, TEXT_CUT_END},
    [COLUMN_EXPIRES] = {"EXPIRES", {12, 12, 0, 0}, TEXT_CUT_END},
    [COLUMN_ISSUER] = {"ISSUER", {8, 40, 3, 0}, TEXT_CUT_END},
    [COLUMN_BY] = {"BY", {8, 20, 4, 0}, TEXT_CUT_END},
};

static const struct cert *
row_of(const void *ctx, size_t row)
{
	const struct history *h = ctx;
	return &h->model->history[row];
}

static size_t
count(const void *ctx)
{
	const struct history *h = ctx;
	return h->model->n_history;
}

static void
id(const void *ctx, size_t row, char out[TABLE_ID_SIZE])
{
	snprintf(
	    out, TABLE_ID_SIZE, "%lld", (long long)row_of(ctx, row)->number);
}

static void
number(const struct cert *c, int64_t now, struct table_cell *out)
{
	const char *glyph = " ";
	if (!cert_is_valid(c, now)) {
		glyph = GLYPH_BAD;
		out->role = ROLE_BAD;
	} else if (c->removed_at == 0) {
		glyph = GLYPH_OK;
		out->role = ROLE_OK;
	}
	snprintf(out->text, sizeof(out->text), "%s #%d", glyph, (int)c->number);
}

static void
served(const struct cert *c, int64_t now, struct table_cell *out)
{
	char from[WORDS_SIZE], to[WORDS_SIZE];
	words_day(c->installed_at, now, from);
	snprintf(out->text, sizeof(out->text), "%s - %s", from,
	    c->removed_at == 0 ? "now" : words_when(c->removed_at, now, to));
}

static void
cell(const void *ctx, size_t row, size_t column, struct table_cell *out)
{
	const struct history *h = ctx;
	const struct cert *c = row_of(ctx, row);
	char until[WORDS_SIZE];
	const char *text = "";
	switch ((enum column)column) {
	case COLUMN_NUMBER:
		number(c, h->model->now, out);
		return;
	case COLUMN_SERVED:
		served(c, h->model->now, out);
		return;
	case COLUMN_SOURCE:
		text = c->is_custom ? "custom" : "automatic";
		break;
	case COLUMN_EXPIRES:
		text = words_until(c->not_after, h->model->now, until);
		break;
	case COLUMN_ISSUER:
		text = c->issuer_name;
		break;
	case COLUMN_BY:
		text = c->installed_by;
		break;
	}
	snprintf(out->text, sizeof(out->text), "%s", text);
}

static bool
text(const void *ctx, size_t row, const char *name, char out[FILTER_TEXT_SIZE])
{
	const struct cert *c = row_of(ctx, row);
	if (name[0] != '\0')
		return false;
	snprintf(out, FILTER_TEXT_SIZE, "%s %s %s %s",
	    c->is_custom ? "custom" : "automatic", c->issuer, c->installed_by,
	    c->fingerprint);
	return true;
}

static const struct table_source source = {
    .count = count,
    .id = id,
    .cell = cell,
    .text = text,
};

void
history_init(struct history *h, const struct model *model)
{
	h->model = model;
	table_init(&h->table, &source, h, columns, COUNT_OF(columns));
}

void
history_clear(struct history *h)
{
	table_clear(&h->table);
}

void
history_layout(struct history *h, int rows)
{
	table_sync(&h->table, rows - 1);
}

void
history_draw(const struct history *h, struct canvas c)
{
	const struct model *m = h->model;
	table_draw(&h->table, c);
	if (h->table.n_view == 0)
		canvas_text(c, 1, 3, ROLE_DIM,
		    m->has_history ? "it never had a certificate"
				   : "asking ...");
}

bool
history_verb(struct history *h, enum verb verb)
{
	return table_verb(&h->table, verb);
}

const struct cert *
history_selected(const struct history *h)
{
	if (h->table.selected[0] == '\0')
		return NULL;
	return model_version(h->model, strtoll(h->table.selected, NULL, 10));
}

void
history_roll_back(
    const struct history *h, const struct domain *d, struct fx *fx)
{
	const struct cert *to = history_selected(h);
	if (to == NULL || to->number == d->certificate.number)
		to = model_predecessor(h->model);
	if (to == NULL)
		fx_flash(fx, "C27 there is no custom certificate to go "
			     "back to");
	else
		deed_roll_back(d, to, h->model->now, fx);
}
