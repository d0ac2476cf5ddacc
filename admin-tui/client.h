#ifndef ADMIN_TUI_CLIENT_H
#define ADMIN_TUI_CLIENT_H
/*
 * The API (INTERFACE.md, 4) as a client sees it: over the control socket, or
 * HTTPS with a token.  Everything is asynchronous on the caller's loop, for
 * the console; client_ask runs the loop until one answer is there, for the
 * command line.
 *
 * Owned by: main.   Freed by: client_free, which drops open calls without
 * calling them back.
 */
#include <ev.h>

#include "base/fault.h"
#include "base/json.h"

#define CLIENT_SOCKET     "/run/towpath/control.sock"
#define CLIENT_TIMEOUT_MS 60000
#define CLIENT_BODY_MAX   (32 * 1024 * 1024) /* of one answer */

struct client;
struct client_call; /* one request under way */

struct client_options {
	const char *server; /* a socket's path, unix:/PATH, https://HOST or
			     * ssh://[USER@]HOST[:PORT][/SOCKET], which may
			     * ask for a password on the terminal; NULL:
			     * TOWPATH_SOCKET, else CLIENT_SOCKET */
	const char *token;  /* for https; NULL: TOWPATH_TOKEN */
	bool read_only;     /* all but GET ends with P15, nothing is sent */
};

/* ERR_SYNTAX and P18: `server` is none of these, or https without a token.
 * ERR_PEER and P20: ssh did not come up. */
enum err MUST_USE client_new(struct ev_loop *loop,
    const struct client_options *options, struct client **out, struct fault *f);
void client_free(struct client *c); /* NULL is allowed */

const char *client_where(const struct client *c); /* the path or the URL */
bool client_is_read_only(const struct client *c);

/*
 * What came back.  As an argument of client_done all of it is a loan; as the
 * result of client_ask it is the caller's, who clears it.
 */
struct client_answer {
	bool is_ok;   /* a 2xx, and what it should hold was there */
	bool is_away; /* no answer came: the daemon cannot be reached */
	int status;   /* HTTP; 0: none came */
	json_t *body; /* the document, or the problem; NULL: none */
	char *next;   /* path of the list's next page; NULL: the last one */
	int64_t retry_after; /* seconds; 0: not said */
	struct fault fault;  /* why, unless is_ok; P20 when is_away.  A code
			      * that this program does not know is kept in
			      * body's "code" only */
};
void client_answer_clear(struct client_answer *a);

/* Called once, never from within client_call.  The call is gone then. */
typedef void client_done(void *ctx, const struct client_answer *a);

/*
 * Starts a request; ends with `done`.  path: "/v1/domains?limit=100", see
 * client_path.  body: a loan, NULL for none.
 */
struct client_call *client_call(struct client *c, const char *method,
    const char *path, const json_t *body, client_done *done, void *ctx);

/* The same with bytes of another kind ("application/x-ndjson"), copied, and a
 * deadline of its own. */
struct client_request {
	const char *method, *path;
	const json_t *body;       /* or: */
	struct slice bytes;       /* .p NULL: none */
	const char *content_type; /* of bytes */
	int timeout_ms;           /* 0: CLIENT_TIMEOUT_MS */
};
struct client_call *client_send(struct client *c,
    const struct client_request *request, client_done *done, void *ctx);

/*
 * Follows a stream of events (Accept: text/event-stream): on_item for each
 * one's JSON (a loan), then `done` when the stream ends, for whatever reason;
 * whoever wants more calls again with ?after= of the last one.
 */
typedef void client_item(void *ctx, const json_t *item);
struct client_call *client_follow(struct client *c, const char *path,
    client_item *on_item, client_done *done, void *ctx);

/* done is not called.  Not from within its own done. */
void client_cancel(struct client_call *call);

/* Asks and runs the loop until the answer is there.  Returns out->is_ok. */
bool client_ask(struct client *c, const struct client_request *request,
    struct client_answer *out);

/*
 * "/v1" and each part, escaped, with a slash in front; NULL ends:
 * client_path("domains", "*.example.com", "certificate", NULL).  The caller
 * frees it.
 */
char *client_path(const char *first, ...) __attribute__((sentinel));

/* Adds "?key=value" or "&key=value", escaped, to a path of client_path, which
 * moves.  A NULL or empty value adds nothing. */
void client_query(char **path, const char *key, const char *value);

#endif
