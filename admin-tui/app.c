#include "admin-tui/app.h"

#include <stdio.h>

#include "admin-tui/app_verbs.h"
#include "admin-tui/screen_dashboard.h"
#include "admin-tui/screen_domain.h"
#include "admin-tui/words.h"

#define EVENTS_EVERY 5 /* seconds between questions for history and events */

struct screen *
app_screen(const struct app *a)
{
	return a->stack[a->n_stack - 1];
}

/* The model keeps the details of the domain whose screen is on top. */
static void
open_host(struct app *a)
{
	const char *host =
	    a->n_stack > 1 ? app_screen(a)->ops->host(app_screen(a)) : NULL;
	if (host == NULL) {
		model_close(&a->model);
		return;
	}
	if (a->model.open_host != NULL && strcmp(a->model.open_host, host) == 0)
		return;
	model_open(&a->model, host);
	app_ask(a, ask_new(ASK_DOMAIN, host, NULL));
	app_ask(a, ask_new(ASK_HISTORY, host, NULL));
	app_ask(a, ask_new(ASK_EVENTS, host, NULL));
}

static void
push(struct app *a, struct screen *s)
{
	if (a->n_stack == APP_STACK_MAX) {
		screen_free(s);
		return;
	}
	a->stack[a->n_stack++] = s;
	open_host(a);
	app_changed(a);
}

static void
pop(struct app *a)
{
	if (a->n_stack == 1)
		return;
	screen_free(a->stack[--a->n_stack]);
	open_host(a);
	app_changed(a);
}

void
app_init(struct app *a, const char *where, const char *host)
{
	*a = (struct app){.rows = 24, .cols = 80};
	model_init(&a->model, where);
	a->stack[a->n_stack++] = dashboard_new(&a->model);
	if (host != NULL)
		push(a, domain_screen_new(&a->model, host, TAB_DIAGNOSIS));
}

void
app_clear(struct app *a)
{
	while (a->n_stack > 0)
		screen_free(a->stack[--a->n_stack]);
	dialog_free(a->dialog);
	chooser_free(a->chooser);
	fx_clear(&a->out);
	model_clear(&a->model);
}

/* That the daemon is back is said once. */
static void
watch_link(struct app *a)
{
	const struct model *m = &a->model;
	char span[WORDS_SIZE];
	struct toast toast = {.until = m->now + TOAST_SECONDS};
	if (m->link == LINK_AWAY)
		a->away_since = m->away_since;
	if (m->link != LINK_LIVE || a->away_since == 0)
		return;
	snprintf(toast.text, sizeof(toast.text), "back after %s",
	    words_span(m->now - a->away_since, span));
	a->away_since = 0;
	toasts_add(&a->toasts, &toast);
}

void
app_changed(struct app *a)
{
	watch_link(a);
	struct screen *s = app_screen(a);
	s->ops->layout(s, a->rows - APP_FRAME_ROWS, a->cols);
}

void
app_resize(struct app *a, int rows, int cols)
{
	a->rows = rows;
	a->cols = cols;
	app_changed(a);
}

/* --- asks --------------------------------------------------------------- */

static struct flight *
find_flight(struct app *a, const struct ask *ask)
{
	for (size_t i = 0; i < APP_FLIGHTS_MAX; i++) {
		struct flight *f = &a->flights[i];
		if (f->is_used && f->kind == ask->kind &&
		    strcmp(f->host, ask->host) == 0)
			return f;
	}
	return NULL;
}

static struct flight *
free_flight(struct app *a)
{
	for (size_t i = 0; i < APP_FLIGHTS_MAX; i++)
		if (!a->flights[i].is_used)
			return &a->flights[i];
	return NULL;
}

/* One at a time of each kind and domain: a second press changes nothing. */
void
app_ask(struct app *a, struct ask *ask)
{
	const char *doing = ask_row(ask->kind)->doing;
	struct flight *f = free_flight(a);
	if (find_flight(a, ask) != NULL || f == NULL) {
		if (doing != NULL)
			snprintf(a->flash, sizeof(a->flash),
			    "already %s %.120s", doing, ask->host);
		ask_free(ask);
		return;
	}
	f->is_used = true;
	f->kind = ask->kind;
	snprintf(f->host, sizeof(f->host), "%s", ask->host);
	if (doing != NULL)
		snprintf(a->flash, sizeof(a->flash), "%s %.120s ...", doing,
		    ask->host);
	fx_ask(&a->out, ask);
}

size_t
app_take_asks(struct app *a, struct ask *out[FX_ASKS_MAX])
{
	size_t n = a->out.n_asks;
	for (size_t i = 0; i < n; i++)
		out[i] = a->out.asks[i];
	a->out.n_asks = 0;
	return n;
}

static bool
is_of_open(const struct app *a, const struct ask *ask)
{
	return a->model.open_host != NULL &&
	       strcmp(a->model.open_host, ask->host) == 0;
}

/* What is read goes into the model; what was done is said. */
static void
take_answer(
    struct app *a, const struct ask *ask, const struct reply *r, struct fx *fx)
{
	const struct ask_row *row = ask_row(ask->kind);
	const char *says = json_str(r->body, "message"); /* the diagnosis */
	if (ask->kind == ASK_DOMAIN && r->is_ok)
		model_domain(&a->model, r->body);
	else if (ask->kind == ASK_HISTORY && r->is_ok && is_of_open(a, ask))
		model_history(&a->model, r->body);
	else if (ask->kind == ASK_EVENTS && r->is_ok && is_of_open(a, ask))
		model_events(&a->model, r->body);
	if (row->doing == NULL)
		return;
	a->flash[0] = '\0';
	fx->refresh = true;
	if (!r->is_ok && ask->kind != ASK_DRY_RUN)
		fx_failed(fx, &r->fault, "%s: not %s", ask->host, row->done);
	else if (r->is_ok && row->done != NULL)
		fx_done(fx, "%s: %s", ask->host,
		    says[0] != '\0' ? says : row->done);
}

static void
ask_again(struct app *a)
{
	if (a->model.open_host == NULL || a->model.link == LINK_AWAY)
		return;
	app_ask(a, ask_new(ASK_DOMAIN, a->model.open_host, NULL));
	app_ask(a, ask_new(ASK_HISTORY, a->model.open_host, NULL));
	app_ask(a, ask_new(ASK_EVENTS, a->model.open_host, NULL));
}

void
app_answer(struct app *a, const struct ask *ask, const struct reply *r)
{
	struct fx fx = {0};
	struct flight *f = find_flight(a, ask);
	struct screen *s = app_screen(a);
	if (f != NULL)
		f->is_used = false;
	take_answer(a, ask, r, &fx);
	if (s->ops->answer != NULL)
		s->ops->answer(s, ask, r, &fx);
	if (fx.refresh)
		ask_again(a);
	app_apply(a, &fx);
	app_changed(a);
}

/* --- effects ------------------------------------------------------------ */

void
app_apply(struct app *a, struct fx *fx)
{
	for (size_t i = 0; i < fx->n_asks; i++)
		app_ask(a, fx->asks[i]);
	fx->n_asks = 0;
	if (fx->has_toast) {
		if (fx->toast.until != 0)
			fx->toast.until += a->model.now;
		toasts_add(&a->toasts, &fx->toast);
	}
	if (fx->flash[0] != '\0')
		memcpy(a->flash, fx->flash, sizeof(a->flash));
	if (fx->copy[0] != '\0')
		memcpy(a->out.copy, fx->copy, sizeof(a->out.copy));
	a->out.refresh |= fx->refresh;
	a->out.redraw |= fx->redraw;
	a->out.suspend |= fx->suspend;
	a->out.quit |= fx->quit;
	if (fx->dialog != NULL) {
		dialog_free(a->dialog);
		a->dialog = fx->dialog;
		fx->dialog = NULL;
	}
	if (fx->pop)
		pop(a);
	if (fx->push != NULL) {
		struct screen *s = fx->push;
		fx->push = NULL;
		push(a, s);
	}
	fx_clear(fx);
}

static void
dialog_press(struct app *a, key_code key)
{
	struct fx fx = {0};
	struct screen *s = app_screen(a);
	enum dialog_result result = dialog_key(a->dialog, key);
	if (result == DIALOG_OPEN)
		return;
	struct dialog *d = a->dialog;
	a->dialog = NULL;
	if (result == DIALOG_ACCEPTED && d->ask != NULL) {
		fx_ask(&fx, d->ask);
		d->ask = NULL;
	} else if (result == DIALOG_ACCEPTED && s->ops->accept != NULL) {
		s->ops->accept(s, d, &fx);
	}
	dialog_free(d);
	app_apply(a, &fx);
}

static void
chooser_press(struct app *a, key_code key)
{
	enum chooser_result result = chooser_key(a->chooser, key);
	if (result == CHOOSER_OPEN)
		return;
	struct chooser *ch = a->chooser;
	a->chooser = NULL;
	if (result == CHOOSER_PICKED)
		app_picked(a, ch);
	chooser_free(ch);
}

void
app_key(struct app *a, key_code key)
{
	struct fx fx = {0};
	struct screen *s = app_screen(a);
	a->flash[0] = '\0';
	if (a->dialog != NULL)
		dialog_press(a, key);
	else if (a->chooser != NULL)
		chooser_press(a, key);
	else if (s->ops->key != NULL && s->ops->key(s, key, &fx))
		app_apply(a, &fx);
	else
		app_pressed(a, key);
	app_changed(a);
}

void
app_paste(struct app *a, struct slice text)
{
	struct fx fx = {0};
	struct screen *s = app_screen(a);
	if (a->dialog != NULL)
		dialog_paste(a->dialog, text);
	else if (a->chooser != NULL)
		lineedit_paste(&a->chooser->edit, text);
	else if (s->ops->paste != NULL)
		s->ops->paste(s, text, &fx);
	else
		fx_flash(&fx, "pasted text is only taken where one can type");
	if (a->chooser != NULL)
		chooser_filter(a->chooser);
	app_apply(a, &fx);
	app_changed(a);
}

void
app_event(struct app *a, const char *host)
{
	if (a->model.open_host != NULL && strcmp(a->model.open_host, host) == 0)
		ask_again(a);
}

void
app_tick(struct app *a, int64_t now)
{
	bool is_fifth = now / EVENTS_EVERY != a->model.now / EVENTS_EVERY;
	a->model.now = now;
	toasts_expire(&a->toasts, now);
	if (a->model.open_host != NULL && a->model.link == LINK_LIVE) {
		app_ask(a, ask_new(ASK_DOMAIN, a->model.open_host, NULL));
		if (is_fifth)
			ask_again(a);
	}
	app_changed(a);
}
