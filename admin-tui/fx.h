#ifndef ADMIN_TUI_FX_H
#define ADMIN_TUI_FX_H
/*
 * What a key press is to bring about, as data: screens fill it, the app and the
 * loop carry it out.  So no screen can block, and tests can look at it.
 *
 * Owned by: the app.   Freed by: fx_clear.
 */
#include "admin-tui/dialog.h"
#include "admin-tui/toast.h"

#define FX_ASKS_MAX 64
#define FX_COPY_MAX 4096

struct screen;

struct fx {
	struct ask *asks[FX_ASKS_MAX]; /* for the daemon */
	size_t n_asks;
	struct screen *push;   /* a screen to open */
	struct dialog *dialog; /* a question to put */
	bool pop;              /* close this screen */
	bool refresh;          /* ask the daemon for everything now */
	bool redraw, suspend, quit;
	bool has_toast;
	struct toast toast;
	char flash[200];        /* for the line above the keys */
	char copy[FX_COPY_MAX]; /* for the clipboard */
};

void fx_clear(struct fx *fx);

/* Each takes what it is given; past FX_ASKS_MAX an ask is dropped, which the
 * flash says. */
void fx_ask(struct fx *fx, struct ask *ask);
void fx_dialog(struct fx *fx, struct dialog *d);
void fx_push(struct fx *fx, struct screen *s);

void fx_flash(struct fx *fx, const char *fmt, ...) PRINTF(2, 3);
void fx_done(struct fx *fx, const char *fmt, ...) PRINTF(2, 3);
void fx_failed(struct fx *fx, const struct fault *f, const char *fmt, ...)
    PRINTF(3, 4);

#endif
