#include "admin-tui/upload_files.h"

#include <stdio.h>
#include <stdlib.h>

#define FILES_HEAD 3 /* chosen, folder, rule */

bool
files_have_certificate(const struct upload_files *uf)
{
	for (size_t i = 0; i < uf->n_sources; i++)
		if (source_has_certificate(&uf->sources[i]))
			return true;
	return false;
}

static bool
has_key(const struct upload_files *uf)
{
	for (size_t i = 0; i < uf->n_sources; i++)
		if (source_has_key(&uf->sources[i]))
			return true;
	return false;
}

/* Those of them that are in the folder that is shown. */
static void
show_marks(struct upload_files *uf)
{
	char path[1400];
	table_unmark_all(&uf->picker.table);
	for (size_t i = 0; i < uf->picker.n; i++) {
		picker_path(
		    &uf->picker, &uf->picker.files[i], path, sizeof(path));
		for (size_t k = 0; k < uf->n_sources; k++)
			if (strcmp(uf->sources[k].path, path) == 0)
				table_mark_id(&uf->picker.table,
				    uf->picker.files[i].name);
	}
}

static void
forget(struct upload_files *uf, size_t i)
{
	source_clear(&uf->sources[i]);
	uf->n_sources--;
	memmove(&uf->sources[i], &uf->sources[i + 1],
	    (uf->n_sources - i) * sizeof(uf->sources[0]));
	show_marks(uf);
}

void
files_forget(struct upload_files *uf)
{
	while (uf->n_sources > 0)
		forget(uf, uf->n_sources - 1);
}

/* Takes s.  A certificate or key is told by what the file holds. */
static bool
add_source(struct upload_files *uf, struct source *s, struct fx *fx)
{
	const char *why_not = NULL;
	if (uf->n_sources == SOURCES_MAX)
		why_not = "no more files can be chosen";
	else if (!source_has_certificate(s) && !source_has_key(s))
		why_not = "it is a request: the certificate is what the CA "
			  "gave for it";
	if (why_not != NULL) {
		fx_flash(fx, "%s", why_not);
		source_clear(s);
		return false;
	}
	uf->sources[uf->n_sources++] = *s;
	show_marks(uf);
	return true;
}

/* With certificate and key nothing is missing; with the certificate only, the
 * cursor goes where a key is. */
static void
was_chosen(struct upload_files *uf, struct fx *fx)
{
	if (files_have_certificate(uf) && has_key(uf)) {
		uf->is_ready = true;
		return;
	}
	fx_flash(
	    fx, files_have_certificate(uf)
		    ? "now the private key; c checks without (keeps the key)"
		    : "now the certificate");
	if (files_have_certificate(uf))
		picker_to_key(&uf->picker);
}

/* Chooses the file under the cursor, or no longer; true: it is chosen now. */
static bool
toggle(struct upload_files *uf, const struct file *file, struct fx *fx)
{
	char path[1400];
	struct source s;
	struct fault f;
	picker_path(&uf->picker, file, path, sizeof(path));
	for (size_t i = 0; i < uf->n_sources; i++)
		if (strcmp(uf->sources[i].path, path) == 0) {
			forget(uf, i);
			return false;
		}
	if (source_read(&s, path, &f) != ERR_OK) {
		fx_flash(fx, "%s %s", fault_code_name(f.code), f.text);
		return false;
	}
	return add_source(uf, &s, fx);
}

static bool
is_chosen(const struct upload_files *uf, const struct file *file)
{
	return table_is_marked(&uf->picker.table, file->name);
}

static void
open_folder(struct upload_files *uf, const char *folder, struct fx *fx)
{
	struct fault f;
	if (picker_open(&uf->picker, folder, &f) != ERR_OK)
		fx_flash(fx, "%s", f.text);
	lineedit_clear(&uf->filter);
	show_marks(uf);
}

static void
open_file(struct upload_files *uf, bool is_enter, struct fx *fx)
{
	const struct file *file = picker_selected(&uf->picker);
	char path[1400];
	if (file == NULL)
		return;
	picker_path(&uf->picker, file, path, sizeof(path));
	if (file->is_folder)
		open_folder(uf, path, fx);
	else if (is_enter && is_chosen(uf, file) && files_have_certificate(uf))
		uf->is_ready = true;
	else if (is_enter && toggle(uf, file, fx))
		was_chosen(uf, fx);
}

static void
up(struct upload_files *uf, struct fx *fx)
{
	struct fault f;
	if (picker_up(&uf->picker, &f) != ERR_OK)
		fx_flash(fx, "%s", f.text);
	lineedit_clear(&uf->filter);
	show_marks(uf);
}

bool
files_verb(struct upload_files *uf, enum verb what, struct fx *fx)
{
	const struct file *file = picker_selected(&uf->picker);
	const char *home = getenv("HOME");
	if (table_verb(&uf->picker.table, what))
		return true;
	if (what == VERB_CHOOSE || what == VERB_INTO)
		open_file(uf, what == VERB_CHOOSE, fx);
	else if (what == VERB_MARK && file != NULL && !file->is_folder)
		(void)toggle(uf, file, fx);
	else if (what == VERB_CONTINUE)
		uf->is_ready = true;
	else if (what == VERB_OUT)
		up(uf, fx);
	else if (what == VERB_HOME)
		open_folder(uf, home == NULL ? "/" : home, fx);
	else if (what == VERB_HIDDEN)
		uf->picker.shows_all = !uf->picker.shows_all;
	else if (what == VERB_FILTER)
		uf->is_typing = true;
	else if (what == VERB_PASTE)
		uf->is_pasting = true;
	else
		return what == VERB_MARK;
	return true;
}

static void
take_paste(struct upload_files *uf, struct slice text, struct fx *fx)
{
	struct source s;
	struct fault f;
	uf->is_pasting = false;
	if (source_paste(&s, text, &f) != ERR_OK)
		fx_flash(fx, "%s %s", fault_code_name(f.code), f.text);
	else if (add_source(uf, &s, fx))
		was_chosen(uf, fx);
}

static void
pasting_key(struct upload_files *uf, key_code code, struct fx *fx)
{
	char bytes[4];
	if (code == KEY_CTRL('D')) {
		take_paste(uf, buf_slice(&uf->pasted), fx);
		buf_wipe(&uf->pasted);
	} else if (code == KEY_ESCAPE || code == KEY_CTRL('C')) {
		uf->is_pasting = false;
		buf_wipe(&uf->pasted);
	} else if (code == KEY_CTRL('U')) {
		buf_wipe(&uf->pasted);
	} else if (code < KEY_ERASE) {
		size_t n = text_encode(code, bytes);
		(void)buf_add(&uf->pasted, slice_of(bytes, n));
	}
}

bool
files_key(struct upload_files *uf, key_code code, struct fx *fx)
{
	if (uf->is_pasting) {
		pasting_key(uf, code, fx);
		return true;
	}
	if (!uf->is_typing)
		return false;
	if (code == KEY_RETURN || code == KEY_ESCAPE) {
		uf->is_typing = false;
		if (code == KEY_ESCAPE)
			lineedit_clear(&uf->filter);
	} else if (code == KEY_ARROW_UP || code == KEY_ARROW_DOWN) {
		table_move(&uf->picker.table, code == KEY_ARROW_UP ? -1 : 1);
	} else {
		lineedit_key(&uf->filter, code);
	}
	table_filter(&uf->picker.table, uf->filter.text);
	return true;
}

void
files_paste(struct upload_files *uf, struct slice text, struct fx *fx)
{
	if (uf->is_typing)
		lineedit_paste(&uf->filter, text);
	else
		take_paste(uf, text, fx);
}

bool
files_back(struct upload_files *uf)
{
	if (uf->picker.table.filter[0] != '\0') {
		lineedit_clear(&uf->filter);
		table_filter(&uf->picker.table, "");
	} else if (uf->n_sources > 0) {
		files_forget(uf);
	} else {
		return false;
	}
	return true;
}

static void
draw_chosen(const struct upload_files *uf, struct canvas c)
{
	int x = canvas_text(c, 0, 1, ROLE_DIM, "Chosen  ");
	if (uf->n_sources == 0)
		canvas_text(c, 0, x, ROLE_TEXT,
		    "nothing yet: the certificate with its chain, and its "
		    "key");
	for (size_t i = 0; i < uf->n_sources; i++) {
		const struct source *chosen = &uf->sources[i];
		x = canvas_printf(c, 0, x, ROLE_TITLE, "%s%s (%s)",
		    i == 0 ? "" : ", ", chosen->name, chosen->what);
		if (chosen->others_can_read && source_has_key(chosen))
			x = canvas_text(
			    c, 0, x, ROLE_WARN, " ! others can read this file");
	}
}

static void
draw_folder(const struct upload_files *uf, struct canvas c)
{
	const struct picker *p = &uf->picker;
	char note[64] = "";
	struct rect line = {1, 1, 1, c.r.cols - 1};
	if (uf->is_typing || p->table.filter[0] != '\0') {
		line.x = canvas_text(c, 1, 1, ROLE_TITLE, "filter: ");
		line.cols = c.r.cols - line.x;
		if (uf->is_typing)
			lineedit_draw(&uf->filter, c, line);
		else
			canvas_text(c, 1, line.x, ROLE_TITLE, p->table.filter);
		return;
	}
	if (!p->shows_all && p->n_left_out > 0)
		snprintf(note, sizeof(note), "%zu other%s hidden",
		    p->n_left_out, p->n_left_out == 1 ? "" : "s");
	line.cols = canvas_right(c, 1, ROLE_DIM, note) - 3;
	canvas_cut(c, line, ROLE_DIM, slice_str(p->folder), TEXT_CUT_MIDDLE);
}

static void
draw_pasting(const struct upload_files *uf, struct canvas c)
{
	struct rect room = {0, 0, c.r.rows, c.r.cols};
	struct rect r = rect_centre(room, 6, 60);
	struct canvas in = canvas_box(
	    c, r, "Paste PEM", "C-d done   C-u clears   Esc cancels");
	canvas_text(in, 0, 0, ROLE_TEXT,
	    "Paste the certificate, its chain and the key.");
	canvas_text(in, 1, 0, ROLE_DIM, "It is not shown.");
	int x = canvas_printf(
	    in, 3, 0, ROLE_TITLE, "%zu bytes so far", uf->pasted.len);
	canvas_cursor(in, 3, x);
}

void
files_layout(struct upload_files *uf, int rows, int64_t now)
{
	uf->picker.now = now;
	picker_layout(&uf->picker, rows - FILES_HEAD);
}

void
files_draw(const struct upload_files *uf, struct canvas c)
{
	struct rect body = {0, 0, c.r.rows, c.r.cols};
	rect_top(&body, FILES_HEAD);
	canvas_rule(c, FILES_HEAD - 1, false);
	picker_draw(&uf->picker, canvas_part(c, body));
	draw_chosen(uf, c);
	draw_folder(uf, c);
	if (uf->is_pasting)
		draw_pasting(uf, c);
}

void
files_init(struct upload_files *uf, const char *folder)
{
	struct fault f;
	*uf = (struct upload_files){.n_sources = 0};
	lineedit_init(&uf->filter, false);
	buf_init(&uf->pasted, SOURCE_MAX);
	picker_init(&uf->picker);
	/* A folder that cannot be read is no reason not to open: the sentence
	 * stands in its place, and other folders can be gone to. */
	if (picker_open(&uf->picker, folder, &f) != ERR_OK)
		snprintf(
		    uf->picker.folder, sizeof(uf->picker.folder), "%s", f.text);
	picker_to_first(&uf->picker);
}

void
files_clear(struct upload_files *uf)
{
	files_forget(uf);
	picker_clear(&uf->picker);
	buf_wipe(&uf->pasted);
}
