#include "router/control/api_challenges.h"

#include <stdlib.h>
#include <string.h>

#include "acme/issuer.h"
#include "base/mem.h"
#include "router/control/api_domains.h"
#include "router/control/domain_order.h"

#define LOOK_S   0.1
#define WAIT_MAX 300 /* looks; a CA that is slower is asked about by GET */

/* --- what there is ---------------------------------------------------------
 */

static json_t *
challenge_json(struct stmt *s)
{
	json_t *o = json_object();
	const char *type = stmt_get_str(s, 0), *host = stmt_get_str(s, 1);
	char value[CHALLENGE_DIGEST_MAX + 1] = "";
	char *text;

	json_put_str(o, "type", type);
	if (strcmp(type, challenge_type_text(CHALLENGE_DNS_01)) == 0) {
		if (challenge_dns_value(stmt_get_str(s, 3), value) != ERR_OK)
			die("SHA-256 fails");
		text = xasprintf("_acme-challenge.%s", host);
		json_put_str(o, "name", text);
		json_put_str(o, "value", value);
	} else {
		text = xasprintf("http://%s/.well-known/acme-challenge/%s",
		    host, stmt_get_str(s, 2));
		json_put_str(o, "url", text);
		json_put_str(o, "body", stmt_get_str(s, 3));
	}
	free(text);
	json_put_time(o, "expires_at", stmt_get_int(s, 4));
	return o;
}

/* Those of orders under way that have the name.  A wildcard's are of the name
 * without "*.". */
static json_t *
challenges_json(struct control *c, const char *host)
{
	static const char sql[] =
	    "SELECT c.type, c.host, c.token, c.key_authorization, "
	    "coalesce(c.expires_at, 0) FROM challenge c "
	    "JOIN acme_order o ON o.id = c.order_id "
	    "WHERE c.host = ?2 AND o.ended_at IS NULL AND c.type <> ?3 "
	    "AND EXISTS (SELECT 1 FROM json_each(o.names) WHERE value = ?1) "
	    "ORDER BY c.id";
	json_t *list = json_array();
	struct stmt *s = db_stmt(c->db, sql);

	stmt_str(s, 1, host);
	stmt_str(s, 2, strncmp(host, "*.", 2) == 0 ? host + 2 : host);
	stmt_str(s, 3, challenge_type_text(CHALLENGE_TLS_ALPN_01));
	while (stmt_step(s) == ERR_OK)
		json_array_append_new(list, challenge_json(s));
	return list;
}

static enum err
host_of(struct api_call *call, char host[HOST_SIZE], struct fault *f)
{
	struct domain d;
	enum err e = api_domain(call, &d, f);

	if (e == ERR_OK)
		memcpy(host, d.host, HOST_SIZE);
	domain_unload(&d);
	return e;
}

enum err
api_challenges_list(struct api_call *call, struct fault *f)
{
	char host[HOST_SIZE];
	enum err e = host_of(call, host, f);

	if (e == ERR_OK)
		call->answer = challenges_json(call->control, host);
	return e;
}

/* --- ordering --------------------------------------------------------------
 */

/* A call that waits for the CA to say what it wants to see. */
struct waiting {
	struct api_call *call;
	char host[HOST_SIZE];
	ev_timer timer;
	int looks;
};

static void
drop(void *ctx)
{
	struct waiting *w = ctx;

	ev_timer_stop(w->call->control->loop, &w->timer);
	free(w);
}

/* Why the last order for the host ended. */
static void
read_fault(struct control *c, const char *host, struct fault *f)
{
	static const char sql[] =
	    "SELECT fault_code, fault_text FROM acme_order WHERE host = ?1 "
	    "ORDER BY id DESC LIMIT 1";
	struct stmt *s = db_stmt(c->db, sql);
	enum fault_code code = FAULT_NONE;

	stmt_str(s, 1, host);
	if (stmt_step(s) == ERR_OK) {
		code = fault_code_parse(stmt_get_str(s, 0));
		fault_set(f, code, "%s", stmt_get_str(s, 1));
		stmt_done(s);
	}
	if (code == FAULT_NONE)
		fault_set(f, FAULT_A22_ORDER_INVALID, NULL);
}

static void
on_look(struct ev_loop *loop, ev_timer *t, int revents)
{
	struct waiting *w = container_of(t, struct waiting, timer);
	struct api_call *call = w->call;
	struct control *c = call->control;
	json_t *list = challenges_json(c, w->host);
	bool is_open = issuer_has_order(c->issuer, w->host);
	struct fault f = {0};

	(void)revents;
	if (json_array_size(list) == 0 && is_open && ++w->looks < WAIT_MAX) {
		json_decref(list);
		return;
	}
	ev_timer_stop(loop, &w->timer);
	call->drop = NULL;
	if (json_array_size(list) == 0 && !is_open) {
		json_decref(list);
		read_fault(c, w->host, &f);
		free(w);
		api_refuse(call, &f);
		return;
	}
	free(w);
	call->answer = list;
	call->status = 202;
	api_finish(call);
}

static void
wait_for_challenges(struct api_call *call, const char *host)
{
	struct waiting *w = xcalloc(1, sizeof(*w));

	w->call = call;
	memcpy(w->host, host, sizeof(w->host));
	call->drop = drop;
	call->drop_ctx = w;
	ev_timer_init(&w->timer, on_look, 0., LOOK_S);
	ev_timer_start(call->control->loop, &w->timer);
}

static enum err
read_type(const struct api_call *call, const char *host,
    enum challenge_type *out, struct fault *f)
{
	const char *text = "";
	enum err e = json_get_str(call->body, "type", JSON_OPTIONAL, &text, f);

	*out =
	    strncmp(host, "*.", 2) == 0 ? CHALLENGE_DNS_01 : CHALLENGE_HTTP_01;
	if (e != ERR_OK || text[0] == '\0')
		return e;
	if (challenge_type_read(text, out) && *out != CHALLENGE_TLS_ALPN_01)
		return ERR_OK;
	fault_set(f, FAULT_P11_FIELD_INVALID,
	    "type is http-01 or dns-01, not \"%s\"", text);
	return ERR_SYNTAX;
}

static enum err
tell(struct api_call *call, const char *host, struct fault *f)
{
	enum challenge_type type;
	enum err e = read_type(call, host, &type, f);

	if (e != ERR_OK)
		return e;
	if (!issuer_tell(call->control->issuer, host, type)) {
		fault_set(f, FAULT_N31_NO_CHALLENGE,
		    "No challenge of %s waits to be served", host);
		return ERR_NOT_FOUND;
	}
	call->answer = challenges_json(call->control, host);
	call->status = 202;
	api_finish(call);
	return ERR_OK;
}

enum err
api_challenges_add(struct api_call *call, struct fault *f)
{
	struct control *c = call->control;
	char host[HOST_SIZE];
	bool is_done = false;
	enum err e = host_of(call, host, f);

	if (e == ERR_OK)
		e = json_get_bool(
		    call->body, "done", JSON_OPTIONAL, &is_done, f);
	if (e == ERR_OK && is_done)
		return tell(call, host, f);
	if (e == ERR_OK && !issuer_has_order(c->issuer, host))
		e = domain_order_elsewhere(c, host, &call->retry_at, f);
	if (e == ERR_OK)
		wait_for_challenges(call, host);
	return e;
}
