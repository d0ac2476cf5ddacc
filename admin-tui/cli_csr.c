#include <stdlib.h>

#include "admin-tui/cli.h"
#include "admin-tui/cli_run.h"

static const char *const heads[] = {"NUMBER", "KEY", "CREATED", "NAMES", NULL};

static char *
names_of(const json_t *item)
{
	struct buf b;
	size_t i;
	json_t *name;
	buf_init(&b, (size_t)64 * 1024);
	json_array_foreach(json_obj(item, "names"), i, name)
	{
		buf_printf(
		    &b, "%s%s", i == 0 ? "" : " ", json_string_value(name));
	}
	return buf_take(&b);
}

static void
show(void *ctx, struct cli *c, const json_t *item)
{
	struct cli_table *t = ctx;
	char time[CLI_TIME_SIZE], *names = names_of(item);
	cli_table_addf(t, "%lld", (long long)json_int(item, "number"));
	cli_table_add(t, json_str(item, "key_type"));
	cli_table_add(t, cli_time(&c->out, json_str(item, "created_at"), time));
	cli_table_add(t, names);
	free(names);
}

static json_t *
request_body(const struct cli *c)
{
	json_t *body = json_object(), *names = json_array();
	const char *name;
	size_t at = 0;
	if (args_has(&c->args, "key-type"))
		json_put_str(
		    body, "key_type", args_value(&c->args, "key-type"));
	if (args_has(&c->args, "subject"))
		json_put_str(body, "subject", args_value(&c->args, "subject"));
	while ((name = args_each(&c->args, "name", &at)) != NULL)
		json_array_append_new(names, json_string(name));
	json_put(body, "names", names);
	json_put_bool(body, "all_domains", args_has(&c->args, "all-domains"));
	return body;
}

int
cli_certs_csr(struct cli *c)
{
	char host[HOST_SIZE];
	struct client_answer a;
	int status = cli_host(c, 0, host);
	if (status == CLI_DONE)
		status = cli_ask(c, "POST",
		    client_path("domains", host, "csr", NULL), request_body(c),
		    &a);
	if (status != CLI_DONE)
		return status;
	cli_json(&c->out, a.body);
	/* A PEM is many lines: not for cli_say. */
	if (!c->out.is_json)
		fputs(json_str(a.body, "csr"), c->out.out);
	client_answer_clear(&a);
	return CLI_DONE;
}

int
cli_certs_requests(struct cli *c)
{
	char host[HOST_SIZE];
	struct cli_table t;
	int status = cli_host(c, 0, host);
	if (status != CLI_DONE)
		return status;
	cli_table_init(&t, heads);
	return cli_list(c, client_path("domains", host, "csr", NULL), &t, show);
}

int
cli_certs_forget(struct cli *c)
{
	char host[HOST_SIZE];
	int status = cli_host(c, 0, host);
	if (status != CLI_DONE)
		return status;
	return cli_do(c, "DELETE",
	    client_path("domains", host, "csr", args_word(&c->args, 1), NULL),
	    NULL);
}
