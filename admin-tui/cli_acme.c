#include "admin-tui/cli.h"
#include "admin-tui/cli_run.h"

int
cli_acme_rollover(struct cli *c)
{
	const char *ca = args_value(&c->args, "ca");
	json_t *body = json_object();
	struct client_answer a;
	int status;

	if (ca != NULL)
		json_put_str(body, "ca", ca);
	json_put_bool(body, "new_account", args_has(&c->args, "new-account"));
	status =
	    cli_ask(c, "POST", client_path("acme", "rollover", NULL), body, &a);
	if (status != CLI_DONE)
		return status;
	cli_json(&c->out, a.body);
	cli_say(&c->out, "The account %s has another key",
	    json_str(a.body, "account"));
	client_answer_clear(&a);
	return CLI_DONE;
}
