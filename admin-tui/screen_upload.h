#ifndef ADMIN_TUI_SCREEN_UPLOAD_H
#define ADMIN_TUI_SCREEN_UPLOAD_H
/*
 * Uploading a custom certificate in three steps: choose files (or paste), see
 * the daemon's verdict, say yes.
 */
#include "admin-tui/screen.h"

struct screen *upload_screen_new(const struct model *model, const char *host);

/* The same in this folder, for tests. */
struct screen *upload_screen_in(
    const struct model *model, const char *host, const char *folder);

#endif
