#include <stdlib.h>

#include "admin-tui/cli.h"
#include "admin-tui/cli_run.h"
#include "base/mem.h"

/*
 * A document whose members may grow with the daemon, as lines of "label
 * value": members of members are named "domains In use".
 */
static void
show_value(struct cli *c, const char *label, const json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;
	if (json_is_object(value)) {
		json_object_foreach((json_t *)value, key, member)
		{
			char *inner = xasprintf(
			    "%s%s%s", label, label[0] != '\0' ? " " : "", key);
			show_value(c, inner, member);
			free(inner);
		}
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, member)
		{
			show_value(c, label, member);
		}
	} else if (json_is_string(value)) {
		char time[CLI_TIME_SIZE];
		cli_field(&c->out, label, "%s",
		    cli_time(&c->out, json_string_value(value), time));
	} else if (!json_is_null(value)) {
		char *text = json_text(value);
		cli_field(&c->out, label, "%s", text);
		free(text);
	}
}

static int
show_document(struct cli *c, const char *name)
{
	struct client_answer a;
	int status = cli_ask(c, "GET", client_path(name, NULL), NULL, &a);
	if (status != CLI_DONE)
		return status;
	cli_json(&c->out, a.body);
	if (!c->out.is_json)
		show_value(c, "", a.body);
	client_answer_clear(&a);
	return CLI_DONE;
}

int
cli_acme(struct cli *c)
{
	return show_document(c, "acme");
}

/* One line, for a monitor: what a person has to do is counted, not told. */
static int
check(struct cli *c)
{
	struct client_answer a;
	int status = cli_ask(c, "GET", client_path("status", NULL), NULL, &a);
	if (status != CLI_DONE)
		return status;
	int64_t needs = json_int(a.body, "needs_person");
	cli_json(&c->out, a.body);
	if (needs == 0)
		cli_say(&c->out, "ok");
	else
		cli_say(&c->out,
		    "%lld domain%s need%s a person; see towpath domains "
		    "--problems",
		    (long long)needs, needs == 1 ? "" : "s",
		    needs == 1 ? "s" : "");
	client_answer_clear(&a);
	return needs == 0 ? CLI_DONE : CLI_REFUSED;
}

int
cli_status(struct cli *c)
{
	return args_has(&c->args, "check") ? check(c)
					   : show_document(c, "status");
}
