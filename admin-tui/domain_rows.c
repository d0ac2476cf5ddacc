#include "admin-tui/domain_rows.h"

#include <stdio.h>

#include "admin-tui/words.h"
#include "base/mem.h"

enum column {
	COLUMN_DOMAIN,
	COLUMN_STATUS,
	COLUMN_SERVING,
	COLUMN_EXPIRES,
	COLUMN_APP,
	COLUMN_CODE,
	COLUMN_REASON
};

const struct table_column domain_columns[] = {
    [COLUMN_DOMAIN] = {"DOMAIN", {18, 34, 0, 0}, TEXT_CUT_MIDDLE},
    [COLUMN_STATUS] = {"STATUS", {17, 17, 0, 0}, TEXT_CUT_END},
    [COLUMN_SERVING] = {"SERVING", {11, 11, 2, 0}, TEXT_CUT_END},
    [COLUMN_EXPIRES] = {"EXPIRES", {12, 12, 1, 0}, TEXT_CUT_END},
    [COLUMN_APP] = {"APP", {7, 12, 4, 0}, TEXT_CUT_END},
    [COLUMN_CODE] = {"WHY", {3, 3, 3, 0}, TEXT_CUT_END},
    [COLUMN_REASON] = {"", {30, 90, 5, 0}, TEXT_CUT_END},
};

const size_t domain_columns_n = COUNT_OF(domain_columns);

static const struct domain *
row_of(const void *ctx, size_t row)
{
	const struct domain_rows *rows = ctx;
	return &rows->model->domains[row];
}

static size_t
count(const void *ctx)
{
	const struct domain_rows *rows = ctx;
	return rows->model->n_domains;
}

static void
id(const void *ctx, size_t row, char out[TABLE_ID_SIZE])
{
	snprintf(out, TABLE_ID_SIZE, "%s", row_of(ctx, row)->host);
}

static void
expires(const struct domain *d, int64_t now, struct table_cell *out)
{
	char until[WORDS_SIZE];
	bool soon = domain_is_expiring(d, now);
	words_until(d->expires_at, now, until);
	snprintf(out->text, sizeof(out->text), "%s%s", soon ? "! " : "", until);
	out->role = soon ? ROLE_WARN : ROLE_TEXT;
}

static void
cell(const void *ctx, size_t row, size_t column, struct table_cell *out)
{
	const struct domain_rows *rows = ctx;
	const struct domain *d = row_of(ctx, row);
	const char *text = d->host;
	switch ((enum column)column) {
	case COLUMN_DOMAIN:
		break;
	case COLUMN_STATUS:
		snprintf(out->text, sizeof(out->text), "%s %s", domain_glyph(d),
		    d->status_text);
		out->role = domain_role(d);
		return;
	case COLUMN_SERVING:
		text = d->serving;
		break;
	case COLUMN_EXPIRES:
		expires(d, rows->model->now, out);
		return;
	case COLUMN_APP:
		text = d->app;
		break;
	case COLUMN_CODE:
		text = fault_code_name(d->fault.code);
		break;
	case COLUMN_REASON:
		text = d->fault.text;
		break;
	}
	snprintf(out->text, sizeof(out->text), "%s", text);
}

static bool
text(const void *ctx, size_t row, const char *name, char out[FILTER_TEXT_SIZE])
{
	const struct domain *d = row_of(ctx, row);
	const char *one = NULL;
	if (name[0] == '\0') {
		snprintf(out, FILTER_TEXT_SIZE, "%s %s %s %s %s %.300s",
		    d->host, d->status_text, d->serving, d->app,
		    fault_code_name(d->fault.code), d->fault.text);
		return true;
	}
	if (strcmp(name, "status") == 0)
		one = d->status_text;
	else if (strcmp(name, "app") == 0)
		one = d->app;
	else if (strcmp(name, "serving") == 0)
		one = d->serving;
	else if (strcmp(name, "dns") == 0)
		one = d->dns;
	else if (strcmp(name, "fault") == 0)
		one = fault_code_name(d->fault.code);
	if (one == NULL)
		return false;
	snprintf(out, FILTER_TEXT_SIZE, "%s", one);
	return true;
}

static int
compare(const void *ctx, size_t a, size_t b, size_t column)
{
	const struct domain *x = row_of(ctx, a), *y = row_of(ctx, b);
	struct table_cell left = {.role = ROLE_TEXT}, right = left;
	if (column == COLUMN_EXPIRES) {
		/* What never expires comes last. */
		uint64_t p = (uint64_t)x->expires_at - 1;
		uint64_t q = (uint64_t)y->expires_at - 1;
		return p < q ? -1 : p > q;
	}
	if (column == COLUMN_STATUS)
		return (int)x->status - (int)y->status;
	cell(ctx, a, column, &left);
	cell(ctx, b, column, &right);
	return strcmp(left.text, right.text);
}

static bool
is_listed(const void *ctx, size_t row)
{
	const struct domain_rows *rows = ctx;
	return !rows->only_problems ||
	       domain_is_problem(row_of(ctx, row), rows->model->now);
}

const struct table_source domain_source = {
    .count = count,
    .id = id,
    .cell = cell,
    .text = text,
    .is_listed = is_listed,
    .compare = compare,
};
