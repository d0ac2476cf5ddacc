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
		cli_field(&c->out, "Fault", "%s %s: %lld", code,
		    row != NULL ? row->title : "",
		    (long long)json_integer_value(n));
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

static void
show_list(struct cli *c, const char *label, const json_t *list,
    const char *time_key, const char *state_key)
{
	char time[CLI_TIME_SIZE];
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item)
	{
		const char *state = json_str(item, state_key);
		cli_field(&c->out, label, "%s %s%s%s", json_str(item, "host"),
		    cli_time(&c->out, json_str(item, time_key), time),
		    state[0] != '\0' ? " " : "", state);
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
	show_fallback(c, json_array_get(json_obj(a.body, "cas"), 1));
	show_paused(c, json_obj(a.body, "paused"));
	json_object_foreach(json_obj(a.body, "attempts_7d"), kind, n)
	{
		cli_field(&c->out, "Last 7 days", "%lld of %s",
		    (long long)json_integer_value(n), kind);
	}
	show_list(c, "Order", json_obj(a.body, "orders"), "since", "state");
	show_list(c, "Renewal", json_obj(a.body, "renewals"), "renews_at", "");
	client_answer_clear(&a);
	return CLI_DONE;
}
