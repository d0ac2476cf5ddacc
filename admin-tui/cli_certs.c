#include "admin-tui/cli.h"
#include "admin-tui/cli_domain.h"
#include "admin-tui/cli_run.h"
#include "admin-tui/cli_upload.h"

static const char *const list_heads[] = {
    "HOST", "SERVING", "NAME", "EXPIRES", "TRUSTED", "ISSUER", NULL};
static const char *const history_heads[] = {"NUMBER", "SOURCE", "EXPIRES",
    "INSTALLED", "REMOVED", "REVOKED", "BY", "TRUSTED", "NAMES", NULL};

static const char *
yes_or_no(bool is)
{
	return is ? "yes" : "no";
}

static void
show_served(void *ctx, struct cli *c, const json_t *item)
{
	struct cli_table *t = ctx;
	char time[CLI_TIME_SIZE];
	cli_table_add(t, json_str(item, "host"));
	cli_table_add(t, json_str(item, "source"));
	cli_table_add(t, json_str(item, "common_name"));
	cli_table_add(t, cli_time(&c->out, json_str(item, "not_after"), time));
	cli_table_add(t, yes_or_no(json_bool(item, "trusted")));
	cli_table_add(t, json_str(item, "issuer"));
}

int
cli_certs_list(struct cli *c)
{
	struct cli_table t;
	char *path = client_path("certificates", NULL);
	client_query(&path, "app", args_value(&c->args, "app"));
	cli_table_init(&t, list_heads);
	return cli_list(c, path, &t, show_served);
}

/* The domain whose certificate visitors of host get; C26 when they get none. */
static int
ask_served(struct cli *c, const char *host, struct client_answer *a)
{
	struct fault f;
	int status =
	    cli_ask(c, "GET", client_path("domains", host, NULL), NULL, a);
	if (status != CLI_DONE || json_obj(a->body, "certificate") != NULL)
		return status;
	fault_set(&f, FAULT_C26_NONE_INSTALLED,
	    "%s has no certificate yet: it is %s", host,
	    json_str(a->body, "status"));
	fault_action(&f, "See towpath domains info %s", host);
	client_answer_clear(a);
	return cli_refuse(c, &f);
}

int
cli_certs_info(struct cli *c)
{
	char host[HOST_SIZE];
	struct client_answer a;
	int status = cli_host(c, 0, host);
	if (status == CLI_DONE)
		status = ask_served(c, host, &a);
	if (status != CLI_DONE)
		return status;
	cli_json(&c->out, json_obj(a.body, "certificate"));
	cli_field(&c->out, "Host", "%s", host);
	cli_certificate_show(c, json_obj(a.body, "certificate"));
	cli_set_show(c, json_obj(a.body, "set"));
	upload_show_fallback(c, json_obj(a.body, "fallback"));
	client_answer_clear(&a);
	return CLI_DONE;
}

static void
show_past(void *ctx, struct cli *c, const json_t *item)
{
	struct cli_table *t = ctx;
	char time[CLI_TIME_SIZE];
	struct buf names;
	size_t i;
	json_t *name;
	cli_table_addf(t, "%lld", (long long)json_int(item, "number"));
	cli_table_add(t, json_str(item, "source"));
	cli_table_add(t, cli_time(&c->out, json_str(item, "not_after"), time));
	cli_table_add(
	    t, cli_time(&c->out, json_str(item, "installed_at"), time));
	cli_table_add(t, cli_time(&c->out, json_str(item, "removed_at"), time));
	cli_table_add(t, cli_time(&c->out, json_str(item, "revoked_at"), time));
	cli_table_add(t, json_str(item, "installed_by"));
	cli_table_add(t, yes_or_no(json_bool(item, "trusted")));
	buf_init(&names, 1024 * 1024);
	json_array_foreach(json_obj(item, "names"), i, name)
	{
		buf_printf(
		    &names, "%s%s", i == 0 ? "" : " ", json_string_value(name));
	}
	char *text = buf_take(&names);
	cli_table_add(t, text);
	free(text);
}

static char *
history_path(const char *host)
{
	return client_path("domains", host, "certificates", NULL);
}

int
cli_certs_history(struct cli *c)
{
	char host[HOST_SIZE];
	struct cli_table t;
	int status = cli_host(c, 0, host);
	if (status != CLI_DONE)
		return status;
	cli_table_init(&t, history_heads);
	return cli_list(c, history_path(host), &t, show_past);
}

/* After a change: what visitors of host get now. */
static int
show_now(struct cli *c, const char *host)
{
	struct client_answer a;
	char time[CLI_TIME_SIZE];
	if (c->out.is_json)
		return CLI_DONE;
	int status =
	    cli_ask(c, "GET", client_path("domains", host, NULL), NULL, &a);
	if (status != CLI_DONE)
		return status;
	const json_t *certificate = json_obj(a.body, "certificate");
	cli_time(&c->out, json_str(certificate, "not_after"), time);
	cli_say(&c->out, "%s: %s, serving %s%s%s", host,
	    json_str(a.body, "status"), json_str(a.body, "serving"),
	    time[0] != '\0' ? " until " : "", time);
	client_answer_clear(&a);
	return CLI_DONE;
}

/* The number of the custom certificate, 0 when there is none; for a person who
 * may want it back. */
static int64_t
custom_number(struct cli *c, const char *host)
{
	struct client_answer a;
	char *path = client_path("domains", host, "certificate", NULL);
	struct client_request request = {.method = "GET", .path = path};
	int64_t number = 0;
	if (!c->out.is_json && client_ask(c->client, &request, &a))
		number = json_int(a.body, "number");
	if (!c->out.is_json)
		client_answer_clear(&a);
	free(path);
	return number;
}

/* Changes the custom slot; takes path and body. */
static int
change_custom(struct cli *c, const char *host, const char *method, char *path,
    json_t *body)
{
	int64_t before = custom_number(c, host);
	int status = cli_do(c, method, path, body);
	if (status == CLI_DONE)
		status = show_now(c, host);
	if (status == CLI_DONE)
		upload_show_undo(c, host, before);
	return status;
}

int
cli_certs_rollback(struct cli *c)
{
	char host[HOST_SIZE];
	uint64_t number = 0;
	const char *to = args_value(&c->args, "to");
	int status = cli_host(c, 0, host);
	if (status != CLI_DONE)
		return status;
	if (to != NULL && (slice_to_u64(slice_str(to), &number) != ERR_OK ||
			      number == 0 || number > INT64_MAX))
		return cli_usage(c, "not a number: --to %s", to);
	json_t *body = json_object();
	if (to != NULL)
		json_put_int(body, "to", (int64_t)number);
	return change_custom(c, host, "POST",
	    client_path("domains", host, "rollback", NULL), body);
}

int
cli_certs_remove(struct cli *c)
{
	char host[HOST_SIZE];
	int status = cli_host(c, 0, host);
	if (status != CLI_DONE)
		return status;
	char *path = client_path("domains", host, "certificate", NULL);
	if (args_has(&c->args, "force"))
		client_query(&path, "force", "1");
	return change_custom(c, host, "DELETE", path, NULL);
}

/* --- renew ---------------------------------------------------------------- */

/* The highest number of an automatic certificate in host's history. */
static int
newest_automatic(struct cli *c, const char *host, int64_t *number)
{
	struct client_answer a;
	size_t i;
	json_t *item;
	*number = 0;
	int status = cli_ask(c, "GET", history_path(host), NULL, &a);
	if (status != CLI_DONE)
		return status;
	json_array_foreach(a.body, i, item)
	{
		if (strcmp(json_str(item, "source"), "automatic") == 0 &&
		    json_int(item, "number") > *number)
			*number = json_int(item, "number");
	}
	client_answer_clear(&a);
	return CLI_DONE;
}

/* Waits for an automatic certificate newer than number `before`. */
static int
wait_renewed(struct cli *c, const char *host, int64_t before, int64_t seconds)
{
	for (int64_t left = seconds * 2; left > 0; left--) {
		int64_t now;
		int status = newest_automatic(c, host, &now);
		if (status != CLI_DONE)
			return status;
		if (now > before)
			return cli_domain_wait(c, host, 1);
		cli_sleep(c, 0.5);
	}
	struct fault f = {0};
	snprintf(f.text, sizeof(f.text), "%s has no new certificate yet", host);
	fault_action(&f, "Look again with towpath domains info %s", host);
	cli_fault(&c->out, &f, NULL);
	return CLI_NOT_YET;
}

int
cli_certs_renew(struct cli *c)
{
	char host[HOST_SIZE];
	int64_t wait, before = 0;
	struct client_answer a;
	int status = cli_host(c, 0, host);
	if (status == CLI_DONE)
		status = cli_wait_seconds(c, &wait);
	if (status == CLI_DONE && wait > 0)
		status = newest_automatic(c, host, &before);
	if (status == CLI_DONE)
		status = cli_ask(c, "POST",
		    client_path("domains", host, "renew", NULL), NULL, &a);
	if (status != CLI_DONE)
		return status;
	if (wait == 0) {
		cli_json(&c->out, a.body);
		cli_say(&c->out, "Ordering a new certificate for %s", host);
	}
	client_answer_clear(&a);
	return wait == 0 ? CLI_DONE : wait_renewed(c, host, before, wait);
}
