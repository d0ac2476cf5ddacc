#ifndef TESTS_UNIT_SCREENS_H
#define TESTS_UNIT_SCREENS_H
/*
 * For tests of whole screens: a model filled from the API's JSON, keys pressed,
 * rows compared with tests/unit/golden/NAME.txt.  TOWPATH_GOLDEN=write writes
 * them anew.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "admin-tui/app.h"
#include "base/clock.h"
#include "base/mem.h"
#include "tests/unit/test.h"

#define GOLDEN "tests/unit/golden/"
#define NOW    "2026-11-20T14:02:31Z"

/* Single quotes stand for double ones: JSON that can be read in C. */
static inline json_t *
json_of(const char *text)
{
	char *copy = xstrdup(text);
	json_t *j = NULL;
	struct fault f;
	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	if (json_parse(slice_str(copy), &j, &f) != ERR_OK)
		fail_msg("%s in %s", f.text, copy);
	free(copy);
	return j;
}

static inline int64_t
now(void)
{
	int64_t at;
	assert_int_equal(clock_parse(SLICE(NOW), &at), ERR_OK);
	return at;
}

static inline void
load(struct app *a, const char *list, const char *status)
{
	json_t *page = json_of(list), *stats = json_of(status);
	model_status(&a->model, stats);
	model_begin(&a->model);
	model_add(&a->model, page);
	model_commit(&a->model);
	model_live(&a->model);
	app_changed(a);
	json_decref(page);
	json_decref(stats);
}

static inline void
start(struct app *a, int rows, int cols, const char *list, const char *status)
{
	app_init(a, "/run/towpath/control.sock", NULL);
	app_tick(a, now());
	app_resize(a, rows, cols);
	load(a, list, status);
}

/* Answers the asks that wait, as the daemon would. */
static inline void
reply(struct app *a, enum ask_kind kind, bool is_ok, const char *body)
{
	struct ask *asks[FX_ASKS_MAX];
	size_t n = app_take_asks(a, asks);
	bool found = false;
	for (size_t i = 0; i < n; i++) {
		if (asks[i]->kind == kind) {
			struct reply r = {
			    .is_ok = is_ok, .body = json_of(body)};
			if (!is_ok)
				json_to_fault(r.body, &r.fault);
			found = true;
			app_answer(a, asks[i], &r);
			json_decref((json_t *)r.body);
			ask_free(asks[i]);
		} else { /* waits on */
			a->out.asks[a->out.n_asks++] = asks[i];
		}
	}
	assert_true(found);
}

static inline void
keys(struct app *a, const char *text)
{
	for (; *text != '\0'; text++)
		app_key(a, *text == '\n' ? KEY_RETURN : (key_code)*text);
}

static inline char *
screen_text(const struct app *a)
{
	struct grid g;
	struct buf b;
	grid_init(&g);
	buf_init(&b, 1 << 20);
	app_draw(a, &g);
	for (int y = 0; y < g.rows; y++) {
		char *row = grid_row(&g, y);
		assert_true(text_width(slice_str(row)) <= g.cols);
		buf_printf(&b, "%s\n", row);
		free(row);
	}
	grid_clear(&g);
	return buf_take(&b);
}

static inline char *
file_text(const char *path)
{
	char piece[4096];
	struct buf b;
	buf_init(&b, 1 << 20);
	FILE *file = fopen(path, "r");
	for (size_t n; file != NULL && (n = fread(piece, 1, 4096, file)) > 0;)
		buf_add(&b, slice_of(piece, n));
	if (file != NULL)
		fclose(file);
	return buf_take(&b);
}

/* A fresh folder has a name of its own each time. */
#define FOLDER_PREFIX "/tmp/towpath-"
static inline void
mask_folder(char *text)
{
	while ((text = strstr(text, FOLDER_PREFIX)) != NULL) {
		text += sizeof(FOLDER_PREFIX) - 1;
		for (int i = 0; i < 6 && text[i] > ' '; i++)
			text[i] = 'X';
	}
}

static inline void
looks_like(const struct app *a, const char *name)
{
	char path[256];
	const char *mode = getenv("TOWPATH_GOLDEN");
	char *seen = screen_text(a);
	mask_folder(seen);
	snprintf(path, sizeof(path), GOLDEN "%s.txt", name);
	if (mode != NULL && strcmp(mode, "write") == 0) {
		FILE *file = fopen(path, "w");
		assert_non_null(file);
		fputs(seen, file);
		fclose(file);
	}
	char *expected = file_text(path);
	if (strcmp(seen, expected) != 0)
		fail_msg("%s: seen:\n%s", name, seen);
	free(expected);
	free(seen);
}

static inline void
shows(const struct app *a, const char *text, bool wanted)
{
	char *seen = screen_text(a);
	if ((strstr(seen, text) != NULL) != wanted)
		fail_msg("%s\"%s\" on:\n%s", wanted ? "no " : "", text, seen);
	free(seen);
}

#endif
