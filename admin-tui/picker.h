#ifndef ADMIN_TUI_PICKER_H
#define ADMIN_TUI_PICKER_H
/*
 * A folder's files, with what is in them.  Each is read only when it is to be
 * shown, and only if it is small; what is of no use is left out unless asked
 * for.
 *
 * Owned by: the upload screen.   Freed by: picker_clear.
 */
#include "admin-tui/source.h"
#include "admin-tui/table.h"

#define PICKER_FILES_MAX 2000

struct file {
	char *name;
	bool is_folder;
	bool is_known; /* it was looked at; what: below */
	char what[SOURCE_WHAT_SIZE];
	bool has_key;
	int64_t size, changed_at;
};

struct picker {
	char folder[1024];
	struct file *files;
	size_t n;
	size_t n_left_out; /* in the last layout */
	bool shows_all;
	struct table table;
	int64_t now; /* for dates */
};

void picker_init(struct picker *p);
void picker_clear(struct picker *p);

/* S24 and nothing changes when the folder cannot be read. */
enum err MUST_USE picker_open(
    struct picker *p, const char *folder, struct fault *f);
enum err MUST_USE picker_up(struct picker *p, struct fault *f);

void picker_layout(struct picker *p, int rows);
void picker_draw(const struct picker *p, struct canvas c);

/* The one under the cursor, NULL when there is none. */
const struct file *picker_selected(const struct picker *p);
void picker_path(
    const struct picker *p, const struct file *file, char *out, size_t size);

/* Puts the cursor on the first file that can be used; or with a private key. */
void picker_to_first(struct picker *p);
void picker_to_key(struct picker *p);

#endif
