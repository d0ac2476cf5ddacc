#include "admin-tui/app_verbs.h"

#include <stdio.h>

#include "admin-tui/deeds.h"
#include "admin-tui/screen_domain.h"
#include "admin-tui/screen_upload.h"
#include "base/host.h"

void
app_cli(const struct app *a, char *out, size_t size)
{
	const struct screen *s = app_screen(a);
	if (a->dialog != NULL && a->dialog->cli[0] != '\0')
		snprintf(out, size, "%s", a->dialog->cli);
	else
		s->ops->cli(s, out, size);
}

/* --- lists of verbs ---------------------------------------------------- */

/* "domains info HOST" about the domain at hand. */
static void
with_host(const char *pattern, const char *host, char *out, size_t size)
{
	const char *hole = strstr(pattern, "HOST");
	if (hole == NULL || host == NULL)
		snprintf(out, size, "%s", pattern);
	else
		snprintf(out, size, "%.*s%s%s", (int)(hole - pattern), pattern,
		    host, hole + 4);
}

static void
add_verbs(const struct app *a, struct chooser *ch, bool with_moves)
{
	struct screen *s = app_screen(a);
	enum place place = s->ops->place(s);
	for (size_t i = 0; i < keymap_n; i++) {
		const struct binding *b = &keymap[i];
		bool moves = b->verb >= VERB_UP && b->verb <= VERB_HOME;
		if ((b->places & place) == 0 || (moves && !with_moves))
			continue;
		struct choice *item = chooser_add(ch);
		item->verb = b->verb;
		snprintf(item->key, sizeof(item->key), "%s", b->key);
		snprintf(item->text, sizeof(item->text), "%s", b->effect);
		if (b->cli != NULL)
			with_host(b->cli, s->ops->host(s), item->cli,
			    sizeof(item->cli));
	}
}

static void
open_help(struct app *a)
{
	struct chooser *ch =
	    chooser_new(CHOOSER_HELP, "Help: the keys of this screen");
	add_verbs(a, ch, true);
	chooser_filter(ch);
	a->chooser = ch;
}

static void
open_palette(struct app *a)
{
	const struct model *m = &a->model;
	struct chooser *ch = chooser_new(CHOOSER_PALETTE, "Command");
	add_verbs(a, ch, false);
	for (size_t i = 0; i < m->n_domains; i++) {
		const char *host = m->domains[i].host;
		struct choice *item = chooser_add(ch);
		item->verb = VERB_OPEN;
		snprintf(item->host, sizeof(item->host), "%s", host);
		snprintf(item->text, sizeof(item->text), "Domain: %s", host);
		snprintf(
		    item->cli, sizeof(item->cli), "domains info %.130s", host);
	}
	chooser_filter(ch);
	a->chooser = ch;
}

static struct choice *
add_copy(struct chooser *ch, const char *letter)
{
	struct choice *item = chooser_add(ch);
	snprintf(item->key, sizeof(item->key), "%s", letter);
	return item;
}

static void
open_copy(struct app *a)
{
	struct screen *s = app_screen(a);
	const struct domain *d = screen_domain(s);
	struct chooser *ch = chooser_new(CHOOSER_COPY, "Copy");
	char cli[CHOICE_TEXT_SIZE];
	struct choice *item = add_copy(ch, "c");
	app_cli(a, cli, sizeof(cli));
	memcpy(item->text, cli, sizeof(item->text));
	if (d != NULL) {
		item = add_copy(ch, "n");
		snprintf(item->text, sizeof(item->text), "%s", d->host);
	}
	if (d != NULL && d->n_records > 0) {
		char line[RECORD_LINE_SIZE];
		const struct record *r = &d->records[d->n_records - 1];
		for (size_t i = 0; i < d->n_records; i++)
			if (strcmp(d->records[i].what, "delete") != 0)
				r = &d->records[i];
		item = add_copy(ch, "r");
		record_line(r, line);
		snprintf(item->text, sizeof(item->text), "%s", line);
	}
	if (d != NULL && d->has_certificate) {
		item = add_copy(ch, "f");
		snprintf(item->text, sizeof(item->text), "%s",
		    d->certificate.fingerprint);
	}
	chooser_filter(ch);
	a->chooser = ch;
}

/* --- verbs that are the same on every screen ------------------------- */

static bool
app_wide(struct app *a, enum verb what, struct fx *fx)
{
	if (what == VERB_HELP)
		open_help(a);
	else if (what == VERB_PALETTE)
		open_palette(a);
	else if (what == VERB_COPY)
		open_copy(a);
	else if (what == VERB_DISMISS)
		toasts_dismiss(&a->toasts);
	else if (what == VERB_REFRESH)
		fx->refresh = true;
	else if (what == VERB_REDRAW)
		fx->redraw = true;
	else if (what == VERB_SUSPEND)
		fx->suspend = true;
	else if (what == VERB_QUIT)
		fx->quit = true;
	else if (what == VERB_BACK)
		fx->pop = true;
	else
		return false;
	return true;
}

static void
about_domain(struct app *a, enum verb what, struct fx *fx)
{
	const struct domain *d = screen_domain(app_screen(a));
	const struct model *m = &a->model;
	if (d == NULL)
		fx_flash(fx, "no domain is selected");
	else if (what == VERB_UPLOAD)
		fx_push(fx, upload_screen_new(m, d->host));
	else if (what == VERB_CHECK)
		deed_check(d, fx);
	else if (what == VERB_HISTORY)
		fx_push(fx, domain_screen_new(m, d->host, TAB_HISTORY));
	else if (what == VERB_ROLL_BACK)
		fx_push(fx, domain_screen_roll_back(m, d->host));
	else if (what == VERB_RENEW)
		deed_renew(d, fx);
	else if (what == VERB_DELETE)
		deed_remove_domain(d, fx);
}

/* Why an action cannot be done now; NULL: it can. */
static const char *
hindrance(const struct app *a, const struct binding *b)
{
	if (!b->is_action)
		return NULL;
	if (a->model.is_read_only)
		return "read-only";
	return a->model.link == LINK_LIVE ? NULL : "offline";
}

static void
run(struct app *a, const struct binding *b)
{
	struct fx fx = {0};
	struct screen *s = app_screen(a);
	const char *why_not = hindrance(a, b);
	if (why_not != NULL && b->verb == VERB_CHECK && !a->model.is_read_only)
		fx.refresh = true; /* the same key tries again now */
	else if (why_not != NULL)
		fx_flash(&fx, "%s: %s is off.  y copies the command", why_not,
		    b->key);
	else if (!s->ops->verb(s, b->verb, &fx) && !app_wide(a, b->verb, &fx))
		about_domain(a, b->verb, &fx);
	app_apply(a, &fx);
}

/* A control key as people write it. */
static void
key_name(key_code key, char out[8])
{
	if (key == KEY_RETURN) {
		snprintf(out, 8, "Enter");
	} else if (key < ' ') {
		snprintf(out, 8, "C-%c", (char)(key | 0x60U));
	} else if (key >= KEY_ERASE) {
		snprintf(out, 8, "that");
	} else {
		size_t n = text_encode(key, out);
		out[n] = '\0';
	}
}

void
app_pressed(struct app *a, key_code key)
{
	struct screen *s = app_screen(a);
	const struct binding *b = keymap_find(s->ops->place(s), key);
	char name[8];
	if (b != NULL) {
		run(a, b);
		return;
	}
	key_name(key, name);
	snprintf(a->flash, sizeof(a->flash),
	    "%s: no such key here, ? lists keys", name);
}

static void
open_typed(struct app *a, const char *typed, struct fx *fx)
{
	char host[HOST_SIZE];
	struct fault f;
	if (typed == NULL)
		return;
	if (host_normalise(slice_str(typed), host, &f) != ERR_OK)
		fx_flash(fx, "%s", f.text);
	else
		fx_push(fx, domain_screen_new(&a->model, host, TAB_DIAGNOSIS));
}

void
app_picked(struct app *a, const struct chooser *ch)
{
	const struct choice *item = chooser_picked(ch);
	struct fx fx = {0};
	struct screen *s = app_screen(a);
	if (item == NULL) {
		open_typed(a, chooser_typed(ch), &fx);
	} else if (ch->kind == CHOOSER_COPY) {
		memcpy(fx.copy, item->text, sizeof(item->text));
		fx_done(&fx, "Copied: %s", item->text);
	} else if (item->host[0] != '\0') {
		fx_push(&fx,
		    domain_screen_new(&a->model, item->host, TAB_DIAGNOSIS));
	} else {
		const struct binding *b =
		    keymap_of(s->ops->place(s), item->verb);
		if (b != NULL)
			run(a, b);
	}
	app_apply(a, &fx);
}
