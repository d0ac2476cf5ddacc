#include "router/control/api_status.h"

#include <sys/stat.h>

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/control/api_cas.h"
#include "router/control/domain_ca.h"
#include "router/control/domain_status.h"
#include "router/control/event.h"
#include "router/control/revocation.h"
#include "router/control/scheduler.h"
#include "router/control/workers.h"

#define RENEWALS_SHOWN 20
#define ORDERS_SHOWN   100

/* Adds n to a member that counts. */
static void
count(json_t *o, const char *key, int64_t n)
{
	json_put_int(o, key, json_int(o, key) + n);
}

void
api_status_tally(struct control *c, json_t *by_status, json_t *by_fault)
{
	static const char sql[] =
	    "SELECT status, fault_code, n FROM domain_tally WHERE n > 0";
	struct stmt *s = db_stmt(c->db, sql);

	for (int i = DOMAIN_PENDING_DNS; i <= DOMAIN_ACTION_REQUIRED; i++)
		json_put_int(
		    by_status, domain_status_text((enum domain_status)i), 0);
	while (stmt_step(s) == ERR_OK) {
		const char *code = stmt_get_str(s, 1);

		count(by_status, stmt_get_str(s, 0), stmt_get_int(s, 2));
		if (*code != '\0')
			count(by_fault, code, stmt_get_int(s, 2));
	}
}

static int64_t
sum(const json_t *o)
{
	int64_t n = 0;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)o, key, value)
	{
		n += json_integer_value(value);
	}
	return n;
}

static json_t *
store_json(struct control *c)
{
	json_t *o = json_object();
	struct stat st;

	json_put_str(o, "path", c->config.store.path);
	if (stat(c->config.store.path, &st) == 0)
		json_put_int(o, "bytes", (int64_t)st.st_size);
	json_put_int(o, "last_event", event_last(c->db));
	return o;
}

static json_t *
ca_json(struct control *c)
{
	struct issuer_status status = {.directory = "", .account_url = ""};
	json_t *o = json_object();

	if (c->issuer != NULL)
		issuer_status(c->issuer, &status);
	json_put_str(o, "directory", status.directory);
	json_put_str(o, "account",
	    status.account_url[0] == '\0' ? NULL : status.account_url);
	json_put_bool(o, "terms_agreed", domain_ca_agreed(c));
	json_put_int(o, "orders_in_flight", (int64_t)status.in_flight);
	json_put_int(o, "orders_waiting", (int64_t)status.waiting);
	json_put(o, "fault", json_fault(&status.fault));
	return o;
}

static json_t *
scheduler_json(struct control *c)
{
	struct scheduler_figures figures = scheduler_figures(c->scheduler);
	json_t *o = json_object();

	json_put_int(o, "find_us", figures.find_us);
	json_put_int(o, "find_worst_us", figures.find_worst_us);
	json_put_int(o, "attended", (int64_t)figures.attended);
	return o;
}

enum err
api_status(struct api_call *call, struct fault *f)
{
	struct control *c = call->control;
	json_t *o = json_object(), *domains = json_object();
	json_t *faults = json_object();
	char node[HOST_NAME_MAX + 1] = "";

	(void)f;
	api_status_tally(c, domains, faults);
	(void)gethostname(node, sizeof(node) - 1);
	if (clock_is_test())
		json_put_str(o, "TEST CLOCK",
		    "the time is not real: TOWPATH_CLOCK is set");
	json_put_bool(o, "test_clock", clock_is_test());
	json_put_str(o, "version", TOWPATH_VERSION);
	json_put_str(o, "node", node);
	json_put_time(o, "now", clock_now());
	json_put_time(o, "started_at", c->started_at);
	json_put_int(o, "uptime", clock_now() - c->started_at);
	json_put_int(o, "needs_person",
	    json_int(domains, domain_status_text(DOMAIN_ACTION_REQUIRED)));
	json_put_int(o, "problems", sum(faults));
	json_put(o, "domains", domains);
	json_put(o, "faults", faults);
	json_put(o, "workers", workers_json(c));
	json_put_int(o, "generation", child_generation(c->child));
	json_put(o, "generations", workers_generations_json(c));
	json_put(o, "acme", ca_json(c));
	json_put(o, "scheduler", scheduler_json(c));
	json_put(o, "store", store_json(c));
	json_put_bool(o, "keys", keyring_is_ready(c->keyring));
	call->answer = o;
	return ERR_OK;
}

enum err
api_faults(struct api_call *call, struct fault *f)
{
	json_t *domains = json_object(), *faults = json_object(), *n;
	const char *code;

	(void)f;
	api_status_tally(call->control, domains, faults);
	call->answer = json_array();
	json_object_foreach(faults, code, n)
	{
		const struct fault_row *row =
		    fault_lookup(fault_code_parse(code));
		json_t *o = json_object();

		json_put_str(o, "code", code);
		json_put_str(o, "text", row->title);
		json_put_str(o, "cause", row->cause);
		json_put_str(o, "action", row->action);
		json_put_int(o, "domains", json_integer_value(n));
		json_array_append_new(call->answer, o);
	}
	json_decref(domains);
	json_decref(faults);
	return ERR_OK;
}

/* Orders under way. */
static json_t *
orders_json(struct control *c)
{
	static const char sql[] =
	    "SELECT host, state, created_at, directory, needed_at"
	    " FROM acme_order WHERE ended_at IS NULL ORDER BY id LIMIT ?1";
	struct stmt *s = db_stmt(c->db, sql);
	json_t *list = json_array();

	stmt_int(s, 1, ORDERS_SHOWN);
	while (stmt_step(s) == ERR_OK) {
		json_t *o = json_object();

		json_put_slice(o, "host", stmt_get(s, 0));
		json_put_slice(o, "state", stmt_get(s, 1));
		json_put_time(o, "since", stmt_get_int(s, 2));
		json_put_int(o, "age", clock_now() - stmt_get_int(s, 2));
		json_put_slice(o, "directory", stmt_get(s, 3));
		json_put_time(o, "needed_at", stmt_get_int(s, 4));
		json_array_append_new(list, o);
	}
	return list;
}

/* Who is renewed next: of those whose next turn comes soonest. */
static json_t *
renewals_json(struct control *c)
{
	static const char sql[] =
	    "SELECT host, renew_at FROM domain WHERE renew_at IS NOT NULL"
	    " ORDER BY renew_at LIMIT ?1";
	struct stmt *s = db_stmt(c->db, sql);
	json_t *list = json_array();

	stmt_int(s, 1, RENEWALS_SHOWN);
	while (stmt_step(s) == ERR_OK) {
		json_t *o = json_object();

		json_put_slice(o, "host", stmt_get(s, 0));
		json_put_time(o, "renews_at", stmt_get_int(s, 1));
		json_array_append_new(list, o);
	}
	return list;
}

/* What was asked of the CA in the last week. */
static json_t *
attempts_json(struct control *c)
{
	static const char sql[] =
	    "SELECT kind, count(*) FROM attempt"
	    " WHERE directory = ?1 AND made_at > ?2 GROUP BY kind";
	struct stmt *s = db_stmt(c->db, sql);
	json_t *o = json_object();

	stmt_str(s, 1, c->config.acme.directory);
	stmt_int(s, 2, clock_now() - INT64_C(7) * 86400);
	while (stmt_step(s) == ERR_OK)
		json_put_int(o, stmt_get_str(s, 0), stmt_get_int(s, 1));
	return o;
}

enum err
api_acme(struct api_call *call, struct fault *f)
{
	json_t *o = ca_json(call->control);

	(void)f;
	json_put(o, "orders", orders_json(call->control));
	json_put(o, "renewals", renewals_json(call->control));
	json_put(o, "cas", api_cas_json(call->control));
	json_put(o, "paused", api_paused_json(call->control));
	json_put(o, "revoking", revocations_json(call->control));
	json_put(o, "attempts_7d", attempts_json(call->control));
	call->answer = o;
	return ERR_OK;
}
