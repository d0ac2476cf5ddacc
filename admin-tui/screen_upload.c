#include "admin-tui/screen_upload.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin-tui/deeds.h"
#include "admin-tui/page.h"
#include "admin-tui/upload_files.h"
#include "admin-tui/verdict.h"
#include "base/mem.h"

#define HEAD_ROWS 1 /* the crumbs */

enum step {
	STEP_FILES,
	STEP_WAITING, /* for the verdict */
	STEP_VERDICT,
	STEP_REFUSED
};

struct upload {
	struct screen screen;
	char host[256];
	enum step step;
	struct upload_files files;
	struct lineedit passphrase;    /* only its text, masked and wiped */
	struct source_options options; /* passphrase is set when it is sent */
	json_t *answer;                /* of the dry run */
	struct fault refusal;
	struct page page;
	int rows, cols;
};

static struct upload *
of(struct screen *s)
{
	return container_of(s, struct upload, screen);
}

static const struct upload *
of_const(const struct screen *s)
{
	return container_of(s, const struct upload, screen);
}

static enum place
place(const struct screen *s)
{
	return of_const(s)->step == STEP_FILES ? PLACE_FILES : PLACE_VERDICT;
}

static const char *
host(const struct screen *s)
{
	return of_const(s)->host;
}

/* What is sent, for the question and for the deed alike. */
static enum err
make_body(struct upload *u, char **out, struct fault *f)
{
	u->options.passphrase = u->passphrase.text;
	return sources_upload(
	    u->files.sources, u->files.n_sources, &u->options, out, f);
}

static void
check(struct upload *u, struct fx *fx)
{
	char *body = NULL;
	struct fault f;
	if (!files_have_certificate(&u->files)) {
		fx_flash(fx, "choose the certificate first: Enter or Space");
		return;
	}
	if (make_body(u, &body, &f) != ERR_OK) {
		fx_flash(fx, "%s", f.text);
		return;
	}
	u->step = STEP_WAITING;
	fx_ask(fx, ask_new(ASK_DRY_RUN, u->host, body));
}

/* --- verbs -------------------------------------------------------------- */

static void
back(struct upload *u, struct fx *fx)
{
	if (u->step != STEP_FILES) {
		u->step = STEP_FILES;
		u->options = (struct source_options){.passphrase = ""};
		lineedit_clear(&u->passphrase);
	} else if (files_back(&u->files)) {
		return;
	} else {
		fx->pop = true;
	}
}

/* The last question.  What it sends was built from the same files as what the
 * daemon judged. */
static void
confirm(struct upload *u, struct fx *fx)
{
	const struct domain *d = screen_domain(&u->screen);
	char *body = NULL;
	struct fault f;
	struct cert after;
	if (make_body(u, &body, &f) != ERR_OK) {
		fx_flash(fx, "%s", f.text);
		return;
	}
	struct dialog *q = dialog_new(ask_new(ASK_INSTALL, u->host, body),
	    "Use it", "Use this certificate for %s?", u->host);
	bool has_before = d != NULL && d->has_certificate;
	cert_read(&after, json_obj(u->answer, "certificate"));
	deed_compare(q, has_before ? &d->certificate : NULL, &after,
	    u->screen.model->now);
	cert_clear(&after);
	deed_undo(q, has_before ? &d->certificate : NULL);
	u->screen.ops->cli(&u->screen, q->cli, sizeof(q->cli));
	fx_dialog(fx, q);
}

/* Turns an option round, and asks the daemon what it changes. */
static bool
turn_option(struct upload *u, enum verb what, struct fx *fx)
{
	bool *option = what == VERB_COMPLETE     ? &u->options.completes
		       : what == VERB_BYPASS     ? &u->options.bypass
		       : what == VERB_EVERYWHERE ? &u->options.all_covered
						 : NULL;
	if (option == NULL || u->step == STEP_WAITING)
		return option != NULL;
	*option = !*option;
	check(u, fx);
	return true;
}

/* Once nothing is missing the daemon is asked at once. */
static bool
go_on(struct upload *u, bool result, struct fx *fx)
{
	if (u->files.is_ready)
		check(u, fx);
	u->files.is_ready = false;
	return result;
}

static bool
verb(struct screen *s, enum verb what, struct fx *fx)
{
	struct upload *u = of(s);
	if (what == VERB_BACK)
		back(u, fx);
	else if (u->step == STEP_FILES && what == VERB_CONTINUE)
		check(u, fx);
	else if (u->step == STEP_FILES)
		return go_on(u, files_verb(&u->files, what, fx), fx);
	else if (what == VERB_CONTINUE && u->step == STEP_VERDICT)
		confirm(u, fx);
	else if (what == VERB_CONTINUE)
		fx_flash(fx, u->step == STEP_WAITING
				 ? "the daemon is still checking"
				 : "it cannot be used; Esc goes back");
	else
		return turn_option(u, what, fx) || page_verb(&u->page, what);
	return true;
}

static bool
key(struct screen *s, key_code code, struct fx *fx)
{
	struct upload *u = of(s);
	return u->step == STEP_FILES &&
	       go_on(u, files_key(&u->files, code, fx), fx);
}

static void
paste(struct screen *s, struct slice text, struct fx *fx)
{
	struct upload *u = of(s);
	if (u->step != STEP_FILES) {
		fx_flash(fx, "Esc goes back to the files; paste there");
		return;
	}
	files_paste(&u->files, text, fx);
	go_on(u, true, fx);
}

/* --- answers ------------------------------------------------------------ */

static void
ask_passphrase(struct upload *u, struct fx *fx)
{
	bool was_wrong = u->refusal.code == FAULT_C17_PASSPHRASE_WRONG;
	struct dialog *q =
	    dialog_new(NULL, "Go on", "The private key is encrypted");
	dialog_add(q, was_wrong ? ROLE_BAD : ROLE_TEXT, "%s", u->refusal.text);
	dialog_add(q, ROLE_TEXT,
	    "It is used to open the key, and kept "
	    "nowhere.");
	dialog_space(q);
	dialog_field(q, "Passphrase", "", true);
	fx_dialog(fx, q);
}

static void
accept(struct screen *s, const struct dialog *form, struct fx *fx)
{
	struct upload *u = of(s);
	lineedit_set(&u->passphrase, dialog_text(form, 0));
	check(u, fx);
}

static void
take_verdict(struct upload *u, const struct reply *r, struct fx *fx)
{
	if (u->step != STEP_WAITING)
		return; /* the user went back meanwhile */
	u->page.top = 0;
	json_decref(u->answer);
	u->answer = NULL;
	if (r->is_ok) {
		u->step = STEP_VERDICT;
		u->answer = json_deep_copy(r->body);
		return;
	}
	u->step = STEP_REFUSED;
	u->refusal = r->fault;
	if (r->fault.code == FAULT_C16_KEY_ENCRYPTED ||
	    r->fault.code == FAULT_C17_PASSPHRASE_WRONG)
		ask_passphrase(u, fx);
}

static void
answer(struct screen *s, const struct ask *ask, const struct reply *r,
    struct fx *fx)
{
	struct upload *u = of(s);
	if (strcmp(ask->host, u->host) != 0)
		return;
	if (ask->kind == ASK_DRY_RUN)
		take_verdict(u, r, fx);
	else if (ask->kind == ASK_INSTALL && r->is_ok)
		fx->pop = true;
}

/* --- drawing ------------------------------------------------------------ */

static void
option_line(struct page *p, bool is_on, const char *key, const char *text)
{
	page_mark(p, is_on ? "x" : "-", is_on ? ROLE_TITLE : ROLE_DIM,
	    "%s (%s)", text, key);
}

/* Below the verdict that they led to. */
static void
options_page(struct upload *u)
{
	page_line(&u->page, ROLE_TITLE, 1, "HOW IT IS INSTALLED");
	option_line(&u->page, u->options.completes, "f",
	    "missing intermediates are fetched from their authority");
	option_line(&u->page, u->options.bypass, "b",
	    "the chain is served exactly as given");
	option_line(&u->page, u->options.all_covered, "A",
	    "on every domain of the app that it covers");
}

static void
layout(struct screen *s, int rows, int cols)
{
	struct upload *u = of(s);
	files_layout(&u->files, rows - HEAD_ROWS, s->model->now);
	page_begin(&u->page, cols);
	if (u->step == STEP_VERDICT)
		verdict_page(&u->page, s->model, u->host, u->answer);
	if (u->step == STEP_VERDICT)
		options_page(u);
	else if (u->step == STEP_REFUSED)
		verdict_refused(&u->page, &u->refusal);
	else if (u->step == STEP_WAITING)
		page_line(&u->page, ROLE_WORKING, 1, "checking ...");
	page_end(&u->page, rows - HEAD_ROWS - 1);
}

static void
draw(const struct screen *s, struct canvas c)
{
	const struct upload *u = of_const(s);
	bool in_files = u->step == STEP_FILES;
	struct rect body = {0, 0, c.r.rows, c.r.cols};
	rect_top(&body, HEAD_ROWS);
	screen_crumbs(
	    c, "Upload > %s > %s", u->host, in_files ? "1 Files" : "2 Check");
	if (c.r.cols >= 70)
		canvas_right(
		    c, 0, ROLE_DIM, in_files ? "step 1 of 3 " : "step 2 of 3 ");
	if (in_files) {
		files_draw(&u->files, canvas_part(c, body));
		return;
	}
	canvas_rule(c, HEAD_ROWS, false);
	rect_top(&body, 1);
	page_draw(&u->page, canvas_part(c, body));
}

static void
cli(const struct screen *s, char *out, size_t size)
{
	const struct upload *u = of_const(s);
	const struct domain *d = screen_domain(s);
	struct buf b;
	buf_init(&b, size);
	if (u->options.all_covered)
		buf_printf(&b, "towpath certs update --app %s",
		    d == NULL ? "APP" : d->app);
	else
		buf_printf(&b, "towpath certs update %s", u->host);
	for (size_t i = 0; i < u->files.n_sources; i++)
		(void)buf_printf(&b, " %s",
		    u->files.sources[i].path[0] == '\0'
			? "-"
			: u->files.sources[i].path);
	if (u->files.n_sources == 0)
		(void)buf_printf(&b, " FILE...");
	if (u->options.completes)
		(void)buf_printf(&b, " --complete");
	if (u->options.bypass)
		(void)buf_printf(&b, " --bypass");
	snprintf(out, size, "%" SLICE_FMT, SLICE_ARG(buf_slice(&b)));
	buf_clear(&b);
}

static void
position(const struct screen *s, char *out, size_t size)
{
	(void)s;
	(void)size;
	out[0] = '\0';
}

static void
free_screen(struct screen *s)
{
	struct upload *u = of(s);
	files_clear(&u->files);
	page_clear(&u->page);
	json_decref(u->answer);
	secret_free(u, sizeof(*u));
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
    .free = free_screen,
};

struct screen *
upload_screen_in(
    const struct model *model, const char *name, const char *folder)
{
	struct upload *u = xcalloc(1, sizeof(*u));
	u->screen = (struct screen){&ops, model};
	snprintf(u->host, sizeof(u->host), "%s", name);
	lineedit_init(&u->passphrase, true);
	files_init(&u->files, folder);
	return &u->screen;
}

struct screen *
upload_screen_new(const struct model *model, const char *name)
{
	return upload_screen_in(model, name, ".");
}
