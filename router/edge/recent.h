#ifndef ROUTER_EDGE_RECENT_H
#define ROUTER_EDGE_RECENT_H
/*
 * The last requests of this worker, in memory whatever access_log says: their
 * router lines, and what was decided for each and why.  A ring of fixed size:
 * a new one takes the place of the oldest.  Nothing is allocated for one, and
 * nothing is made of it until somebody asks.
 *
 * Owned by: the worker.   Freed by: recent_free.
 */
#include "base/log_filter.h"
#include "router/edge/access_log.h"

#define RECENT_SIZE      ((size_t)512 * 1024) /* more than 1000 as a rule */
#define RECENT_TRIES_MAX 3

/* One backend that was tried for a request. */
struct recent_try {
	struct slice backend; /* its address */
	enum code code;       /* CODE_NONE: it answered, to the end */
	uint32_t ms;          /* until then, or until it failed */
};

/* What was decided; slices are loans.  Empty ones are not known. */
struct recent_why {
	struct slice sni;       /* of the connection */
	int64_t certificate_id; /* that its handshake chose; 0: none was */
	const char *rule; /* that answered in a backend's place; NULL: none */
	struct recent_try tries[RECENT_TRIES_MAX];
	size_t n_tries;
};

/* A request as it is kept; slices are loans until the next is added. */
struct recent_request {
	int64_t at_ms;
	int status;
	enum code code;
	struct slice line; /* with its newline */
	struct slice app, host, id;
	struct recent_why why;
};

struct recent;

struct recent *recent_new(size_t size);
void recent_free(struct recent *r); /* NULL is allowed */

/* text and line are of the same request.  *out: as it is kept. */
void recent_add(struct recent *r, const struct access_line *line,
    const struct access_text *text, const struct recent_why *why,
    struct recent_request *out);

/* What a filter looks at. */
struct log_facts recent_facts(const struct recent_request *q);

/* The one that is `back` before the latest, 0; false: so many are not kept. */
bool recent_at(const struct recent *r, size_t back, struct recent_request *out);

#endif
