#include "admin-tui/cli.h"
#include "admin-tui/cli_domain.h"
#include "admin-tui/cli_run.h"

/* Whether the CA still has to confirm one of host. */
static int
ask_pending(struct cli *c, const char *host, bool *is_pending)
{
	struct client_answer a;
	size_t i;
	json_t *item;
	int status = cli_ask(c, "GET", client_path("acme", NULL), NULL, &a);

	*is_pending = false;
	if (status != CLI_DONE)
		return status;
	json_array_foreach(json_obj(a.body, "revoking"), i, item)
	{
		*is_pending |= strcmp(json_str(item, "host"), host) == 0;
	}
	client_answer_clear(&a);
	return CLI_DONE;
}

static int
wait_revoked(struct cli *c, const char *host, int64_t seconds)
{
	struct fault f = {0};

	for (int64_t left = seconds * 2; left > 0; left--) {
		bool is_pending;
		int status = ask_pending(c, host, &is_pending);

		if (status != CLI_DONE)
			return status;
		if (!is_pending) {
			cli_say(&c->out, "%s: revoked", host);
			return CLI_DONE;
		}
		cli_sleep(c, 0.5);
	}
	snprintf(f.text, sizeof(f.text),
	    "The certificate of %s is not revoked yet", host);
	fault_action(&f, "Look again with towpath acme");
	cli_fault(&c->out, &f, NULL);
	return CLI_NOT_YET;
}

int
cli_certs_revoke(struct cli *c)
{
	const char *reason = args_value(&c->args, "reason");
	char host[HOST_SIZE];
	struct client_answer a;
	json_t *body;
	int64_t wait;
	int status = cli_host(c, 0, host);

	if (status == CLI_DONE)
		status = cli_wait_seconds(c, &wait);
	if (status != CLI_DONE)
		return status;
	body = json_object();
	if (reason != NULL)
		json_put_str(body, "reason", reason);
	json_put_bool(body, "force", args_has(&c->args, "force"));
	status = cli_ask(
	    c, "POST", client_path("domains", host, "revoke", NULL), body, &a);
	if (status != CLI_DONE)
		return status;
	if (wait == 0) {
		cli_json(&c->out, a.body);
		cli_say(&c->out,
		    "Number %lld of %s is revoked as soon as a new certificate "
		    "is in use; see towpath acme",
		    (long long)json_int(a.body, "number"), host);
	}
	client_answer_clear(&a);
	return wait == 0 ? CLI_DONE : wait_revoked(c, host, wait);
}
