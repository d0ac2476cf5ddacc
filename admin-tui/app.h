#ifndef ADMIN_TUI_APP_H
#define ADMIN_TUI_APP_H
/*
 * The console without its loop: keys and answers go in, effects come out, and
 * drawing is a pure function of what is here.  So tests drive it without
 * terminal and daemon.
 *
 * Owned by: console_main (or a test).   Freed by: app_clear.
 */
#include "admin-tui/chooser.h"
#include "admin-tui/screen.h"

#define APP_STACK_MAX   8
#define APP_FLIGHTS_MAX 80

struct flight { /* an ask that was sent and not answered */
	bool is_used;
	enum ask_kind kind;
	char host[256];
};

struct app {
	struct model model;
	struct screen *stack[APP_STACK_MAX]; /* [0] is the dashboard */
	size_t n_stack;
	struct dialog *dialog;   /* over the screen; at most one */
	struct chooser *chooser; /* the same */
	struct toasts toasts;
	char flash[200]; /* said above the keys, until the next key */
	struct flight flights[APP_FLIGHTS_MAX];
	int rows, cols;
	int64_t away_since; /* 0: the daemon is there */
	struct fx out;      /* what the loop is to do: asks, copy, quit... */
};

/* host: a domain to open at once, NULL for the list. */
void app_init(struct app *a, const char *where, const char *host);
void app_clear(struct app *a);

void app_resize(struct app *a, int rows, int cols);
void app_key(struct app *a, key_code key);
void app_paste(struct app *a, struct slice text);

/* A second went by: ages, toasts, and what is open is asked again. */
void app_tick(struct app *a, int64_t now);

/* Something happened to a domain: what is open is asked again at once. */
void app_event(struct app *a, const char *host);

/* The model changed. */
void app_changed(struct app *a);

/* Takes the asks that are to be sent; the caller owns them. */
size_t app_take_asks(struct app *a, struct ask *out[FX_ASKS_MAX]);
void app_answer(struct app *a, const struct ask *ask, const struct reply *r);

void app_draw(const struct app *a, struct grid *g);

struct screen *app_screen(const struct app *a); /* the one on top */

#endif
