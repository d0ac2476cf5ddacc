#ifndef ADMIN_TUI_MODEL_H
#define ADMIN_TUI_MODEL_H
/*
 * What the console knows: the last complete answer to each question, and how
 * old it is.  Screens only read it.  Snapshots are replaced whole, so a broken
 * answer leaves the last good one; nothing here is thrown away when the daemon
 * is away.
 *
 * Owned by: the app.   Freed by: model_clear.
 */
#include "admin-tui/domain.h"

#define MODEL_DOMAINS_MAX 4000 /* rows that are kept, problems first */
#define MODEL_EVENTS_MAX  200
#define MODEL_HISTORY_MAX 500
#define MODEL_OTHERS_MAX                                                       \
	1000 /* domains without a problem that are asked for                   \
	      */

enum link_state {
	LINK_CONNECTING, /* nothing was ever heard */
	LINK_LIVE,
	LINK_AWAY
};

struct event {
	int64_t sequence, at;
	char *name, *host, *by, *text; /* text: its fault, or "" */
};

struct event_list {
	struct event *items; /* oldest first */
	size_t n;
};

/* Of all apps, lately. */
struct traffic_now {
	double requests, failures; /* a second; a failure is a 5xx */
	double p95;                /* seconds */
};

struct model {
	struct domain *domains; /* most urgent first */
	size_t n_domains;
	int64_t by_status[STATUSES];
	int64_t n_total; /* of all domains, also those not listed */
	int64_t n_problems;
	struct traffic_now traffic;
	bool has_domains, has_status, has_traffic;
	bool is_read_only, is_test_clock;
	char *where;   /* how the daemon is reached: a socket or an address */
	char *node;    /* its name, "" until known */
	char *version; /* its version */

	/* The domain that is open, and what only it shows. */
	char *open_host; /* NULL: none */
	struct domain open;
	struct cert *history; /* newest first */
	size_t n_history;
	struct event_list events; /* of the open domain */
	bool has_open, has_history, has_events;

	enum link_state link;
	struct fault away;  /* why, while LINK_AWAY */
	int64_t away_since; /* seconds */
	int64_t retry_at;   /* seconds */
	int64_t data_at;    /* when the last answer came; 0: never */
	int64_t now;        /* set by every tick, so that drawing is pure */

	struct domain *staged; /* pages of a snapshot under way */
	size_t n_staged;
};

void model_init(struct model *m, const char *where);
void model_clear(struct model *m);

/* A snapshot of the list: begin, one page after the other, commit. */
void model_begin(struct model *m);
void model_add(struct model *m, const json_t *page);
void model_commit(struct model *m);

void model_status(struct model *m, const json_t *status); /* /v1/status */
void model_traffic(struct model *m, const json_t *stats); /* /v1/stats */

/* Opens a domain: what the list knows of it is there at once. */
void model_open(struct model *m, const char *host);
void model_close(struct model *m);
void model_domain(struct model *m, const json_t *domain); /* also the list's */
void model_history(
    struct model *m, const json_t *history);              /* of the open one */
void model_events(struct model *m, const json_t *events); /* the same */

void model_live(struct model *m);
void model_away(struct model *m, const struct fault *why, int64_t retry_at);

const struct domain *model_find(const struct model *m, const char *host);

/* The custom certificate that rollback without --to would install. */
const struct cert *model_predecessor(const struct model *m);
const struct cert *model_version(const struct model *m, int64_t number);

#endif
