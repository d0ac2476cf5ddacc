#include "admin-tui/cli_set_dns.h"

#include <unistd.h>

#include "admin-tui/cli_domain.h"
#include "admin-tui/cli_run.h"

static const char what[] = "changes DNS records";

int
set_dns_check(struct cli *c, const char *host)
{
	bool can_ask = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	if (can_ask || args_has(&c->args, "dry-run"))
		return CLI_DONE;
	return cli_confirm(c, what, host);
}

static int
ask(struct cli *c, const char *host, const json_t *agreed,
    struct client_answer *a)
{
	char *path = client_path("domains", host, "dns", NULL);
	json_t *body = json_object();
	if (args_has(&c->args, "repair-caa"))
		json_put_bool(body, "repair_caa", true);
	if (agreed == NULL)
		client_query(&path, "dry_run", "1");
	else
		json_put(body, "agreed", json_incref((json_t *)agreed));
	return cli_ask(c, "POST", path, body, a);
}

/* Those that were shown, or none at all. */
static int
apply(struct cli *c, const char *host, const json_t *changes,
    struct client_answer *done)
{
	int status = cli_confirm(c, what, host);
	if (status == CLI_DONE)
		status = ask(c, host, changes, done);
	if (status == CLI_DONE)
		cli_say(&c->out, "%s: the DNS provider has them", host);
	return status;
}

int
set_dns(struct cli *c, const char *host, bool is_last)
{
	struct client_answer shown, done;
	int status = ask(c, host, NULL, &shown);
	if (status != CLI_DONE)
		return status;
	const json_t *changes = json_obj(shown.body, "changes");
	cli_domain_show_records(c, changes);
	if (json_array_size(changes) == 0)
		cli_say(&c->out, "%s: nothing to change in DNS", host);
	if (json_array_size(changes) == 0 || args_has(&c->args, "dry-run")) {
		if (is_last)
			cli_json(&c->out, shown.body);
		client_answer_clear(&shown);
		return CLI_DONE;
	}
	status = apply(c, host, changes, &done);
	client_answer_clear(&shown);
	if (status != CLI_DONE)
		return status;
	if (is_last)
		cli_json(&c->out, done.body);
	client_answer_clear(&done);
	return CLI_DONE;
}

int
cli_domains_set_dns(struct cli *c)
{
	char host[HOST_SIZE];
	int status = cli_host(c, 0, host);
	if (status == CLI_DONE)
		status = set_dns_check(c, host);
	return status == CLI_DONE ? set_dns(c, host, true) : status;
}
