#include "admin-tui/cli.h"
#include "admin-tui/cli_domain.h"
#include "admin-tui/cli_run.h"
#include "admin-tui/cli_set_dns.h"
#include "admin-tui/cli_upload.h"
#include "base/mem.h"

static const char *const heads[] = {
    "HOST", "APP", "STATUS", "DNS", "SERVING", "EXPIRES", "FAULT", NULL};
/* With --problems, also: */
static const char *const problem_heads[] = {"HOST", "APP", "STATUS", "DNS",
    "SERVING", "EXPIRES", "FAULT", "NEXT TRY", "WHAT TO DO", NULL};

static void
show_domain(void *ctx, struct cli *c, const json_t *domain)
{
	struct cli_table *t = ctx;
	char time[CLI_TIME_SIZE];
	char fault[CLI_FAULT_SIZE];
	cli_table_add(t, json_str(domain, "host"));
	cli_table_add(t, json_str(domain, "app"));
	cli_table_add(t, json_str(domain, "status"));
	cli_table_add(t, json_str(domain, "dns"));
	cli_table_add(t, json_str(domain, "serving"));
	cli_table_add(
	    t, cli_time(&c->out, json_str(domain, "expires_at"), time));
	cli_table_add(t, cli_fault_text(json_obj(domain, "fault"), fault));
}

static void
show_problem(void *ctx, struct cli *c, const json_t *domain)
{
	struct cli_table *t = ctx;
	char time[CLI_TIME_SIZE];
	show_domain(t, c, domain);
	cli_table_add(
	    t, cli_time(&c->out, json_str(domain, "next_attempt_at"), time));
	cli_table_add(t, json_str(json_obj(domain, "fault"), "action"));
}

int
cli_domains_list(struct cli *c)
{
	struct cli_table t;
	bool problems = args_has(&c->args, "problems");
	char *path = client_path("domains", NULL);
	client_query(&path, "app", args_value(&c->args, "app"));
	client_query(&path, "status", args_value(&c->args, "status"));
	if (problems)
		client_query(&path, "problems", "1");
	cli_table_init(&t, problems ? problem_heads : heads);
	return cli_list(c, path, &t, problems ? show_problem : show_domain);
}

int
cli_domains_info(struct cli *c)
{
	char host[HOST_SIZE];
	struct client_answer a;
	int status = cli_host(c, 0, host);
	if (status == CLI_DONE)
		status = cli_ask(
		    c, "GET", client_path("domains", host, NULL), NULL, &a);
	if (status != CLI_DONE)
		return status;
	cli_json(&c->out, a.body);
	cli_domain_show(c, a.body);
	client_answer_clear(&a);
	return CLI_DONE;
}

int
cli_domains_add(struct cli *c)
{
	char host[HOST_SIZE];
	int64_t wait = 0;
	json_t *upload = NULL;
	struct client_answer a;
	int status = cli_host(c, 0, host);
	if (status == CLI_DONE)
		status = cli_wait_seconds(c, &wait);
	if (status == CLI_DONE && args_has(&c->args, "set-dns"))
		status = set_dns_check(c, host);
	if (status == CLI_DONE)
		status = upload_read(c, 1, &upload);
	if (status != CLI_DONE)
		return status;
	json_t *body = json_object();
	json_put_str(body, "host", host);
	if (args_has(&c->args, "app"))
		json_put_str(body, "app", args_value(&c->args, "app"));
	if (upload != NULL)
		json_put(body, "certificate", upload);
	status = cli_ask(c, "POST", client_path("domains", NULL), body, &a);
	if (status != CLI_DONE)
		return status;
	cli_say(&c->out, "Added %s to app %s: %s", host,
	    json_str(a.body, "app"), json_str(a.body, "status"));
	if (args_has(&c->args, "set-dns"))
		status = set_dns(c, host, false);
	else
		cli_domain_show_records(c, json_obj(a.body, "records"));
	if (status == CLI_DONE && wait == 0)
		cli_json(&c->out, a.body);
	client_answer_clear(&a);
	return status != CLI_DONE || wait == 0 ? status
					       : cli_domain_wait(c, host, wait);
}

/* One look; the same rule for the exit status with and without --wait. */
static int
check_once(struct cli *c, const char *host, struct client_answer *a)
{
	return cli_ask(
	    c, "POST", client_path("domains", host, "check", NULL), NULL, a);
}

static bool
has_fault(const json_t *diagnosis)
{
	return json_obj(diagnosis, "fault") != NULL;
}

int
cli_domains_check(struct cli *c)
{
	char host[HOST_SIZE];
	int64_t wait = 0, left;
	struct client_answer a;
	int status = cli_host(c, 0, host);
	if (status == CLI_DONE)
		status = cli_wait_seconds(c, &wait);
	if (status == CLI_DONE)
		status = check_once(c, host, &a);
	for (left = wait; status == CLI_DONE && has_fault(a.body) && left > 0;
	     left--) {
		client_answer_clear(&a);
		cli_sleep(c, 1.0);
		status = check_once(c, host, &a);
	}
	if (status != CLI_DONE)
		return status;
	cli_json(&c->out, a.body);
	cli_domain_show_diagnosis(c, a.body);
	if (has_fault(a.body)) {
		struct fault f;
		json_to_fault(json_obj(a.body, "fault"), &f);
		cli_fault(&c->out, &f, NULL);
		status = wait > 0 ? CLI_NOT_YET : CLI_REFUSED;
	}
	client_answer_clear(&a);
	return status;
}

/* The API passes over members that it does not know; a person would take that
 * for done. */
static int
check_keys(struct cli *c, const json_t *body)
{
	static const char *const keys[] = {
	    "app", "origin", "automatic", "ca", "reference"};
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)body, key, value)
	{
		bool is_known = false;
		for (size_t i = 0; i < COUNT_OF(keys); i++)
			is_known = is_known || strcmp(key, keys[i]) == 0;
		if (!is_known)
			return cli_usage(c, "no such key of a domain: %s", key);
	}
	return CLI_DONE;
}

/* automatic=on is a boolean in the API. */
static int
read_automatic(struct cli *c, json_t *body)
{
	const char *value = json_str(body, "automatic");
	bool is_on = strcmp(value, "on") == 0;
	if (json_object_get(body, "automatic") == NULL)
		return CLI_DONE;
	if (json_is_null(json_object_get(body, "automatic")))
		is_on = true; /* the default */
	else if (!is_on && strcmp(value, "off") != 0)
		return cli_usage(c, "automatic is on or off");
	json_put_bool(body, "automatic", is_on);
	return CLI_DONE;
}

int
cli_domains_set(struct cli *c)
{
	char host[HOST_SIZE];
	json_t *body = NULL;
	int status = cli_host(c, 0, host);
	if (status == CLI_DONE)
		status = cli_settings(c, 1, &body);
	if (status == CLI_DONE)
		status = check_keys(c, body);
	if (status == CLI_DONE)
		status = read_automatic(c, body);
	if (status != CLI_DONE) {
		json_decref(body);
		return status;
	}
	status = cli_do(c, "PATCH", client_path("domains", host, NULL), body);
	if (status == CLI_DONE)
		cli_say(&c->out, "Changed %s", host);
	return status;
}

int
cli_domains_remove(struct cli *c)
{
	char host[HOST_SIZE];
	char what[HOST_SIZE + 32];
	int status = cli_host(c, 0, host);
	if (status != CLI_DONE)
		return status;
	snprintf(what, sizeof(what), "removes %s", host);
	status = cli_confirm(c, what, host);
	if (status == CLI_DONE)
		status = cli_do(
		    c, "DELETE", client_path("domains", host, NULL), NULL);
	if (status == CLI_DONE)
		cli_say(&c->out, "Removed %s", host);
	return status;
}
