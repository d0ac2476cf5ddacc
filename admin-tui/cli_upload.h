#ifndef ADMIN_TUI_CLI_UPLOAD_H
#define ADMIN_TUI_CLI_UPLOAD_H
/*
 * From the arguments of a command to the API's `upload` (INTERFACE.md, 4), and
 * its answer for people.
 */
#include "admin-tui/cli.h"

#define UPLOAD_FILE_MAX       (1024 * 1024)
#define UPLOAD_FILES_MAX      64
#define UPLOAD_PASSPHRASE_MAX 1024

/*
 * Reads FILEs, from the word `first` on, and what --cert, --chain, --key and
 * --passphrase-file name.  *out is an upload, NULL when no file was given at
 * all.  Else than CLI_DONE: it was printed.
 */
int upload_read(struct cli *c, size_t first, json_t **out);

/* Tells what was done, or would be: {"certificate", "replaces", ...}. */
void upload_show(struct cli *c, const json_t *answer, bool is_dry_run);

/* Whether anything could take over from it; NULL or null: no matter. */
void upload_show_fallback(struct cli *c, const json_t *fallback);

/* How to have certificate `number` of host back; 0: there was none. */
void upload_show_undo(struct cli *c, const char *host, int64_t number);

#endif
