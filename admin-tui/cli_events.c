#include "admin-tui/cli.h"
#include "admin-tui/cli_run.h"

#define RETRY_SECONDS 1.0

static const char *const heads[] = {
    "NUMBER", "AT", "NAME", "ABOUT", "BY", "STATUS", "FAULT", NULL};

/* What is shown, and the last number seen. */
struct stream {
	struct cli *cli;
	struct cli_table table;
	int64_t last;
	bool is_over;
	struct client_answer end; /* why it ended; body is not kept */
};

/* The host, or else the app: what the event is about. */
static const char *
about(const json_t *event)
{
	const char *host = json_str(event, "host");
	if (host[0] != '\0')
		return host;
	const json_t *app = json_obj(event, "app");
	return app != NULL ? json_str(app, "name") : json_str(event, "app");
}

static void
show_event(void *ctx, struct cli *c, const json_t *event)
{
	struct cli_table *t = ctx;
	char time[CLI_TIME_SIZE];
	char fault[CLI_FAULT_SIZE];
	cli_table_addf(t, "%lld", (long long)json_int(event, "sequence"));
	cli_table_add(t, cli_time(&c->out, json_str(event, "at"), time));
	cli_table_add(t, json_str(event, "name"));
	cli_table_add(t, about(event));
	cli_table_add(t, json_str(event, "by"));
	cli_table_add(t, json_str(event, "secure_status"));
	cli_table_add(t, cli_fault_text(json_obj(event, "fault"), fault));
}

/* /v1/events with the filters of the command; after < 0: from the first on. */
static int
events_path(struct cli *c, int64_t after, char **out)
{
	char number[24];
	char host[HOST_SIZE] = "";
	struct fault f;
	const char *given = args_value(&c->args, "host");
	if (given != NULL &&
	    host_normalise(slice_str(given), host, &f) != ERR_OK)
		return cli_refuse(c, &f);
	*out = client_path("events", NULL);
	if (after >= 0) {
		snprintf(number, sizeof(number), "%lld", (long long)after);
		client_query(out, "after", number);
	}
	client_query(out, "app", args_value(&c->args, "app"));
	client_query(out, "host", host);
	client_query(out, "name", args_value(&c->args, "name"));
	return CLI_DONE;
}

static void
on_event(void *ctx, const json_t *event)
{
	struct stream *s = ctx;
	if (json_int(event, "sequence") > s->last)
		s->last = json_int(event, "sequence");
	cli_json(&s->cli->out, event);
	if (!s->cli->out.is_json) {
		show_event(&s->table, s->cli, event);
		cli_table_show(&s->table, &s->cli->out);
	}
	fflush(s->cli->out.out);
}

static void
on_end(void *ctx, const struct client_answer *a)
{
	struct stream *s = ctx;
	s->end = *a;
	s->end.body = NULL; /* loans */
	s->end.next = NULL;
	s->is_over = true;
	ev_break(s->cli->loop, EVBREAK_ONE);
}

/* The number of the newest event: what follows is new. */
static int
newest(struct cli *c, int64_t *number)
{
	struct client_answer a;
	int status = cli_ask(c, "GET", client_path("status", NULL), NULL, &a);
	if (status != CLI_DONE)
		return status;
	*number = json_int(json_obj(a.body, "store"), "last_event");
	client_answer_clear(&a);
	return CLI_DONE;
}

/* A daemon that restarts is away, or not ready, for a moment. */
static bool
is_over_for_good(const struct client_answer *end)
{
	return end->status != 0 && !end->is_ok && end->status != 503;
}

/*
 * Until the user has enough.  A stream that ends is taken up again behind the
 * last event seen, so none is lost; that is also why it begins with a number
 * of its own when none was given.
 */
static int
follow(struct cli *c, int64_t after)
{
	struct stream s = {.cli = c};
	int status = newest(c, &s.last);
	if (after >= 0)
		s.last = after;
	cli_table_init(&s.table, heads);
	while (status == CLI_DONE) {
		char *path = NULL;
		status = events_path(c, s.last, &path);
		if (status != CLI_DONE)
			break;
		s.is_over = false;
		client_follow(c->client, path, on_event, on_end, &s);
		free(path);
		while (!s.is_over)
			ev_run(c->loop, 0);
		if (is_over_for_good(&s.end)) {
			cli_fault(&c->out, &s.end.fault, NULL);
			status = cli_status_of(&s.end.fault);
		} else {
			cli_sleep(c, RETRY_SECONDS);
		}
	}
	cli_table_clear(&s.table);
	return status;
}

int
cli_events(struct cli *c)
{
	struct cli_table t;
	char *path = NULL;
	const char *given = args_value(&c->args, "after");
	uint64_t number = 0;
	if (given != NULL &&
	    (slice_to_u64(slice_str(given), &number) != ERR_OK ||
		number > INT64_MAX))
		return cli_usage(c, "not a number: --after %s", given);
	int64_t after = given != NULL ? (int64_t)number : -1;
	if (args_has(&c->args, "follow"))
		return follow(c, after);
	int status = events_path(c, after, &path);
	if (status != CLI_DONE)
		return status;
	cli_table_init(&t, heads);
	return cli_list(c, path, &t, show_event);
}
