#ifndef ADMIN_TUI_DOMAIN_H
#define ADMIN_TUI_DOMAIN_H
/*
 * A domain as the API tells it, and how much it needs a person.
 *
 * Owned by: the model.   Freed by: domain_clear.
 */
#include "admin-tui/cert.h"
#include "admin-tui/theme.h"

enum status {
	STATUS_UNKNOWN, /* a word this console does not know */
	STATUS_ACTION_REQUIRED,
	STATUS_PENDING_DNS,
	STATUS_CREATING,
	STATUS_IN_USE,
	STATUS_NOT_USED,
	STATUSES
};

struct record {     /* what to change at the DNS provider */
	char *what; /* "create", "delete", "change" */
	char *type, *name, *value, *was;
	int64_t ttl;
};

struct resolver { /* what one said at the last look at DNS */
	char *name, *sees;
	char *address; /* the first that it knows; "": none */
	size_t n_more; /* addresses beside it */
	int64_t ttl;   /* seconds that it keeps its answer; 0: unknown */
};

#define DOMAIN_RECORDS_MAX   32
#define DOMAIN_RESOLVERS_MAX 8

struct domain {
	char *host, *app, *origin, *reference;
	char *status_text, *dns, *serving;
	enum status status;
	bool is_automatic;
	int64_t status_since, dns_checked_at, expires_at, renews_at;
	int64_t next_attempt_at, created_at;
	/* What the CA says of the renewal; 0 and "": nothing. */
	int64_t window_start_at, window_end_at;
	char *window_why;   /* a URL */
	struct fault fault; /* FAULT_NONE and "": nothing is wrong */
	/* Of a custom certificate: whether anything could take over. */
	bool has_fallback, fallback_ready, fallback_stands_by;
	struct fault fallback_fault;
	char *together; /* names it shares that one with; NULL: none */
	struct record *records;
	size_t n_records;
	struct resolver resolvers[DOMAIN_RESOLVERS_MAX];
	size_t n_resolvers;
	bool has_certificate;
	struct cert certificate;
};

void domain_read(struct domain *d, const json_t *o); /* into an empty one */
void domain_clear(struct domain *d);

/* The word of a status, as the API and the CLI say it. */
const char *domain_status_word(enum status status);
enum status domain_status_parse(const char *word);

/* The glyph and role a status is drawn with. */
const char *domain_glyph(const struct domain *d);
enum role domain_role(const struct domain *d);

/*
 * Whether the served certificate ends too soon.  Relative, never a number of
 * days: an automatic one when its renewal is overdue, a custom one (nobody
 * renews it) in its last third but not before its last 14 days.
 */
bool domain_is_expiring(const struct domain *d, int64_t now);
bool domain_is_problem(const struct domain *d, int64_t now);

/* Order of urgency, then of names: what needs a person comes first. */
int domain_urgency(const struct domain *d, int64_t now);

/* A record as a line of a zone file. */
#define RECORD_LINE_SIZE 700
char *record_line(const struct record *r, char out[RECORD_LINE_SIZE]);

#endif
