#include "admin-tui/screen_domain.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin-tui/deeds.h"
#include "admin-tui/domain_pages.h"
#include "admin-tui/screen_history.h"
#include "admin-tui/words.h"
#include "base/mem.h"

#define HEAD_ROWS 3 /* crumbs, tabs, rule */

static const char *const tab_names[DOMAIN_TABS] = {
    "Diagnosis", "ACME", "Certificate", "History", "Why"};

struct domain_screen {
	struct screen screen;
	char host[256];
	enum domain_tab tab;
	struct page page; /* of the tab that is open */
	struct history history;
	bool wants_roll_back;          /* once the history is there */
	char missing[FAULT_TEXT_SIZE]; /* why it is not shown; "" unknown */
	json_t *story;                 /* of Why; NULL: not here yet */
	int rows, cols;
};

static struct domain_screen *
of(struct screen *s)
{
	return container_of(s, struct domain_screen, screen);
}

static const struct domain_screen *
of_const(const struct screen *s)
{
	return container_of(s, const struct domain_screen, screen);
}

static enum place
place(const struct screen *s)
{
	return of_const(s)->tab == TAB_HISTORY ? PLACE_HISTORY : PLACE_DOMAIN;
}

static const char *
host(const struct screen *s)
{
	return of_const(s)->host;
}

static void
fill_page(struct domain_screen *ds, const struct domain *d)
{
	const struct model *m = ds->screen.model;
	switch (ds->tab) {
	case TAB_DIAGNOSIS:
		diagnosis_page(&ds->page, m, d);
		break;
	case TAB_ACME:
		acme_page(&ds->page, m, d);
		break;
	case TAB_CERTIFICATE:
		certificate_page(&ds->page, m, d);
		break;
	case TAB_WHY:
		why_page(&ds->page, ds->story);
		break;
	case TAB_HISTORY:
	case DOMAIN_TABS:
		break;
	}
}

static void
layout(struct screen *s, int rows, int cols)
{
	struct domain_screen *ds = of(s);
	const struct domain *d = screen_domain(s);
	ds->rows = rows;
	ds->cols = cols;
	page_begin(&ds->page, cols);
	if (d != NULL)
		fill_page(ds, d);
	page_end(&ds->page, rows - HEAD_ROWS);
	history_layout(&ds->history, rows - HEAD_ROWS);
}

static void
draw_crumbs(const struct domain_screen *ds, struct canvas c)
{
	const struct domain *d = screen_domain(&ds->screen);
	char state[160], span[WORDS_SIZE], name[TABLE_ID_SIZE];
	int room = c.r.cols - 2;
	bool is_wide = c.r.cols >= 70;
	if (d != NULL) {
		words_span(ds->screen.model->now - d->status_since, span);
		snprintf(state, sizeof(state), "%s %s%s%s", domain_glyph(d),
		    d->status_text, is_wide ? "  " : "", is_wide ? span : "");
		room = canvas_right(c, 0, domain_role(d), state) - 2;
	}
	text_fit(slice_str(ds->host), room - (is_wide ? 10 : 1),
	    TEXT_CUT_MIDDLE, name, sizeof(name));
	screen_crumbs(c, "%s%s", is_wide ? "Domains > " : "", name);
}

static void
draw_tabs(const struct domain_screen *ds, struct canvas c)
{
	int x = -1; /* all fit into 40 columns */
	for (size_t i = 0; i < DOMAIN_TABS; i++) {
		bool is_open = i == ds->tab;
		x = canvas_printf(c, 1, x + 1, is_open ? ROLE_TITLE : ROLE_TEXT,
		    is_open ? "[%s]" : "%s", tab_names[i]);
	}
}

static void
draw(const struct screen *s, struct canvas c)
{
	const struct domain_screen *ds = of_const(s);
	struct rect body = {0, 0, c.r.rows, c.r.cols};
	rect_top(&body, HEAD_ROWS);
	draw_crumbs(ds, c);
	draw_tabs(ds, c);
	canvas_rule(c, 2, false);
	struct canvas in = canvas_part(c, body);
	if (ds->tab == TAB_HISTORY)
		history_draw(&ds->history, in);
	else if (screen_domain(s) == NULL)
		canvas_text(in, 0, 3, ROLE_DIM,
		    ds->missing[0] != '\0' ? ds->missing : "asking ...");
	else
		page_draw(&ds->page, in);
}

static void
open_tab(struct domain_screen *ds, int tab, struct fx *fx)
{
	ds->tab = (enum domain_tab)((tab + DOMAIN_TABS) % DOMAIN_TABS);
	ds->page.top = 0;
	if (ds->tab == TAB_WHY)
		fx_ask(fx, ask_new(ASK_STORY, ds->host, NULL));
	layout(&ds->screen, ds->rows, ds->cols);
}

static void
roll_back(struct domain_screen *ds, struct fx *fx)
{
	const struct domain *d = screen_domain(&ds->screen);
	if (ds->tab != TAB_HISTORY)
		open_tab(ds, TAB_HISTORY, fx);
	ds->wants_roll_back = true;
	if (d == NULL || !ds->screen.model->has_history)
		return; /* when it has come */
	ds->wants_roll_back = false;
	history_roll_back(&ds->history, d, fx);
}

static bool
verb(struct screen *s, enum verb what, struct fx *fx)
{
	struct domain_screen *ds = of(s);
	const struct domain *d = screen_domain(s);
	if (what == VERB_NEXT_TAB)
		open_tab(ds, (int)ds->tab + 1, fx);
	else if (what == VERB_PREVIOUS_TAB)
		open_tab(ds, (int)ds->tab - 1, fx);
	else if (what == VERB_HISTORY)
		open_tab(ds, TAB_HISTORY, fx);
	else if (what == VERB_ROLL_BACK)
		roll_back(ds, fx);
	else if (what == VERB_DELETE && ds->tab == TAB_HISTORY && d != NULL)
		deed_remove_certificate(d, fx);
	else if (ds->tab == TAB_HISTORY)
		return history_verb(&ds->history, what);
	else
		return page_verb(&ds->page, what);
	return true;
}

static void
answer(struct screen *s, const struct ask *ask, const struct reply *r,
    struct fx *fx)
{
	struct domain_screen *ds = of(s);
	if (ask->kind == ASK_HISTORY && r->is_ok && ds->wants_roll_back) {
		layout(s, ds->rows, ds->cols);
		roll_back(ds, fx);
	}
	if (ask->kind == ASK_DOMAIN)
		snprintf(ds->missing, sizeof(ds->missing), "%s",
		    r->is_ok ? "" : r->fault.text);
	if (ask->kind == ASK_STORY && r->is_ok &&
	    strcmp(ask->host, ds->host) == 0) {
		json_decref(ds->story);
		ds->story = json_incref((json_t *)r->body);
	}
	if (ds->tab == TAB_WHY && fx->refresh) /* something was done */
		fx_ask(fx, ask_new(ASK_STORY, ds->host, NULL));
	if (ask->kind == ASK_REMOVE_DOMAIN && r->is_ok &&
	    strcmp(ask->host, ds->host) == 0)
		fx->pop = true;
}

static void
cli(const struct screen *s, char *out, size_t size)
{
	const struct domain_screen *ds = of_const(s);
	const struct cert *c = history_selected(&ds->history);
	switch (ds->tab) {
	case TAB_DIAGNOSIS:
		snprintf(out, size, "towpath domains info %s", ds->host);
		break;
	case TAB_ACME:
		snprintf(out, size, "towpath events --host %s", ds->host);
		break;
	case TAB_CERTIFICATE:
		snprintf(out, size, "towpath certs info %s", ds->host);
		break;
	case TAB_WHY:
		snprintf(out, size, "towpath explain %s", ds->host);
		break;
	case TAB_HISTORY:
	case DOMAIN_TABS:
		if (c != NULL && c->is_custom && c->removed_at != 0)
			snprintf(out, size, "towpath certs rollback %s --to %d",
			    ds->host, (int)c->number);
		else
			snprintf(
			    out, size, "towpath certs history %s", ds->host);
		break;
	}
}

static void
position(const struct screen *s, char *out, size_t size)
{
	const struct domain_screen *ds = of_const(s);
	out[0] = '\0';
	if (ds->tab == TAB_HISTORY && s->model->has_history)
		snprintf(out, size, "%zu version%s", s->model->n_history,
		    s->model->n_history == 1 ? "" : "s");
}

static void
free_screen(struct screen *s)
{
	struct domain_screen *ds = of(s);
	page_clear(&ds->page);
	history_clear(&ds->history);
	json_decref(ds->story);
	free(ds);
}

static const struct screen_ops ops = {
    .place = place,
    .layout = layout,
    .draw = draw,
    .verb = verb,
    .answer = answer,
    .cli = cli,
    .position = position,
    .host = host,
    .free = free_screen,
};

struct screen *
domain_screen_new(
    const struct model *model, const char *name, enum domain_tab tab)
{
	struct domain_screen *ds = xcalloc(1, sizeof(*ds));
	ds->screen = (struct screen){&ops, model};
	snprintf(ds->host, sizeof(ds->host), "%s", name);
	ds->tab = tab;
	history_init(&ds->history, model);
	return &ds->screen;
}

struct screen *
domain_screen_roll_back(const struct model *model, const char *name)
{
	struct screen *s = domain_screen_new(model, name, TAB_HISTORY);
	of(s)->wants_roll_back = true;
	return s;
}
