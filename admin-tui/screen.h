#ifndef ADMIN_TUI_SCREEN_H
#define ADMIN_TUI_SCREEN_H
/*
 * A screen of the console.  It reads the model, draws from it, and answers
 * verbs with effects; it never waits and never calls the daemon.
 *
 * Owned by: the app's stack.   Freed by: screen_free.
 */
#include "admin-tui/fx.h"
#include "admin-tui/keymap.h"
#include "admin-tui/model.h"

/* The answer to one of a screen's asks.  All of it is a loan. */
struct reply {
	bool is_ok;
	const json_t *body;
	struct fault fault; /* unless is_ok */
};

struct screen_ops {
	enum place (*place)(const struct screen *s);
	/* New size or new data: everything that drawing then only reads. */
	void (*layout)(struct screen *s, int rows, int cols);
	/* Cannot change anything.  Row 0 is the strip below the top bar. */
	void (*draw)(const struct screen *s, struct canvas c);
	/* False: not mine, the app may know it. */
	bool (*verb)(struct screen *s, enum verb verb, struct fx *fx);
	/* Keys before the key map sees them, while text is typed.  NULL, or
	 * false when it was not for it. */
	bool (*key)(struct screen *s, key_code key, struct fx *fx);
	/* Pasted text.  NULL: it is dropped with a word. */
	void (*paste)(struct screen *s, struct slice text, struct fx *fx);
	/* A dialog without an ask was accepted.  May be NULL. */
	void (*accept)(struct screen *s, const struct dialog *d, struct fx *fx);
	/* Answers to what this screen asked.  May be NULL. */
	void (*answer)(struct screen *s, const struct ask *ask,
	    const struct reply *r, struct fx *fx);
	/* The command line that would do what Enter does. */
	void (*cli)(const struct screen *s, char *out, size_t size);
	/* "43 domains  1-18", or "". */
	void (*position)(const struct screen *s, char *out, size_t size);
	/* The domain that verbs are about; NULL: none. */
	const char *(*host)(const struct screen *s);
	void (*free)(struct screen *s);
};

struct screen { /* first member of every screen */
	const struct screen_ops *ops;
	const struct model *model;
};

void screen_free(struct screen *s); /* NULL is allowed */

/* The domain it is about, as the model knows it; NULL: none. */
const struct domain *screen_domain(const struct screen *s);

/* Title of a screen in the strip: "Domains > www.example.com". */
void screen_crumbs(struct canvas c, const char *fmt, ...) PRINTF(2, 3);

#endif
