#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "router/control/api_logs.h"
#include "router/control/ask.h"
#include "router/control/caa_look.h"
#include "router/control/domain_check.h"
#include "router/control/explain.h"
#include "router/control/log_lines.h"

/* A question to all workers: one of them had the request. */
struct explaining {
	struct api_call *call;
	char id[API_PARAM_SIZE];
	json_t *found; /* NULL: not yet */
};

static void
drop(void *ctx)
{
	struct explaining *x = ctx;

	json_decref(x->found);
	free(x);
}

/* --- in words --------------------------------------------------------------
 */

static void say(json_t *why, const char *fmt, ...) PRINTF(2, 3);

static void
say(json_t *why, const char *fmt, ...)
{
	struct buf b;
	va_list ap;

	buf_init(&b, 4096);
	va_start(ap, fmt);
	(void)buf_vprintf(&b, fmt, ap);
	va_end(ap);
	json_array_append_new(
	    why, json_stringn_nocheck(buf_slice(&b).p, b.len));
	buf_clear(&b);
}

/* Which certificate that was: its number in the store says whose. */
static void
say_certificate(struct control *c, json_t *why, const json_t *o)
{
	static const char sql[] =
	    "SELECT host, number, slot FROM installation"
	    " WHERE certificate_id = ?1 ORDER BY id DESC LIMIT 1";
	struct stmt *s = db_stmt(c->db, sql);
	const char *sni = json_str(o, "sni");
	int64_t id = json_int(o, "certificate_id");

	if (sni[0] == '\0') {
		say(why, "It came without TLS");
		return;
	}
	stmt_int(s, 1, id);
	if (id == 0)
		say(why,
		    "The connection was for %s; its TLS session was resumed, "
		    "or "
		    "had the placeholder certificate",
		    sni);
	else if (stmt_step(s) == ERR_OK)
		say(why,
		    "The connection was for %s and got the %s certificate "
		    "%lld of %s",
		    sni, stmt_get_str(s, 2), (long long)stmt_get_int(s, 1),
		    stmt_get_str(s, 0));
	else
		say(why, "The connection was for %s", sni);
	stmt_done(s);
}

static void
say_route(json_t *why, const json_t *request, const char *rule)
{
	const char *host = json_str(request, "host");
	const char *app = json_str(request, "app");

	if (app[0] != '\0')
		say(why, "%s belongs to the app %s", host, app);
	else if (host[0] != '\0' && rule[0] == '\0')
		say(why, "No app was found for %s", host);
	if (rule[0] != '\0')
		say(why, "The rule %s answered, and no backend was asked",
		    rule);
}

static void
say_tries(json_t *why, const json_t *tries)
{
	size_t i;
	json_t *t;

	json_array_foreach((json_t *)tries, i, t)
	{
		const char *code = json_str(t, "code");
		long long ms = (long long)json_int(t, "ms");

		if (code[0] == '\0')
			say(why, "%s answered within %lld ms",
			    json_str(t, "backend"), ms);
		else
			say(why, "%s failed after %lld ms: %s",
			    json_str(t, "backend"), ms, code);
	}
}

static void
say_end(json_t *why, const json_t *request)
{
	const char *code = json_str(request, "code");
	const char *cause = json_str(request, "cause");

	if (code[0] == '\0')
		say(why, "The visitor got status %lld",
		    (long long)json_int(request, "status"));
	else
		say(why, "It ended as %s, %s, with status %lld%s%s", code,
		    json_str(request, "desc"),
		    (long long)json_int(request, "status"),
		    cause[0] == '\0' ? "" : ": ", cause);
}

static json_t *
in_words(struct control *c, const json_t *o)
{
	const json_t *request = json_obj(o, "request");
	json_t *why = json_array();

	say_certificate(c, why, o);
	say_route(why, request, json_str(o, "rule"));
	say_tries(why, json_obj(o, "tries"));
	say_end(why, request);
	return why;
}

/* --- reading ---------------------------------------------------------------
 */

static json_t *
read_tries(struct wire *w)
{
	json_t *tries = json_array();
	uint32_t n = wire_u32(w);

	for (uint32_t i = 0; i < n && !w->bad; i++) {
		json_t *t = json_object();
		char code[8];

		json_put_slice(t, "backend", wire_bytes(w));
		wire_str(w, code, sizeof(code));
		json_put_str(t, "code", code[0] == '\0' ? NULL : code);
		json_put_int(t, "ms", wire_u32(w));
		json_array_append_new(tries, t);
	}
	return tries;
}

static enum err
on_answer(void *ctx, uint32_t seat, struct slice body)
{
	struct explaining *x = ctx;
	struct wire w = wire_open(body);
	json_t *o;

	(void)seat;
	if (wire_u8(&w) == 0 || x->found != NULL)
		return w.bad ? ERR_SYNTAX : ERR_OK;
	o = json_object();
	(void)wire_i64(&w);
	json_put(o, "request", log_line_json(wire_bytes(&w)));
	json_put_slice(o, "sni", wire_bytes(&w));
	json_put_int(o, "certificate_id", wire_i64(&w));
	json_put_slice(o, "rule", wire_bytes(&w));
	json_put(o, "tries", read_tries(&w));
	x->found = o;
	return wire_end(&w);
}

static void
on_done(void *ctx)
{
	struct explaining *x = ctx;
	struct api_call *call = x->call;
	struct fault f = {0};

	call->drop = NULL;
	if (x->found == NULL) {
		fault_set(&f, FAULT_P22_NO_SUCH_REQUEST,
		    "No worker remembers a request %s", x->id);
		api_refuse(call, &f);
	} else {
		json_put(x->found, "why", in_words(call->control, x->found));
		call->answer = x->found;
		x->found = NULL;
		api_finish(call);
	}
	drop(x);
}

/* --- a host ---------------------------------------------------------------
 */

static void
on_seen(void *ctx, const struct diagnosis *d)
{
	struct api_call *call = ctx;

	call->answer = explain_stranger(call->control, d);
	api_finish(call);
}

/* Of a domain is told what is known; CAA alone is asked for. */
struct telling {
	struct api_call *call;
	struct caa_look *look;
	char host[HOST_SIZE];
};

static void
drop_telling(void *ctx)
{
	struct telling *t = ctx;

	caa_look_cancel(t->look);
	free(t);
}

static void
on_caa(void *ctx, json_t *answer)
{
	struct telling *t = ctx;
	struct api_call *call = t->call;
	struct fault f = {0};
	struct domain d;

	call->drop = NULL;
	if (domain_load(call->control, t->host, &d, &f) == ERR_OK) {
		call->answer = explain_domain(call->control, &d, answer);
		api_finish(call);
	} else { /* removed meanwhile */
		json_decref(answer);
		api_refuse(call, &f);
	}
	domain_unload(&d);
	free(t);
}

static void
tell_domain(struct api_call *call, const char *host)
{
	struct telling *t = xcalloc(1, sizeof(*t));

	t->call = call;
	(void)snprintf(t->host, sizeof(t->host), "%s", host);
	call->drop = drop_telling;
	call->drop_ctx = t;
	t->look = caa_look_start(call->control, host, on_caa, t);
}

/* What is known of a domain; of another host, what DNS shows now. */
static enum err
explain_host(struct api_call *call, struct fault *f)
{
	struct domain d;
	char host[HOST_SIZE];
	enum err e = api_host(call, 0, host, f);

	if (e != ERR_OK)
		return e;
	e = domain_load(call->control, host, &d, f);
	if (e == ERR_NOT_FOUND)
		return checks_ask(call->control, host, on_seen, call, f);
	domain_unload(&d);
	if (e == ERR_OK)
		tell_domain(call, host);
	return e;
}

/* --- a request ------------------------------------------------------------
 */

static enum err
explain_request(struct api_call *call)
{
	struct explaining *x = xcalloc(1, sizeof(*x));
	struct ask ask = {.type = MSG_EXPLAIN,
	    .seat = ASK_ALL,
	    .on_answer = on_answer,
	    .on_done = on_done,
	    .ctx = x};
	struct buf body;

	x->call = call;
	(void)snprintf(x->id, sizeof(x->id), "%s", call->params[0]);
	call->drop = drop;
	call->drop_ctx = x;
	buf_init(&body, API_PARAM_SIZE + 8);
	wire_put_str(&body, x->id);
	ask.body = buf_slice(&body);
	ask_workers(call->control, &ask);
	buf_clear(&body);
	return ERR_OK;
}

/* No request id has a dot, and every host has. */
enum err
api_explain(struct api_call *call, struct fault *f)
{
	const char *what = call->params[0];

	if (strchr(what, '.') != NULL)
		return explain_host(call, f);
	return explain_request(call);
}
