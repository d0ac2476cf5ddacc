#ifndef ROUTER_CONTROL_EVENT_H
#define ROUTER_CONTROL_EVENT_H
/*
 * The log of what happened: append-only, numbered, written in the transaction
 * of the change itself, so that there is never one without the other.  An event
 * is one JSON object (INTERFACE.md, "Webhooks and events"), which the API and
 * webhooks give out as it is stored.
 */
#include "base/db.h"
#include "base/json.h"

/* By whom, when nobody asked for it. */
#define EVENT_BY_ITSELF "towpath"

struct event {
	const char *name;       /* "certificate.issue" */
	const char *by;         /* "uid 1000" */
	const char *host, *app; /* NULL: about none */
	const struct fault *fault;
	/* What it is about, each taken; NULL: none. */
	json_t *domain, *certificate, *app_object, *backend;
};

/* Appends; inside a transaction.  Takes the objects, also on error. */
enum err MUST_USE event_add(struct db *db, const struct event *e);

struct event_filter {
	int64_t after;          /* those with a greater sequence */
	const char *host, *app; /* NULL: any */
	const char *name;       /* NULL: any; may end with * */
	int limit;
};

/* In order; any value but ERR_OK from visit ends it (and is returned).  text
 * is a loan of the event's JSON. */
typedef enum err event_visit(
    void *ctx, int64_t sequence, const char *name, struct slice text);
enum err MUST_USE event_list(struct db *db, const struct event_filter *filter,
    event_visit *visit, void *ctx);

int64_t event_last(struct db *db); /* newest sequence; 0: none yet */

/* Deletes a batch of those before `at`; inside a transaction. */
enum err MUST_USE event_prune(struct db *db, int64_t at);

#endif
