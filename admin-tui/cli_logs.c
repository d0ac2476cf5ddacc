#include <stdio.h>
#include <stdlib.h>

#include "admin-tui/cli.h"
#include "admin-tui/cli_run.h"
#include "admin-tui/words.h"
#include "base/mem.h"

#define RETRY_SECONDS 1.0
#define LINES         "100"

/* --- logs ------------------------------------------------------------------
 */

/* /v1/logs with the filters of the command; limit: of those in memory. */
static int
logs_path(struct cli *c, const char *limit, char **out)
{
	char host[HOST_SIZE] = "";
	struct fault f;
	const char *given = args_value(&c->args, "host");
	if (given != NULL &&
	    host_normalise(slice_str(given), host, &f) != ERR_OK)
		return cli_refuse(c, &f);
	*out = client_path("logs", NULL);
	client_query(out, "limit", limit);
	client_query(out, "app", args_value(&c->args, "app"));
	client_query(out, "host", host);
	client_query(out, "code", args_value(&c->args, "code"));
	client_query(out, "status", args_value(&c->args, "status"));
	return CLI_DONE;
}

static void
show_line(struct cli *c, const json_t *item)
{
	long long missed = (long long)json_int(item, "missed");
	cli_json(&c->out, item);
	if (missed == 0)
		cli_say(&c->out, "%s", json_str(item, "line"));
	else if (!c->out.is_json)
		(void)fprintf(c->out.err, "%lld lines were missed\n", missed);
	(void)fflush(c->out.out);
}

struct follow {
	struct cli *cli;
	bool is_over;
	struct client_answer end; /* why it ended; body is not kept */
};

static void
on_line(void *ctx, const json_t *item)
{
	struct follow *f = ctx;
	show_line(f->cli, item);
}

static void
on_end(void *ctx, const struct client_answer *a)
{
	struct follow *f = ctx;
	f->end = *a;
	f->end.body = NULL; /* loans */
	f->end.next = NULL;
	f->is_over = true;
	ev_break(f->cli->loop, EVBREAK_ONE);
}

/* Until the user has enough; a daemon that restarts is away for a moment. */
static int
follow(struct cli *c, const char *limit)
{
	struct follow f = {.cli = c};
	int status = CLI_DONE;
	while (status == CLI_DONE) {
		char *path = NULL;
		status = logs_path(c, limit, &path);
		if (status != CLI_DONE)
			break;
		f.is_over = false;
		client_follow(c->client, path, on_line, on_end, &f);
		free(path);
		while (!f.is_over)
			ev_run(c->loop, 0);
		if (f.end.status != 0 && !f.end.is_ok && f.end.status != 503) {
			cli_fault(&c->out, &f.end.fault, NULL);
			status = cli_status_of(&f.end.fault);
		} else {
			cli_sleep(c, RETRY_SECONDS);
		}
		limit = "0"; /* the last ones were shown already */
	}
	return status;
}

int
cli_logs(struct cli *c)
{
	const char *limit = args_value(&c->args, "lines");
	struct client_answer a;
	char *path = NULL;
	size_t i;
	json_t *item;
	if (limit == NULL)
		limit = LINES;
	if (args_has(&c->args, "follow"))
		return follow(c, limit);
	int status = logs_path(c, limit, &path);
	if (status == CLI_DONE)
		status = cli_ask(c, "GET", path, NULL, &a);
	if (status != CLI_DONE)
		return status;
	cli_json(&c->out, a.body);
	json_array_foreach(a.body, i, item)
	{
		cli_say(&c->out, "%s", json_str(item, "line"));
	}
	client_answer_clear(&a);
	return CLI_DONE;
}
