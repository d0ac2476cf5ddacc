#include <stdlib.h>

#include "admin-tui/cli.h"
#include "admin-tui/cli_domain.h"
#include "admin-tui/cli_run.h"

#define POLL_FIRST_MS 100
#define POLL_MAX_MS   1000

static void
show(struct cli *c, const json_t *order)
{
	char fault[CLI_FAULT_SIZE];
	int64_t number = json_int(order, "number");
	char *names = cli_names(order);
	if (number == 0)
		cli_say(&c->out, "Ordering a certificate for %s", names);
	else
		cli_say(&c->out, "Certificate %lld for %s: %s%s",
		    (long long)number, names, json_str(order, "status"),
		    json_bool(order, "auto_renew") ? "" : ", not renewed");
	if (json_obj(order, "fault") != NULL)
		cli_say(&c->out, "%s",
		    cli_fault_text(json_obj(order, "fault"), fault));
	free(names);
}

/* Until it is issued, at most so many seconds; *order is replaced by what it
 * became. */
static int
wait_issued(struct cli *c, int64_t seconds, struct client_answer *order)
{
	char number[24];
	snprintf(number, sizeof(number), "%lld",
	    (long long)json_int(order->body, "number"));
	int64_t pause = POLL_FIRST_MS;
	for (int64_t left = seconds * 1000; left > 0; left -= pause) {
		struct client_answer now;
		int status = cli_ask(c, "GET",
		    client_path("certificates", number, NULL), NULL, &now);
		if (status != CLI_DONE)
			return status;
		client_answer_clear(order);
		*order = now;
		if (json_obj(now.body, "certificate") != NULL)
			return CLI_DONE;
		cli_sleep(c, (double)pause / 1000);
		pause = pause * 2 < POLL_MAX_MS ? pause * 2 : POLL_MAX_MS;
	}
	return CLI_NOT_YET;
}

static int
body_of(struct cli *c, json_t **out)
{
	json_t *names = json_array();
	int status = CLI_DONE;
	for (size_t i = 0; i < c->args.n_words && status == CLI_DONE; i++) {
		char host[HOST_SIZE];
		status = cli_host(c, i, host);
		if (status == CLI_DONE)
			json_array_append_new(names, json_string(host));
	}
	*out = json_object();
	json_put(*out, "names", names);
	json_put_bool(*out, "auto_renew", !args_has(&c->args, "no-auto-renew"));
	if (status != CLI_DONE)
		json_decref(*out);
	return status;
}

int
cli_certs_order(struct cli *c)
{
	struct client_answer a;
	int64_t wait = 0;
	json_t *body;
	int status = cli_wait_seconds(c, &wait);
	if (status == CLI_DONE)
		status = body_of(c, &body);
	if (status == CLI_DONE)
		status = cli_ask(
		    c, "POST", client_path("certificates", NULL), body, &a);
	if (status != CLI_DONE)
		return status;
	if (wait > 0 && json_int(a.body, "number") != 0)
		status = wait_issued(c, wait, &a);
	cli_json(&c->out, a.body);
	show(c, a.body);
	client_answer_clear(&a);
	return status;
}
