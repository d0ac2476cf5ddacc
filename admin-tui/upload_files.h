#ifndef ADMIN_TUI_UPLOAD_FILES_H
#define ADMIN_TUI_UPLOAD_FILES_H
/*
 * The first step of an upload: which files, or which pasted text.
 *
 * Owned by: the upload screen.   Freed by: files_clear, which wipes.
 */
#include "admin-tui/fx.h"
#include "admin-tui/picker.h"

struct upload_files {
	struct picker picker;
	struct lineedit filter;
	bool is_typing;  /* the filter */
	bool is_pasting; /* keys are text of a PEM, until C-d */
	struct buf pasted;
	struct source sources[SOURCES_MAX]; /* what is chosen */
	size_t n_sources;
	bool is_ready; /* to be checked now; the screen puts it back */
};

void files_init(struct upload_files *uf, const char *folder);
void files_clear(struct upload_files *uf);
void files_forget(struct upload_files *uf); /* chooses nothing */

bool files_have_certificate(const struct upload_files *uf);

void files_layout(struct upload_files *uf, int rows, int64_t now);
void files_draw(const struct upload_files *uf, struct canvas c);

/* As of a screen (admin-tui/screen.h). */
bool files_verb(struct upload_files *uf, enum verb what, struct fx *fx);
bool files_key(struct upload_files *uf, key_code code, struct fx *fx);
void files_paste(struct upload_files *uf, struct slice text, struct fx *fx);

/* Takes back one layer: the filter, then what is chosen.  False: nothing was
 * left to take back. */
bool files_back(struct upload_files *uf);

#endif
