#include <stdio.h>

#include "admin-tui/cli.h"
#include "admin-tui/cli_run.h"
#include "admin-tui/words.h"
#include "base/mem.h"

/* The statuses of a domain, worst first (DESIGN.md, 4). */
static const char *const statuses[] = {
    "Action required", "Pending DNS", "Creating", "Not used", "In use"};

static long long
number(const json_t *o, const char *key)
{
	return (long long)json_int(o, key);
}

/* --- status --------------------------------------------------------------- */

static void
show_domains(struct cli *c, const json_t *by_status)
{
	for (size_t i = 0; i < COUNT_OF(statuses); i++)
		cli_field(&c->out, statuses[i], "%lld",
		    number(by_status, statuses[i]));
}

/* The faults that are there, in words: how many domains have each. */
static void
show_faults(struct cli *c, const json_t *by_code)
{
	const char *code;
	json_t *n;
	json_object_foreach((json_t *)by_code, code, n)
	{
		const struct fault_row *row =
		    fault_lookup(fault_code_parse(code));
		cli_field(&c->out, "Fault", "%s %s: %lld", code, row->title,
		    (long long)json_integer_value(n));
		if (row->action[0] != '\0') /* else of a newer daemon's */
			cli_field(&c->out, "What to do", "%s", row->action);
	}
}

static void
show_workers(struct cli *c, const json_t *w)
{
	cli_field(&c->out, "Workers", "%lld of %lld", number(w, "up"),
	    number(w, "count"));
	cli_field(&c->out, "Connections", "%lld open, %lld in all",
	    number(w, "connections_open"), number(w, "connections_total"));
	cli_field(&c->out, "Handshakes", "%lld full, %lld resumed, %lld failed",
	    number(w, "handshakes_full"), number(w, "handshakes_resumed"),
	    number(w, "handshakes_failed"));
	cli_field(&c->out, "Requests", "%lld open, %lld in all, %lld errors",
	    number(w, "requests_active"), number(w, "requests_total"),
	    number(w, "errors"));
	if (number(w, "log_lines_dropped") != 0)
		cli_field(&c->out, "Log lines lost", "%lld",
		    number(w, "log_lines_dropped"));
}

/* More than one: the former ones finish what they have since an upgrade. */
static void
show_generations(struct cli *c, const json_t *all)
{
	const json_t *g;
	size_t i;

	if (json_array_size(all) < 2)
		return;
	json_array_foreach(all, i, g)
	    cli_field(&c->out, i == 0 ? "Generations" : "",
		"%lld: %lld workers, %lld connections%s", number(g, "number"),
		number(g, "workers"), number(g, "connections"),
		i == 0 ? "" : ", draining");
}

static void
show_ca(struct cli *c, const json_t *acme)
{
	char fault[CLI_FAULT_SIZE];
	cli_field(&c->out, "CA", "%s", json_str(acme, "directory"));
	cli_field(&c->out, "Account", "%s", json_str(acme, "account"));
	cli_field(&c->out, "Terms agreed", "%s",
	    json_bool(acme, "terms_agreed") ? "yes" : "no");
	cli_field(&c->out, "Orders", "%lld under way, %lld waiting",
	    number(acme, "orders_in_flight"), number(acme, "orders_waiting"));
	if (json_obj(acme, "fault") != NULL)
		cli_field(&c->out, "CA fault", "%s",
		    cli_fault_text(json_obj(acme, "fault"), fault));
}

static void
show_status(struct cli *c, const json_t *o)
{
	char span[WORDS_SIZE];
	const json_t *store = json_obj(o, "store");
	if (json_bool(o, "test_clock"))
		cli_field(&c->out, "TEST CLOCK", "%s",
		    "the time is not real: TOWPATH_CLOCK is set");
	cli_field(&c->out, "Version", "%s on %s", json_str(o, "version"),
	    json_str(o, "node"));
	cli_field(&c->out, "Up", "%s", words_span(json_int(o, "uptime"), span));
	cli_field(&c->out, "Needs a person", "%lld", number(o, "needs_person"));
	show_domains(c, json_obj(o, "domains"));
	show_faults(c, json_obj(o, "faults"));
	show_workers(c, json_obj(o, "workers"));
	show_generations(c, json_object_get(o, "generations"));
	cli_field(
	    &c->out, "Keys", "%s", json_bool(o, "keys") ? "ready" : "away");
	show_ca(c, json_obj(o, "acme"));
	cli_field(&c->out, "Store", "%s, %lld bytes", json_str(store, "path"),
	    number(store, "bytes"));
}

/* One line, for a monitor: what a person has to do is counted, not told. */
static int
check(struct cli *c, const json_t *status)
{
	long long needs = number(status, "needs_person");
	if (needs == 0)
		cli_say(&c->out, "ok");
	else
		cli_say(&c->out,
		    "%lld domain%s need%s a person; see towpath domains "
		    "--status \"Action required\"",
		    needs, needs == 1 ? "" : "s", needs == 1 ? "s" : "");
	return needs == 0 ? CLI_DONE : CLI_REFUSED;
}

int
cli_status(struct cli *c)
{
	struct client_answer a;
	int status = cli_ask(c, "GET", client_path("status", NULL), NULL, &a);
	if (status != CLI_DONE)
		return status;
	cli_json(&c->out, a.body);
	if (args_has(&c->args, "check"))
		status = check(c, a.body);
	else
		show_status(c, a.body);
	client_answer_clear(&a);
	return status;
}

/* --- acme ----------------------------------------------------------------- */

/* Where each stands, and for how long it has been under way. */
static void
show_orders(struct cli *c, const json_t *list)
{
	char age[WORDS_SIZE];
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
	{
		cli_field(&c->out, "Order", "%s %s for %s",
		    json_str(item, "host"), json_str(item, "state"),
		    words_span(number(item, "age"), age));
	}
}

static void
show_renewals(struct cli *c, const json_t *list)
{
	char time[CLI_TIME_SIZE];
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
	{
		cli_field(&c->out, "Renewal", "%s %s", json_str(item, "host"),
		    cli_time(&c->out, json_str(item, "renews_at"), time));
	}
}

/* "new orders: 3 of 300 used in 3h, 297 left". */
static void
show_limit(struct cli *c, const json_t *limit)
{
	char time[CLI_TIME_SIZE], period[WORDS_SIZE], next[64] = "";
	const char *subject = json_str(limit, "subject");
	bool has_subject = subject[0] != '\0';

	cli_time(&c->out, json_str(limit, "next_at"), time);
	if (json_is_null(json_object_get(limit, "allowed"))) {
		cli_field(&c->out, "Limit", "%s%s%s: nothing before %s",
		    json_str(limit, "title"), has_subject ? " " : "", subject,
		    time);
		return;
	}
	if (number(limit, "left") <= 0)
		snprintf(next, sizeof(next), ", the next one at %s", time);
	cli_field(&c->out, "Limit",
	    "%s%s%s: %lld of %lld used in %s, %lld left%s",
	    json_str(limit, "title"), has_subject ? " " : "", subject,
	    number(limit, "used"), number(limit, "allowed"),
	    words_span(number(limit, "period"), period), number(limit, "left"),
	    next);
}

static void
show_budget(struct cli *c, const json_t *ca)
{
	size_t i;
	json_t *limit;

	json_array_foreach(json_obj(ca, "budget"), i, limit)
	{
		show_limit(c, limit);
	}
}

/* The second CA; NULL: there is none. */
static void
show_fallback(struct cli *c, const json_t *ca)
{
	char fault[CLI_FAULT_SIZE];

	if (ca == NULL)
		return;
	cli_field(&c->out, "Fallback", "%s", json_str(ca, "directory"));
	cli_field(&c->out, "Account", "%s", json_str(ca, "account"));
	cli_field(&c->out, "Terms agreed", "%s",
	    json_bool(ca, "terms_agreed") ? "yes" : "no");
	cli_field(&c->out, "Orders", "%lld under way",
	    number(ca, "orders_in_flight"));
	if (json_obj(ca, "fault") != NULL)
		cli_field(&c->out, "CA fault", "%s",
		    cli_fault_text(json_obj(ca, "fault"), fault));
	show_budget(c, ca);
}

static void
show_paused(struct cli *c, const json_t *list)
{
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
	{
		cli_field(&c->out, "Paused", "%s: %s", json_str(item, "host"),
		    json_str(item, "action"));
	}
}

static void
show_revoking(struct cli *c, const json_t *list)
{
	char fault[CLI_FAULT_SIZE], time[CLI_TIME_SIZE];
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
	{
		const json_t *f = json_obj(item, "fault");

		cli_field(&c->out, "Revoking", "%s since %s%s%s",
		    json_str(item, "host"),
		    cli_time(&c->out, json_str(item, "since"), time),
		    f == NULL ? "" : ": ",
		    f == NULL ? "" : cli_fault_text(f, fault));
	}
}

int
cli_acme(struct cli *c)
{
	struct client_answer a;
	const char *kind;
	json_t *n;
	int status = cli_ask(c, "GET", client_path("acme", NULL), NULL, &a);
	if (status != CLI_DONE)
		return status;
	cli_json(&c->out, a.body);
	show_ca(c, a.body);
	show_budget(c, json_array_get(json_obj(a.body, "cas"), 0));
	show_fallback(c, json_array_get(json_obj(a.body, "cas"), 1));
	show_paused(c, json_obj(a.body, "paused"));
	show_revoking(c, json_obj(a.body, "revoking"));
	json_object_foreach(json_obj(a.body, "attempts_7d"), kind, n)
	{
		cli_field(&c->out, "Last 7 days", "%lld of %s",
		    (long long)json_integer_value(n), kind);
	}
	show_orders(c, json_obj(a.body, "orders"));
	show_renewals(c, json_obj(a.body, "renewals"));
	client_answer_clear(&a);
	return CLI_DONE;
}
