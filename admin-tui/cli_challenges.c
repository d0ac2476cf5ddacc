#include "admin-tui/cli.h"
#include "admin-tui/cli_domain.h"
#include "admin-tui/cli_run.h"
#include "base/clock.h"

#define POLL_S 0.5

static void
show(struct cli *c, const json_t *challenge)
{
	char time[CLI_TIME_SIZE];
	const char *until = json_str(challenge, "expires_at");
	cli_field(&c->out, "Challenge", "%s", json_str(challenge, "type"));
	if (json_str(challenge, "url")[0] != '\0') {
		cli_field(&c->out, "URL", "%s", json_str(challenge, "url"));
		cli_field(&c->out, "Body", "%s", json_str(challenge, "body"));
	} else {
		cli_field(&c->out, "DNS record", "create: %s. 60 IN TXT \"%s\"",
		    json_str(challenge, "name"), json_str(challenge, "value"));
	}
	if (until[0] != '\0')
		cli_field(
		    &c->out, "Expires", "%s", cli_time(&c->out, until, time));
}

static int
say_outcome(struct cli *c, const char *host)
{
	struct client_answer a;
	struct fault f = {.text = "no certificate came"};
	int status =
	    cli_ask(c, "GET", client_path("domains", host, NULL), NULL, &a);
	if (status != CLI_DONE)
		return status;
	if (json_obj(a.body, "certificate") != NULL) {
		cli_say(&c->out, "%s: the certificate is there", host);
		cli_json(&c->out, a.body);
	} else {
		if (json_obj(a.body, "fault") != NULL)
			json_to_fault(json_obj(a.body, "fault"), &f);
		cli_fault(&c->out, &f, NULL);
		status = CLI_REFUSED;
	}
	client_answer_clear(&a);
	return status;
}

/* Until the CA has looked, whatever it saw. */
static int
wait_for_end(struct cli *c, const char *host, int64_t seconds)
{
	int64_t until = clock_mono_ms() + seconds * 1000;
	for (;;) {
		struct client_answer a;
		int status = cli_ask(c, "GET",
		    client_path("domains", host, "challenges", NULL), NULL, &a);
		if (status != CLI_DONE)
			return status;
		bool is_over = json_array_size(a.body) == 0;
		client_answer_clear(&a);
		if (is_over)
			return say_outcome(c, host);
		if (clock_mono_ms() >= until)
			return CLI_NOT_YET;
		cli_sleep(c, POLL_S);
	}
}

int
cli_domains_challenge(struct cli *c)
{
	char host[HOST_SIZE];
	int64_t wait = 0;
	size_t i;
	json_t *challenge, *body = json_object();
	struct client_answer a;
	int status = cli_host(c, 0, host);
	if (status == CLI_DONE)
		status = cli_wait_seconds(c, &wait);
	if (status != CLI_DONE) {
		json_decref(body);
		return status;
	}
	if (args_has(&c->args, "done"))
		json_put_bool(body, "done", true);
	if (args_has(&c->args, "type"))
		json_put_str(body, "type", args_value(&c->args, "type"));
	status = cli_ask(c, "POST",
	    client_path("domains", host, "challenges", NULL), body, &a);
	if (status != CLI_DONE)
		return status;
	if (!args_has(&c->args, "done"))
		json_array_foreach(a.body, i, challenge) show(c, challenge);
	if (wait == 0)
		cli_json(&c->out, a.body);
	client_answer_clear(&a);
	return wait == 0 ? CLI_DONE : wait_for_end(c, host, wait);
}
