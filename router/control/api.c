#include "router/control/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "router/control/api_problem.h"
#include "router/control/repeats.h"

static void
call_free(struct api_call *call)
{
	list_remove(&call->link);
	json_decref(call->body);
	json_decref(call->answer);
	free(call->next);
	free(call);
}

static void
send_text(struct api_call *call, int status, const char *type,
    const char *extra, struct slice text)
{
	struct http_reply r = {
	    .status = status, .type = type, .extra = extra, .body = text};

	if (text.n == 0)
		r.type = NULL;
	http_answer(call->x, &r);
	call->x = NULL;
}

void
api_finish(struct api_call *call)
{
	char *extra = NULL;
	struct buf text;

	if (call->x != NULL) {
		buf_init(&text, HTTP_UNSENT_MAX);
		if (call->answer != NULL)
			(void)json_add(&text, call->answer);
		if (call->next != NULL)
			extra = xasprintf(
			    "Link: <%s>; rel=\"next\"\r\n", call->next);
		repeats_keep(call, buf_slice(&text));
		send_text(call, call->status, "application/json", extra,
		    buf_slice(&text));
		buf_wipe(&text); /* an exported key */
		free(extra);
	}
	call_free(call);
}

void
api_finish_text(struct api_call *call, const char *type, struct slice text)
{
	if (call->x != NULL)
		send_text(call, 200, type, NULL, text);
	call_free(call);
}

static void
refuse(struct api_call *call, const struct fault *f, const char *extra)
{
	struct buf text;

	if (call->x != NULL) {
		buf_init(&text, API_BODY_MAX);
		api_problem_write(f, &text);
		send_text(call, api_problem_status(f), API_PROBLEM_TYPE, extra,
		    buf_slice(&text));
		buf_clear(&text);
	}
	call_free(call);
}

/* The names that the call was about, into the commands that it is told. */
static void
name_names(const struct api_call *call, struct fault *f)
{
	const char *pattern = call->route == NULL ? "" : call->route->pattern;

	fault_name(f, "HOST",
	    strstr(pattern, "{host}") != NULL ? call->params[0]
					      : json_str(call->body, "host"));
	fault_name(f, "APP",
	    strstr(pattern, "{app}") != NULL ? call->params[0]
					     : json_str(call->body, "app"));
}

void
api_refuse(struct api_call *call, const struct fault *f)
{
	int status = api_problem_status(f);
	int64_t wait = call->retry_at - clock_now();
	struct fault named = *f;
	char extra[48] = "";

	name_names(call, &named);
	if (status == 429 || status == 503)
		(void)snprintf(extra, sizeof(extra), "Retry-After: %lld\r\n",
		    (long long)(wait < 1 ? 1 : wait));
	refuse(call, &named, extra[0] == '\0' ? NULL : extra);
}

void
api_calls_free(struct control *c)
{
	const struct http_reply away = {.status = 503};

	LIST_FOREACH_SAFE(it, &c->calls) {
		struct api_call *call = container_of(it, struct api_call, link);

		if (call->drop != NULL)
			call->drop(call->drop_ctx);
		if (call->x != NULL)
			http_answer(call->x, &away); /* nobody is there */
		call_free(call);
	}
}

static enum err
read_body(struct api_call *call, struct fault *f)
{
	struct slice body = http_body(call->x);
	enum err e;

	if (call->route->kind == API_READS || call->route->kind == API_LINES ||
	    body.n == 0) {
		call->body = json_object();
		return ERR_OK;
	}
	e = json_parse(body, &call->body, f);
	if (e == ERR_OK && !json_is_object(call->body)) {
		fault_set(f, FAULT_P11_FIELD_INVALID,
		    "The request's body is not a JSON object");
		e = ERR_SYNTAX;
	}
	return e;
}

static enum err
run_change(struct api_call *call, api_handler *handler, struct fault *f)
{
	struct control *c = call->control;
	enum err e = change_begin(c, f);

	if (e == ERR_OK)
		e = handler(call, f);
	if (e == ERR_OK)
		e = change_commit(c, f);
	if (e != ERR_OK)
		change_abort(c);
	return e;
}

/* A handler is done: the call ends, now or by what it left to be called. */
static void
conclude(struct api_call *call, enum err e, struct fault *f)
{
	if (e != ERR_OK) {
		if (!fault_is_set(f))
			(void)api_store_away(f);
		api_refuse(call, f);
	} else if (call->then != NULL) {
		call->then(call);
	} else {
		api_finish(call);
	}
}

void
api_run_change(struct api_call *call, api_handler *handler)
{
	struct fault f = {0};
	enum err e = run_change(call, handler, &f);

	conclude(call, e, &f);
}

/* Runs the route's handler. */
static void
run(struct api_call *call)
{
	api_handler *handler = call->route->handler;
	bool is_own =
	    call->route->kind == API_OWN || call->route->kind == API_LINES;
	struct fault f = {0};
	enum err e;

	if (call->route->kind == API_CHANGES) {
		api_run_change(call, handler);
		return;
	}
	/* one that defers the call may have ended it when it returns */
	e = handler(call, &f);
	if (e != ERR_OK || !is_own)
		conclude(call, e, &f);
}

static void
dispatch(struct api_call *call)
{
	char allow[API_ALLOW_SIZE] = "";
	struct fault f = {0};
	enum err e;

	e = api_route_find(
	    call, http_method(call->x), http_path(call->x), allow, &f);
	if (e != ERR_OK) {
		char *extra = xasprintf("Allow: %s\r\n", allow);

		refuse(call, &f, allow[0] == '\0' ? NULL : extra);
		free(extra);
		return;
	}
	if (repeats_answer(call)) {
		call_free(call);
		return;
	}
	e = read_body(call, &f);
	if (e != ERR_OK)
		api_refuse(call, &f);
	else
		run(call);
}

static void
on_request(void *ctx, struct http_exchange *x)
{
	struct api_call *call = xcalloc(1, sizeof(*call));

	call->control = ctx;
	list_append(&call->control->calls, &call->link);
	call->x = x;
	call->status = 200;
	(void)snprintf(
	    call->by, sizeof(call->by), "uid %u", (unsigned)http_peer(x)->uid);
	dispatch(call);
}

static size_t
body_max(void *ctx, struct slice path)
{
	(void)ctx;
	return slice_eq(path, SLICE("/v1/import")) ? API_IMPORT_MAX
						   : API_BODY_MAX;
}

const struct http_server_ops api_http_ops = {on_request, body_max};

enum err
api_query(const struct api_call *call, const char *name, char *out, size_t size,
    struct fault *f)
{
	enum err e = url_query(http_query(call->x), name, out, size);

	if (e == ERR_OK || e == ERR_NOT_FOUND)
		return ERR_OK;
	fault_set(f, FAULT_P11_FIELD_INVALID,
	    "The parameter \"%s\" cannot be read", name);
	return e;
}

bool
api_query_is(const struct api_call *call, const char *name)
{
	char value[16];

	return url_query(http_query(call->x), name, value, sizeof(value)) ==
		   ERR_OK &&
	       strcmp(value, "0") != 0 && strcmp(value, "false") != 0;
}

bool
api_wants_stream(const struct api_call *call)
{
	struct slice accept = http_field(call->x, SLICE("Accept")), one;

	while (slice_cut(&accept, ',', &one))
		if (slice_starts_with(
			slice_trim(one), SLICE("text/event-stream")))
			return true;
	return false;
}

enum err
api_page_read(
    const struct api_call *call, struct api_page *out, struct fault *f)
{
	char limit[32];
	uint64_t n = API_LIMIT;
	enum err e;

	*out = (struct api_page){0};
	e = api_query(call, "after", out->after, sizeof(out->after), f);
	if (e == ERR_OK)
		e = api_query(call, "limit", limit, sizeof(limit), f);
	if (e != ERR_OK)
		return e;
	if (limit[0] != '\0' &&
	    (slice_to_u64(slice_str(limit), &n) != ERR_OK || n == 0)) {
		fault_set(f, FAULT_P11_FIELD_INVALID,
		    "The parameter \"limit\" is a number from 1 to %d",
		    API_LIMIT_MAX);
		return ERR_SYNTAX;
	}
	out->limit = n > API_LIMIT_MAX ? API_LIMIT_MAX : (int)n;
	return ERR_OK;
}

void
api_page_next(struct api_call *call, const char *after)
{
	struct slice query = http_query(call->x), pair, left, key;
	struct buf b;

	buf_init(&b, 16384);
	(void)buf_add(&b, http_path(call->x));
	(void)buf_add_char(&b, '?');
	while (slice_cut(&query, '&', &pair)) {
		left = pair;
		slice_cut(&left, '=', &key);
		if (pair.n == 0 || slice_eq(key, SLICE("after")))
			continue;
		(void)buf_add(&b, pair);
		(void)buf_add_char(&b, '&');
	}
	(void)buf_add_str(&b, "after=");
	url_encode(&b, slice_str(after));
	free(call->next);
	call->next = buf_take(&b);
}

enum err
api_host(
    const struct api_call *call, size_t i, char out[HOST_SIZE], struct fault *f)
{
	return host_normalise(slice_str(call->params[i]), out, f);
}

enum err
api_store_away(struct fault *f)
{
	fault_set(f, FAULT_S19_STORE_AWAY, NULL);
	return ERR_AGAIN;
}
