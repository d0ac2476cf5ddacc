#include "admin-tui/picker.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin-tui/words.h"
#include "base/mem.h"

#define LOOK_MAX  (64 * 1024) /* a file that is larger is not looked into */
#define LOOK_MANY 150         /* files of one folder that are */

enum column {
	COLUMN_NAME,
	COLUMN_WHAT,
	COLUMN_SIZE,
	COLUMN_CHANGED
};

static const struct table_column columns[] = {
    [COLUMN_NAME] = {"FILE", {16, 40, 0, 0}, TEXT_CUT_MIDDLE},
    [COLUMN_WHAT] = {"IT IS", {14, 26, 1, 0}, TEXT_CUT_END},
    [COLUMN_SIZE] = {"SIZE", {6, 6, 3, 0}, TEXT_CUT_END},
    [COLUMN_CHANGED] = {"CHANGED", {12, 12, 2, 0}, TEXT_CUT_END},
};

static const struct file *
row_of(const void *ctx, size_t row)
{
	return &((const struct picker *)ctx)->files[row];
}

static size_t
count(const void *ctx)
{
	return ((const struct picker *)ctx)->n;
}

static void
id(const void *ctx, size_t row, char out[TABLE_ID_SIZE])
{
	snprintf(out, TABLE_ID_SIZE, "%s", row_of(ctx, row)->name);
}

static void
size_text(int64_t size, char *out, size_t n)
{
	if (size < 1000)
		snprintf(out, n, "%d", (int)size);
	else if (size < 1000000)
		snprintf(out, n, "%.1fK", (double)size / 1000.);
	else
		snprintf(out, n, "%.1fM", (double)size / 1000000.);
}

static void
cell(const void *ctx, size_t row, size_t column, struct table_cell *out)
{
	const struct picker *p = ctx;
	const struct file *file = row_of(ctx, row);
	char when[WORDS_SIZE];
	switch ((enum column)column) {
	case COLUMN_NAME:
		snprintf(out->text, sizeof(out->text), "%s%s", file->name,
		    file->is_folder ? "/" : "");
		break;
	case COLUMN_WHAT:
		snprintf(out->text, sizeof(out->text), "%s", file->what);
		break;
	case COLUMN_SIZE:
		if (!file->is_folder)
			size_text(file->size, out->text, sizeof(out->text));
		break;
	case COLUMN_CHANGED:
		if (file->changed_at != 0)
			snprintf(out->text, sizeof(out->text), "%s",
			    words_when(file->changed_at, p->now, when));
		break;
	}
}

static bool
text(const void *ctx, size_t row, const char *name, char out[FILTER_TEXT_SIZE])
{
	const struct file *file = row_of(ctx, row);
	if (name[0] != '\0')
		return false;
	snprintf(out, FILTER_TEXT_SIZE, "%s %s", file->name, file->what);
	return true;
}

static bool
is_of_use(const struct file *file)
{
	return file->is_folder
		   ? file->name[0] != '.' || strcmp(file->name, "..") == 0
		   : file->what[0] != '\0' || !file->is_known;
}

static bool
is_listed(const void *ctx, size_t row)
{
	const struct picker *p = ctx;
	return p->shows_all || is_of_use(row_of(ctx, row));
}

static const struct table_source source = {
    .count = count,
    .id = id,
    .cell = cell,
    .text = text,
    .is_listed = is_listed,
};

void
picker_init(struct picker *p)
{
	*p = (struct picker){.folder = ""};
	table_init(&p->table, &source, p, columns, COUNT_OF(columns));
}

static void
free_files(struct file *files, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(files[i].name);
	free(files);
}

void
picker_clear(struct picker *p)
{
	free_files(p->files, p->n);
	table_clear(&p->table);
	p->files = NULL;
	p->n = 0;
}

void
picker_path(
    const struct picker *p, const struct file *file, char *out, size_t size)
{
	const char *slash = strcmp(p->folder, "/") == 0 ? "" : "/";
	snprintf(out, size, "%s%s%s", p->folder, slash, file->name);
}

/* Folders first, then names. */
static int
compare(const void *a, const void *b)
{
	const struct file *x = a, *y = b;
	if (x->is_folder != y->is_folder)
		return x->is_folder ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void
look(const struct picker *p, struct file *file)
{
	struct source s;
	struct fault f;
	char path[1400];
	file->is_known = true;
	picker_path(p, file, path, sizeof(path));
	if (file->is_folder || file->size > LOOK_MAX || file->size == 0 ||
	    source_read(&s, path, &f) != ERR_OK)
		return;
	memcpy(file->what, s.what, sizeof(file->what));
	file->has_key = source_has_key(&s);
	source_clear(&s);
}

static void
add_file(struct picker *p, const char *name, int folder_fd)
{
	struct stat st;
	if (strcmp(name, ".") == 0 || p->n == PICKER_FILES_MAX ||
	    fstatat(folder_fd, name, &st, 0) != 0)
		return;
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return;
	if ((p->n & (p->n - 1)) == 0)
		p->files = xrealloc(
		    p->files, (p->n == 0 ? 1 : p->n * 2) * sizeof(*p->files));
	struct file *file = &p->files[p->n++];
	*file = (struct file){.name = xstrdup(name),
	    .is_folder = S_ISDIR(st.st_mode),
	    .size = st.st_size,
	    .changed_at = st.st_mtime};
	if (strcmp(name, "..") == 0)
		file->changed_at = 0;
}

enum err
picker_open(struct picker *p, const char *folder, struct fault *f)
{
	char real[PATH_MAX];
	DIR *dir = NULL;
	struct dirent *entry;
	if (realpath(folder, real) != NULL && strlen(real) < sizeof(p->folder))
		dir = opendir(real);
	if (dir == NULL) {
		fault_set(f, FAULT_S24_FILE_UNREADABLE, "%s: %s", folder,
		    strerror(errno));
		return ERR_IO;
	}
	free_files(p->files, p->n);
	p->files = NULL;
	p->n = 0;
	snprintf(p->folder, sizeof(p->folder), "%s", real);
	while ((entry = readdir(dir)) != NULL)
		add_file(p, entry->d_name, dirfd(dir));
	closedir(dir);
	qsort(p->files, p->n, sizeof(*p->files), compare);
	size_t looked = 0;
	for (size_t i = 0; i < p->n && looked < LOOK_MANY; i++)
		if (!p->files[i].is_folder) {
			look(p, &p->files[i]);
			looked++;
		}
	p->table.filter[0] = '\0';
	table_select(&p->table, "");
	p->table.at = 0;
	return ERR_OK;
}

/* Into the folder above, the cursor on the one it came from. */
enum err
picker_up(struct picker *p, struct fault *f)
{
	char from[1024], above[1100];
	const char *slash = strrchr(p->folder, '/');
	snprintf(from, sizeof(from), "%s", slash == NULL ? "" : slash + 1);
	snprintf(above, sizeof(above), "%s/..", p->folder);
	enum err e = picker_open(p, above, f);
	if (e == ERR_OK && from[0] != '\0')
		table_select(&p->table, from);
	return e;
}

void
picker_layout(struct picker *p, int rows)
{
	table_sync(&p->table, rows - 1);
	/* Those past LOOK_MANY are looked at when they come into view. */
	for (int i = 0; i < p->table.rows; i++) {
		size_t at = p->table.top + (size_t)i;
		if (at >= p->table.n_view)
			break;
		struct file *file = &p->files[p->table.view[at]];
		if (!file->is_known)
			look(p, file);
	}
	p->n_left_out = 0;
	for (size_t i = 0; i < p->n; i++)
		p->n_left_out += !is_of_use(&p->files[i]);
}

void
picker_draw(const struct picker *p, struct canvas c)
{
	table_draw(&p->table, c);
}

const struct file *
picker_selected(const struct picker *p)
{
	const struct table *t = &p->table;
	return t->at < t->n_view ? &p->files[t->view[t->at]] : NULL;
}

void
picker_to_first(struct picker *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (!p->files[i].is_folder && p->files[i].what[0] != '\0') {
			table_select(&p->table, p->files[i].name);
			return;
		}
}

void
picker_to_key(struct picker *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->files[i].has_key) {
			table_select(&p->table, p->files[i].name);
			return;
		}
}
