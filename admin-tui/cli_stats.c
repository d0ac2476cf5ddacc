#include <stdio.h>

#include "admin-tui/cli.h"
#include "admin-tui/cli_run.h"
#include "base/mem.h"

static double
real(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static long long
number(const json_t *o, const char *key)
{
	return (long long)json_int(o, key);
}

/* Seconds as people say them: "18 ms", "2.5 s". */
#define DURATION_SIZE 32
static char *
duration(const json_t *o, const char *key, char out[DURATION_SIZE])
{
	double s = real(o, key);
	if (s >= 1)
		snprintf(out, DURATION_SIZE, "%.1f s", s);
	else
		snprintf(
		    out, DURATION_SIZE, "%.*f ms", s < 0.01 ? 1 : 0, s * 1000);
	return out;
}

/* --- all apps --------------------------------------------------------------
 */

static void
show_row(struct cli_table *t, const char *name, const json_t *o)
{
	char text[DURATION_SIZE];
	cli_table_add(t, name);
	cli_table_addf(t, "%.1f", real(o, "requests_per_second"));
	cli_table_addf(t, "%.1f", real(o, "failures_per_second"));
	cli_table_add(t, duration(o, "p50", text));
	cli_table_add(t, duration(o, "p95", text));
	cli_table_add(t, duration(o, "p99", text));
	cli_table_addf(t, "%lld", number(o, "active"));
	cli_table_addf(t, "%lld", number(o, "requests"));
	cli_table_addf(t, "%lld", number(o, "errors"));
}

static void
show_all(struct cli *c, const json_t *body)
{
	static const char *const heads[] = {"APP", "REQ/S", "5XX/S", "P50",
	    "P95", "P99", "ACTIVE", "REQUESTS", "ERRORS", NULL};
	struct cli_table t;
	size_t i;
	json_t *app;
	cli_table_init(&t, heads);
	json_array_foreach(json_obj(body, "apps"), i, app)
	{
		show_row(&t, json_str(app, "app"), app);
	}
	show_row(&t, "(all)", json_obj(body, "all"));
	cli_table_show(&t, &c->out);
	cli_table_clear(&t);
}

/* --- one app ---------------------------------------------------------------
 */

static void
show_counts(struct cli *c, const char *label, const json_t *by_name)
{
	const char *name;
	json_t *n;
	json_object_foreach((json_t *)by_name, name, n)
	{
		if (json_integer_value(n) > 0)
			cli_field(&c->out, label, "%s: %lld", name,
			    (long long)json_integer_value(n));
	}
}

static void
show_backends(struct cli *c, const json_t *list)
{
	static const char *const heads[] = {"BACKEND", "ACTIVE", "REQUESTS",
	    "FAILURES", "NOT CONNECTED", "MEAN", NULL};
	char text[DURATION_SIZE];
	struct cli_table t;
	size_t i;
	json_t *b;
	cli_table_init(&t, heads);
	json_array_foreach((json_t *)list, i, b)
	{
		cli_table_add(&t, json_str(b, "address"));
		cli_table_addf(&t, "%lld", number(b, "active"));
		cli_table_addf(&t, "%lld", number(b, "requests"));
		cli_table_addf(&t, "%lld", number(b, "failures"));
		cli_table_addf(&t, "%lld", number(b, "connect_failures"));
		cli_table_add(&t, duration(b, "service_mean", text));
	}
	cli_table_show(&t, &c->out);
	cli_table_clear(&t);
}

static void
show_one(struct cli *c, const json_t *o)
{
	char a[DURATION_SIZE], b[DURATION_SIZE], d[DURATION_SIZE];
	cli_field(&c->out, "App", "%s", json_str(o, "app"));
	cli_field(&c->out, "Now", "%.1f requests/s, %.1f of 5xx/s, %lld open",
	    real(o, "requests_per_second"), real(o, "failures_per_second"),
	    number(o, "active"));
	cli_field(&c->out, "Latency", "p50 %s, p95 %s, p99 %s",
	    duration(o, "p50", a), duration(o, "p95", b),
	    duration(o, "p99", d));
	cli_field(&c->out, "Requests", "%lld, %lld errors of the router",
	    number(o, "requests"), number(o, "errors"));
	cli_field(&c->out, "Bytes", "%lld in, %lld out", number(o, "bytes_in"),
	    number(o, "bytes_out"));
	show_counts(c, "Status", json_obj(o, "statuses"));
	show_counts(c, "Code", json_obj(o, "codes"));
	show_backends(c, json_obj(o, "backends"));
}

int
cli_stats(struct cli *c)
{
	const char *app = args_value(&c->args, "app");
	char *path = client_path("stats", NULL);
	struct client_answer a;
	client_query(&path, "app", app);
	int status = cli_ask(c, "GET", path, NULL, &a);
	if (status != CLI_DONE)
		return status;
	cli_json(&c->out, a.body);
	if (!c->out.is_json && app == NULL)
		show_all(c, a.body);
	else if (!c->out.is_json)
		show_one(c, a.body);
	client_answer_clear(&a);
	return CLI_DONE;
}
