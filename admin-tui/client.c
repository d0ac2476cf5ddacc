#include "admin-tui/client.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin-tui/sse.h"
#include "admin-tui/tunnel.h"
#include "base/fetch.h"
#include "base/list.h"
#include "base/mem.h"

#define CONNECT_TIMEOUT_MS 10000
#define PROBLEM_MAX        (16 * 1024)

struct client {
	struct ev_loop *loop;
	struct fetch *fetch;
	struct tunnel *tunnel; /* NULL: no ssh */
	char *socket;          /* NULL: over HTTPS */
	char *base;            /* "http://localhost" or "https://HOST" */
	char *where;
	char *token; /* NULL: none */
	bool is_read_only;
	struct list calls;
};

struct client_call {
	struct client *client;
	struct list link;
	struct fetch_call *fetch;
	ev_timer refusal; /* answers a call that is not sent */
	client_done *done;
	client_item *on_item; /* NULL: not a stream */
	void *ctx;
	struct sse sse;
	struct buf problem; /* a stream's first bytes: if it was refused, they
			     * are the problem document */
	bool is_lost;       /* the stream broke its own rules */
};

/* --- life ---------------------------------------------------------------- */

static enum err
set_server(struct client *c, const char *server, struct fault *f)
{
	struct slice s = slice_str(server);
	c->where = xstrdup(server);
	if (slice_starts_with(s, SLICE("https://"))) {
		if (s.p[s.n - 1] == '/')
			s.n--;
		c->base = xstrdup_slice(s);
		if (c->token != NULL)
			return ERR_OK;
		fault_set(
		    f, FAULT_P18_USAGE, "the API at %s wants a token", server);
		fault_action(f, "Put one into TOWPATH_TOKEN");
		return ERR_SYNTAX;
	}
	if (slice_starts_with(s, SLICE("ssh://"))) {
		enum err e = tunnel_open(server, CLIENT_SOCKET, &c->tunnel, f);
		if (e != ERR_OK)
			return e;
		s = slice_str(tunnel_socket(c->tunnel));
	}
	if (slice_starts_with(s, SLICE("unix:")))
		s = slice_from(s, 5);
	if (s.n == 0 || memchr(s.p, '/', s.n) == NULL) {
		fault_set(f, FAULT_P18_USAGE, "no server: %s", server);
		fault_action(
		    f, "Give a socket's path, https://HOST or ssh://HOST");
		return ERR_SYNTAX;
	}
	c->socket = xstrdup_slice(s);
	c->base = xstrdup("http://localhost");
	return ERR_OK;
}

enum err
client_new(struct ev_loop *loop, const struct client_options *options,
    struct client **out, struct fault *f)
{
	struct client *c = xcalloc(1, sizeof(*c));
	const char *server = options->server;
	const char *token = options->token;
	if (server == NULL)
		server = getenv("TOWPATH_SOCKET");
	if (server == NULL || server[0] == '\0')
		server = CLIENT_SOCKET;
	if (token == NULL)
		token = getenv("TOWPATH_TOKEN");
	c->loop = loop;
	c->token = xstrdup(token);
	c->is_read_only = options->read_only;
	list_init(&c->calls);
	enum err e = set_server(c, server, f);
	if (e != ERR_OK) {
		client_free(c);
		return e;
	}
	c->fetch = fetch_new(
	    loop, &(struct fetch_options){"towpath/" TOWPATH_VERSION, NULL});
	*out = c;
	return ERR_OK;
}

static void
call_free(struct client_call *call)
{
	list_remove(&call->link);
	ev_timer_stop(call->client->loop, &call->refusal);
	sse_clear(&call->sse);
	buf_clear(&call->problem);
	free(call);
}

void
client_free(struct client *c)
{
	if (c == NULL)
		return;
	LIST_FOREACH_SAFE(it, &c->calls)
		client_cancel(container_of(it, struct client_call, link));
	if (c->fetch != NULL)
		fetch_free(c->fetch);
	tunnel_close(c->tunnel);
	free(c->socket);
	free(c->base);
	free(c->where);
	if (c->token != NULL)
		secret_free(c->token, strlen(c->token));
	free(c);
}

const char *
client_where(const struct client *c)
{
	return c->where;
}

bool
client_is_read_only(const struct client *c)
{
	return c->is_read_only;
}

/* --- answers -------------------------------------------------------------- */

void
client_answer_clear(struct client_answer *a)
{
	json_decref(a->body);
	free(a->next);
	*a = (struct client_answer){0};
}

/*
 * What stands in the way of a socket, which curl does not tell: it only says
 * that it could not connect.
 */
static void
say_why_away(const struct client *c, const struct fault *from, struct fault *f)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	fault_set(f, FAULT_P20_DAEMON_AWAY, "%s: %s", c->where,
	    from->text[0] != '\0' ? from->text : "no answer");
	if (c->socket == NULL || slice_to_str(slice_str(c->socket), un.sun_path,
				     sizeof(un.sun_path)) != ERR_OK)
		return;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) != 0)
		fault_set(f, FAULT_P20_DAEMON_AWAY, "%s: %s", c->where,
		    strerror(errno));
	close(fd);
}

/* The target of a Link header's rel="next" (RFC 8288), as our API writes it:
 * <PATH>; rel="next". */
static char *
next_page(const struct fetch_response *r)
{
	struct slice link = slice_str(r->header(r, "Link"));
	if (link.n == 0 || link.p[0] != '<')
		return NULL;
	struct slice target = slice_from(link, 1);
	size_t end = slice_find(target, '>');
	struct slice rest = slice_from(target, end);
	if (memmem(rest.p, rest.n, "rel=\"next\"", 10) == NULL)
		return NULL;
	target.n = end;
	/* Only a path: a page never leads to another server. */
	return target.n > 0 && target.p[0] == '/' ? xstrdup_slice(target)
						  : NULL;
}

static void
read_answer(
    const struct fetch_response *r, struct slice body, struct client_answer *a)
{
	struct fault broken = {0};
	uint64_t seconds;
	struct slice wait = slice_str(r->header(r, "Retry-After"));
	a->status = r->status;
	a->next = next_page(r);
	if (wait.n > 0 && slice_to_u64(wait, &seconds) == ERR_OK)
		a->retry_after = (int64_t)seconds;
	a->is_ok = r->status >= 200 && r->status < 300;
	if (body.n > 0 && json_parse(body, &a->body, &broken) != ERR_OK &&
	    a->is_ok) {
		a->is_ok = false;
		fault_set(&a->fault, FAULT_S25_INTERNAL,
		    "the daemon's answer is not JSON: %s", broken.text);
	}
	if (a->is_ok || fault_is_set(&a->fault))
		return;
	if (json_is_object(a->body))
		json_to_fault(a->body, &a->fault);
	if (a->fault.text[0] == '\0')
		fault_set(&a->fault, FAULT_S25_INTERNAL,
		    "the daemon answered with status %d", r->status);
}

static void
on_fetched(void *ctx, enum err e, const struct fetch_response *r,
    const struct fault *f)
{
	struct client_call *call = ctx;
	struct client_answer a = {0};
	if (e == ERR_TOO_BIG) {
		fault_set(&a.fault, FAULT_S20_LIMIT_REACHED,
		    "the daemon's answer is too long");
	} else if (e != ERR_OK || r->status == 0) {
		a.is_away = true;
		say_why_away(call->client, f, &a.fault);
	} else if (call->on_item != NULL && r->status >= 300) {
		read_answer(r, buf_slice(&call->problem), &a);
	} else {
		read_answer(r, r->body, &a);
	}
	client_done *done = call->done;
	void *done_ctx = call->ctx;
	call_free(call);
	done(done_ctx, &a);
	client_answer_clear(&a);
}

/* --- calls ---------------------------------------------------------------- */

static void
on_refused(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop, (void)events;
	struct client_call *call = container_of(w, struct client_call, refusal);
	struct client_answer a = {0};
	fault_set(&a.fault, FAULT_P15_NOT_PERMITTED,
	    "--read-only refuses what would change something");
	fault_action(&a.fault, "Repeat without --read-only");
	client_done *done = call->done;
	void *ctx = call->ctx;
	call_free(call);
	done(ctx, &a);
}

static struct client_call *
call_new(struct client *c, client_done *done, void *ctx)
{
	struct client_call *call = xcalloc(1, sizeof(*call));
	call->client = c;
	call->done = done;
	call->ctx = ctx;
	sse_init(&call->sse);
	buf_init(&call->problem, PROBLEM_MAX);
	ev_timer_init(&call->refusal, on_refused, 0., 0.);
	list_append(&c->calls, &call->link);
	return call;
}

static void
call_start(struct client_call *call, const struct client_request *request,
    const char *accept, fetch_data *on_data)
{
	struct client *c = call->client;
	char *url = xasprintf("%s%s", c->base, request->path);
	char *text = request->body != NULL ? json_text(request->body) : NULL;
	char *type = xasprintf("Content-Type: %s",
	    text != NULL ? "application/json" : request->content_type);
	char *token = c->token == NULL || c->socket != NULL
			  ? NULL
			  : xasprintf("Authorization: Bearer %s", c->token);
	const char *headers[4] = {accept};
	size_t n = 1;
	if (text != NULL || request->bytes.p != NULL)
		headers[n++] = type;
	if (token != NULL)
		headers[n++] = token;
	struct fetch_request fr = {
	    .method = request->method,
	    .url = url,
	    .headers = headers,
	    .body = text != NULL ? slice_str(text) : request->bytes,
	    .unix_socket = c->socket,
	    .timeout_ms = request->timeout_ms,
	    .connect_timeout_ms = CONNECT_TIMEOUT_MS,
	    .body_max = CLIENT_BODY_MAX,
	    .done = on_fetched,
	    .data = on_data,
	    .ctx = call,
	};
	call->fetch = fetch_start(c->fetch, &fr);
	/* A body may carry a private key. */
	if (text != NULL)
		secret_free(text, strlen(text));
	if (token != NULL)
		secret_free(token, strlen(token));
	free(type);
	free(url);
}

struct client_call *
client_send(struct client *c, const struct client_request *request,
    client_done *done, void *ctx)
{
	struct client_call *call = call_new(c, done, ctx);
	struct client_request r = *request;
	if (r.timeout_ms == 0)
		r.timeout_ms = CLIENT_TIMEOUT_MS;
	if (c->is_read_only && strcmp(r.method, "GET") != 0)
		ev_timer_start(c->loop, &call->refusal);
	else
		call_start(call, &r, "Accept: application/json", NULL);
	return call;
}

struct client_call *
client_call(struct client *c, const char *method, const char *path,
    const json_t *body, client_done *done, void *ctx)
{
	return client_send(c,
	    &(struct client_request){
		.method = method, .path = path, .body = body},
	    done, ctx);
}

static void
on_sse_event(void *ctx, struct slice data)
{
	struct client_call *call = ctx;
	json_t *item;
	struct fault f;
	if (json_parse(data, &item, &f) != ERR_OK)
		return;
	call->on_item(call->ctx, item);
	json_decref(item);
}

static void
on_stream_data(void *ctx, struct slice piece)
{
	struct client_call *call = ctx;
	buf_add(&call->problem, piece);
	if (!call->is_lost &&
	    sse_feed(&call->sse, piece, on_sse_event, call) != ERR_OK)
		call->is_lost = true;
}

struct client_call *
client_follow(struct client *c, const char *path, client_item *on_item,
    client_done *done, void *ctx)
{
	struct client_call *call = call_new(c, done, ctx);
	call->on_item = on_item;
	call_start(call,
	    &(struct client_request){.method = "GET", .path = path},
	    "Accept: text/event-stream", on_stream_data);
	return call;
}

void
client_cancel(struct client_call *call)
{
	if (call->fetch != NULL)
		fetch_cancel(call->fetch);
	call_free(call);
}

/* --- one at a time -------------------------------------------------------- */

struct asking {
	struct client_answer *out;
	struct ev_loop *loop;
	bool is_done;
};

static void
on_asked(void *ctx, const struct client_answer *a)
{
	struct asking *asking = ctx;
	*asking->out = *a;
	json_incref(asking->out->body);
	asking->out->next = xstrdup(a->next);
	asking->is_done = true;
	ev_break(asking->loop, EVBREAK_ONE);
}

bool
client_ask(struct client *c, const struct client_request *request,
    struct client_answer *out)
{
	struct asking asking = {out, c->loop, false};
	client_send(c, request, on_asked, &asking);
	while (!asking.is_done)
		ev_run(c->loop, 0);
	return out->is_ok;
}

/* --- paths ---------------------------------------------------------------- */

/* RFC 3986: what a path's segment and a query's value hold as it is. */
static void
add_escaped(struct buf *b, const char *s)
{
	/* "." and ".." are steps in a path, not names. */
	bool is_step = strcmp(s, ".") == 0 || strcmp(s, "..") == 0;
	for (; *s != '\0'; s++) {
		unsigned char byte = (unsigned char)*s;
		bool is_plain = (byte >= '0' && byte <= '9') ||
				(byte >= 'a' && byte <= 'z') ||
				(byte >= 'A' && byte <= 'Z') ||
				strchr("-._~*", byte) != NULL;
		if (is_plain && !is_step)
			buf_add_char(b, *s);
		else
			buf_printf(b, "%%%02X", byte);
	}
}

char *
client_path(const char *first, ...)
{
	struct buf b;
	va_list parts;
	buf_init(&b, 64 * 1024);
	buf_add_str(&b, "/v1");
	va_start(parts, first);
	for (const char *s = first; s != NULL;
	     s = va_arg(parts, const char *)) {
		buf_add_char(&b, '/');
		add_escaped(&b, s);
	}
	va_end(parts);
	return buf_take(&b);
}

void
client_query(char **path, const char *key, const char *value)
{
	struct buf b;
	if (value == NULL || value[0] == '\0')
		return;
	buf_init(&b, 64 * 1024);
	buf_add_str(&b, *path);
	buf_add_char(&b, strchr(*path, '?') == NULL ? '?' : '&');
	add_escaped(&b, key);
	buf_add_char(&b, '=');
	add_escaped(&b, value);
	free(*path);
	*path = buf_take(&b);
}
