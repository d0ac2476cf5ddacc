#ifndef ADMIN_TUI_ASK_H
#define ADMIN_TUI_ASK_H
/*
 * Questions for the daemon, as data: a screen makes one, the loop sends it, the
 * answer comes back with it.  One table says of each kind how it travels and
 * what people are told.
 *
 * Owned by: struct fx, then the loop.   Freed by: ask_free, which wipes the
 * body (it may hold a private key).
 */
#include "base/json.h"

enum ask_kind {
	ASK_DOMAIN, /* read the open domain */
	ASK_HISTORY,
	ASK_EVENTS,
	ASK_STORY,
	ASK_CHECK,
	ASK_RENEW,
	ASK_ADD,
	ASK_REMOVE_DOMAIN,
	ASK_REMOVE_CERTIFICATE,
	ASK_ROLL_BACK,
	ASK_DRY_RUN,
	ASK_INSTALL,
	ASK_KINDS
};

struct ask {
	enum ask_kind kind;
	char host[256];
	char path[900]; /* with its query, host escaped */
	char *body;     /* JSON text, NULL: none */
	size_t n_body;
};

struct ask_row {
	const char *method;
	const char *doing; /* "checking"; NULL: a read, of which nothing is
			    * said unless it fails */
	const char *done;  /* "DNS was looked at" */
};

const struct ask_row *ask_row(enum ask_kind kind);

/* body: taken, may be NULL. */
struct ask *ask_new(enum ask_kind kind, const char *host, char *body);
struct ask *ask_with(enum ask_kind kind, const char *host, json_t *body);
void ask_free(struct ask *a);

#endif
