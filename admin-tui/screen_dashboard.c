#include "admin-tui/screen_dashboard.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin-tui/deeds.h"
#include "admin-tui/domain_pages.h"
#include "admin-tui/domain_rows.h"
#include "admin-tui/screen_domain.h"
#include "admin-tui/summary.h"
#include "base/mem.h"

#define HEAD_ROWS   2   /* strip and rule */
#define SPLIT_COLS  140 /* from here on the selected domain is shown too */
#define DETAIL_COLS 52

struct dashboard {
	struct screen screen;
	struct domain_rows rows;
	struct table table;
	struct lineedit filter;
	bool is_typing;     /* the filter */
	struct page detail; /* of the selected domain, where there is room */
};

static struct dashboard *
of(struct screen *s)
{
	return container_of(s, struct dashboard, screen);
}

static const struct dashboard *
of_const(const struct screen *s)
{
	return container_of(s, const struct dashboard, screen);
}

/* --- drawing ------------------------------------------------------------ */

static void
draw_strip(const struct dashboard *d, struct canvas c)
{
	char chip[TABLE_FILTER_SIZE + 32];
	struct rect line = {0, 1, 1, c.r.cols - 1};
	if (d->is_typing) {
		line.x = canvas_text(c, 0, 1, ROLE_TITLE, "filter: ");
		line.cols = c.r.cols - line.x;
		lineedit_draw(&d->filter, c, line);
		return;
	}
	summary_draw(d->screen.model, c, 0);
	if (d->table.filter[0] == '\0' && !d->rows.only_problems)
		return;
	snprintf(chip, sizeof(chip), " %s%s%s  Esc clears ",
	    d->rows.only_problems ? "problems only" : "",
	    d->table.filter[0] != '\0' ? " filter: " : "", d->table.filter);
	canvas_right(c, 0, ROLE_BAR, chip);
}

static void
draw_empty(const struct dashboard *d, struct canvas c)
{
	const struct model *m = d->screen.model;
	if (!m->has_domains && m->link == LINK_AWAY) {
		canvas_printf(
		    c, 1, 3, ROLE_TITLE, "No daemon answers at %s", m->where);
		canvas_text(c, 3, 3, ROLE_TEXT,
		    "Is it running?    systemctl status towpath");
		canvas_text(c, 4, 3, ROLE_TEXT,
		    "May you connect?  root, and the [control] group, may");
		canvas_text(c, 5, 3, ROLE_TEXT,
		    "Is it elsewhere?  towpath -s PATH or https://HOST");
		return;
	}
	if (!m->has_domains) {
		canvas_printf(c, 1, 3, ROLE_DIM, "asking %s ...", m->where);
		return;
	}
	if (m->n_domains > 0) {
		canvas_text(c, 1, 3, ROLE_DIM, "no domain matches");
		return;
	}
	canvas_text(c, 1, 3, ROLE_TITLE, "No domains yet.");
	canvas_text(c, 2, 3, ROLE_TEXT,
	    "Press a to add the first one; its DNS records are shown next.");
}

static void
draw_detail(const struct dashboard *d, struct canvas c)
{
	struct rect body = {2, 2, c.r.rows - 2, c.r.cols - 2};
	canvas_side(c, 0);
	canvas_text(c, 0, 2, ROLE_TITLE, d->table.selected);
	page_draw(&d->detail, canvas_part(c, body));
}

static void
draw(const struct screen *s, struct canvas c)
{
	const struct dashboard *d = of_const(s);
	struct rect body = {0, 0, c.r.rows, c.r.cols};
	rect_top(&body, HEAD_ROWS);
	canvas_rule(c, 1, false);
	if (c.r.cols >= SPLIT_COLS) {
		struct rect side = body;
		body.cols -= DETAIL_COLS;
		side.x = body.cols;
		side.cols = DETAIL_COLS;
		draw_detail(d, canvas_part(c, side));
	}
	struct canvas list = canvas_part(c, body);
	table_draw(&d->table, list);
	if (d->table.n_view == 0)
		draw_empty(d, list);
	draw_strip(d, c); /* last: while it is typed the cursor is there */
}

/* --- verbs -------------------------------------------------------------- */

static enum place
place(const struct screen *s)
{
	(void)s;
	return PLACE_DASHBOARD;
}

static const char *
host(const struct screen *s)
{
	const struct dashboard *d = of_const(s);
	return d->table.selected[0] == '\0' ? NULL : d->table.selected;
}

static void
layout(struct screen *s, int rows, int cols)
{
	struct dashboard *d = of(s);
	table_sync(&d->table, rows - HEAD_ROWS - 1);
	page_begin(&d->detail, DETAIL_COLS - 2);
	const struct domain *one = screen_domain(s);
	if (one != NULL && cols >= SPLIT_COLS)
		diagnosis_page(&d->detail, s->model, one);
	page_end(&d->detail, rows - HEAD_ROWS - 2);
}

static void
check(struct dashboard *d, struct fx *fx)
{
	const struct model *m = d->screen.model;
	size_t n = 0;
	for (size_t i = 0; i < m->n_domains; i++)
		if (table_is_marked(&d->table, m->domains[i].host)) {
			deed_check(&m->domains[i], fx);
			n++;
		}
	const struct domain *one = screen_domain(&d->screen);
	if (n == 0 && one != NULL)
		deed_check(one, fx);
}

static bool
clear_one_layer(struct dashboard *d)
{
	if (d->table.filter[0] != '\0') {
		lineedit_clear(&d->filter);
		table_filter(&d->table, "");
	} else if (d->rows.only_problems) {
		d->rows.only_problems = false;
		table_sync(&d->table, d->table.rows);
	} else {
		table_unmark_all(&d->table);
	}
	return true;
}

static bool
view_verb(struct dashboard *d, enum verb verb)
{
	struct table *t = &d->table;
	if (table_verb(t, verb))
		return true;
	if (verb == VERB_BACK)
		return clear_one_layer(d);
	if (verb == VERB_FILTER)
		d->is_typing = true;
	else if (verb == VERB_MARK)
		table_mark(t);
	else if (verb == VERB_SORT_LEFT)
		table_sort(t, -1);
	else if (verb == VERB_SORT_RIGHT)
		table_sort(t, 1);
	else if (verb == VERB_INVERT)
		table_invert(t);
	else if (verb == VERB_PROBLEMS)
		d->rows.only_problems = !d->rows.only_problems;
	else
		return false;
	table_sync(t, t->rows);
	return true;
}

static bool
verb(struct screen *s, enum verb what, struct fx *fx)
{
	struct dashboard *d = of(s);
	const struct domain *one = screen_domain(s);
	if (view_verb(d, what))
		return true;
	if (what == VERB_ADD)
		deed_add(one, fx);
	else if (what == VERB_CHECK)
		check(d, fx);
	else if (what == VERB_OPEN && one != NULL)
		fx_push(fx, domain_screen_new(s->model, one->host, 0));
	else
		return false;
	return true;
}

static bool
key(struct screen *s, key_code code, struct fx *fx)
{
	struct dashboard *d = of(s);
	(void)fx;
	if (!d->is_typing)
		return false;
	if (code == KEY_ARROW_UP || code == KEY_ARROW_DOWN)
		return table_verb(
		    &d->table, code == KEY_ARROW_UP ? VERB_UP : VERB_DOWN);
	if (code == KEY_RETURN || code == KEY_ESCAPE) {
		d->is_typing = false;
		if (code == KEY_ESCAPE)
			clear_one_layer(d);
		return true;
	}
	lineedit_key(&d->filter, code);
	table_filter(&d->table, d->filter.text);
	return true;
}

static void
paste(struct screen *s, struct slice pasted, struct fx *fx)
{
	struct dashboard *d = of(s);
	if (!d->is_typing) {
		fx_flash(fx, "pasted text is only taken where one can type");
		return;
	}
	lineedit_paste(&d->filter, pasted);
	table_filter(&d->table, d->filter.text);
}

static void
accept(struct screen *s, const struct dialog *form, struct fx *fx)
{
	(void)s;
	deed_add_accept(form, fx);
}

/* What was just added is what one wants to look at. */
static void
answer(struct screen *s, const struct ask *ask, const struct reply *r,
    struct fx *fx)
{
	const char *added = json_str(r->body, "host");
	if (ask->kind != ASK_ADD || !r->is_ok || added[0] == '\0')
		return;
	table_select(&of(s)->table, added);
	fx_push(fx, domain_screen_new(s->model, added, 0));
}

static void
cli(const struct screen *s, char *out, size_t size)
{
	const char *name = host(s);
	if (name == NULL)
		snprintf(out, size, "towpath domains");
	else
		snprintf(out, size, "towpath domains info %s", name);
}

static void
position(const struct screen *s, char *out, size_t size)
{
	const struct dashboard *d = of_const(s);
	const struct model *m = s->model;
	const struct table *t = &d->table;
	size_t last = t->top + (size_t)(t->rows > 0 ? t->rows : 0);
	if (last > t->n_view)
		last = t->n_view;
	out[0] = '\0';
	if (t->n_view == 0)
		return;
	if (m->n_total > (int64_t)m->n_domains)
		snprintf(out, size, "%zu of %lld domains  %zu-%zu", t->n_view,
		    (long long)m->n_total, t->top + 1, last);
	else
		snprintf(out, size, "%zu domain%s  %zu-%zu", t->n_view,
		    t->n_view == 1 ? "" : "s", t->top + 1, last);
}

static void
free_dashboard(struct screen *s)
{
	struct dashboard *d = of(s);
	table_clear(&d->table);
	page_clear(&d->detail);
	free(d);
}

static const struct screen_ops ops = {
    .place = place,
    .layout = layout,
    .draw = draw,
    .verb = verb,
    .key = key,
    .paste = paste,
    .accept = accept,
    .answer = answer,
    .cli = cli,
    .position = position,
    .host = host,
    .free = free_dashboard,
};

struct screen *
dashboard_new(const struct model *model)
{
	struct dashboard *d = xcalloc(1, sizeof(*d));
	d->screen = (struct screen){&ops, model};
	lineedit_init(&d->filter, false);
	d->rows.model = model;
	table_init(&d->table, &domain_source, &d->rows, domain_columns,
	    domain_columns_n);
	return &d->screen;
}
