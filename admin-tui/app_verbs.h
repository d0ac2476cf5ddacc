#ifndef ADMIN_TUI_APP_VERBS_H
#define ADMIN_TUI_APP_VERBS_H
/*
 * Inside of the app, shared by its files: what keys mean that no screen keeps
 * for itself, and the lists of commands.  Users include admin-tui/app.h.
 */
#include "admin-tui/app.h"

#define APP_FRAME_ROWS 3 /* top bar, command line, keys */
#define APP_ROWS_MIN   10
#define APP_COLS_MIN   36

void app_ask(struct app *a, struct ask *ask); /* taken */
void app_apply(struct app *a, struct fx *fx); /* carries out, empties */

void app_pressed(struct app *a, key_code key);
void app_picked(struct app *a, const struct chooser *ch);

/* "$ towpath ..." of what is open, without the dollar. */
void app_cli(const struct app *a, char *out, size_t size);

#endif
