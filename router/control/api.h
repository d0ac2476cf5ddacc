#ifndef ROUTER_CONTROL_API_H
#define ROUTER_CONTROL_API_H
/*
 * The JSON API (INTERFACE.md, 4).  Routes are one table (api_routes.c); each
 * names a handler, which fills in an answer or a fault and knows nothing of
 * HTTP.  A handler that changes something runs inside one change: what it did
 * is committed and in effect before its answer is sent, and gone when it fails.
 */
#include "base/host.h"
#include "base/json.h"
#include "router/control/control.h"
#include "router/control/http_server.h"
#include "router/control/url.h"

#define API_BODY_MAX   (4 * 1024 * 1024)
#define API_IMPORT_MAX (8 * 1024 * 1024)
#define API_PARAM_SIZE 1024
#define API_LIMIT      100 /* of a list, when the caller says nothing */
#define API_LIMIT_MAX  1000

enum api_scope {
	SCOPE_READ,
	SCOPE_LOGS,
	SCOPE_APPS,
	SCOPE_DOMAINS,
	SCOPE_CERTS,
	SCOPE_KEYS_EXPORT,
	SCOPE_ADMIN,
};

enum api_kind {
	API_READS,   /* outside of any transaction */
	API_CHANGES, /* inside a change; its body is JSON */
	API_OWN,     /* begins changes of its own; unless it fails, the handler
		      * ends the call, then or later */
	API_LINES,   /* the same, and its body is not one JSON document */
};

struct api_call;

/* Fills call->answer (and status, when it is not 200).  The fault of a failure
 * may be left unset: the store is away then. */
typedef enum err api_handler(struct api_call *call, struct fault *f);

struct api_route {
	const char *method;
	const char *pattern; /* url_match */
	enum api_scope scope;
	enum api_kind kind;
	api_handler *handler;
	const char *summary; /* for people, of the description of the API */
	const char *takes; /* schema of the body (api_openapi.c); NULL: none */
	const char *gives; /* of the answer; "[]" in front for a list */
};

/*
 * A request on its way through the API.
 * Owned by: the dispatcher; of API_OWN and API_LINES, the handler.   Freed by:
 * api_finish, api_refuse, api_run_change.
 */
struct api_call {
	struct list link; /* of the calls under way */
	struct control *control;
	struct http_exchange *x; /* NULL: a stream took it */
	const struct api_route *route;
	char params[URL_PARAMS_MAX][API_PARAM_SIZE]; /* of the path, decoded */
	json_t *body;                                /* {} when none was sent */
	char by[32];                                 /* "uid 1000" */
	int status;
	json_t *answer;   /* NULL: no body */
	char *next;       /* of a list: path of the next page */
	int64_t retry_at; /* of a refusal: when it may pass; 0: soon */
	/* Set by a handler of API_CHANGES: called after the commit, and ends
	 * the call then or later. */
	void (*then)(struct api_call *call);
	void *then_ctx;
	/* Frees what a call under way waits with, when the daemon ends first;
	 * NULL: nothing. */
	void (*drop)(void *ctx);
	void *drop_ctx;
};

/* Ends a call with its answer, or with a problem document. */
void api_finish(struct api_call *call);
void api_finish_text(
    struct api_call *call, const char *type, struct slice text); /* no JSON */
void api_refuse(struct api_call *call, const struct fault *f);

/* For API_OWN: runs a handler inside a change, and ends the call. */
void api_run_change(struct api_call *call, api_handler *handler);

/* The route table. */
const struct api_route *api_route_at(size_t i); /* NULL: past the end */
/*
 * The route of a request; params are filled in.  ERR_NOT_FOUND and P12, or P13
 * when the path takes other methods; allow then holds them ("GET, POST").
 */
#define API_ALLOW_SIZE 64
enum err MUST_USE api_route_find(struct api_call *call, struct slice method,
    struct slice path, char allow[API_ALLOW_SIZE], struct fault *f);

/* When the daemon ends: drops the calls under way.  After the server, and after
 * whoever would have gone on with one. */
void api_calls_free(struct control *c);

extern const struct http_server_ops api_http_ops; /* ctx: struct control */

/* --- for handlers --------------------------------------------------------- */

/* A parameter of the query, "" when absent.  P11. */
enum err MUST_USE api_query(const struct api_call *call, const char *name,
    char *out, size_t size, struct fault *f);
bool api_query_is(const struct api_call *call, const char *name);
/* Accept: text/event-stream. */
bool api_wants_stream(const struct api_call *call);
/* ?limit= and ?after=.  P11. */
struct api_page {
	int limit;
	char after[HOST_SIZE];
};
enum err MUST_USE api_page_read(
    const struct api_call *call, struct api_page *out, struct fault *f);
/* There are more behind `after`. */
void api_page_next(struct api_call *call, const char *after);

/* Path parameter i as a host.  N10. */
enum err MUST_USE api_host(const struct api_call *call, size_t i,
    char out[HOST_SIZE], struct fault *f);

/* What a failed statement means: S19. */
enum err api_store_away(struct fault *f);

#endif
