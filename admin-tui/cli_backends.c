#include "admin-tui/cli.h"
#include "admin-tui/cli_run.h"
#include "base/addr.h"
#include "base/mem.h"

static const char *const heads[] = {
    "APP", "ADDRESS", "WEIGHT", "STATE", "ACTIVE", "SINCE", "FAULT", NULL};

static void
show_backend(
    struct cli_table *t, struct cli *c, const char *app, const json_t *b)
{
	char time[CLI_TIME_SIZE];
	char fault[CLI_FAULT_SIZE];
	cli_table_add(t, app);
	cli_table_add(t, json_str(b, "address"));
	cli_table_addf(t, "%lld", (long long)json_int(b, "weight"));
	cli_table_add(t, json_str(b, "state"));
	cli_table_addf(t, "%lld", (long long)json_int(b, "active"));
	cli_table_add(t, cli_time(&c->out, json_str(b, "since"), time));
	cli_table_add(t, cli_fault_text(json_obj(b, "fault"), fault));
}

static void
show_backends(
    struct cli_table *t, struct cli *c, const char *app, const json_t *list)
{
	size_t i;
	json_t *backend;
	json_array_foreach(list, i, backend) show_backend(t, c, app, backend);
}

static void
show_of_app(void *ctx, struct cli *c, const json_t *app)
{
	show_backends(ctx, c, json_str(app, "name"), json_obj(app, "backends"));
}

static void
show_own(void *ctx, struct cli *c, const json_t *backend)
{
	show_backend(ctx, c, args_word(&c->args, 0), backend);
}

static char *
backends_path(const char *app)
{
	return client_path("apps", app, "backends", NULL);
}

int
cli_backends_list(struct cli *c)
{
	const char *app = args_word(&c->args, 0);
	struct cli_table t;
	cli_table_init(&t, heads);
	if (app != NULL)
		return cli_list(c, backends_path(app), &t, show_own);
	return cli_list(c, client_path("apps", NULL), &t, show_of_app);
}

/* {"backends": [...]} of the words behind APP, sent whole: all or none. */
static int
send_backends(struct cli *c, const char *method, const char *done)
{
	const char *app = args_word(&c->args, 0);
	json_t *list = json_array();
	json_t *body = json_object();
	for (size_t i = 1; i < c->args.n_words; i++)
		json_array_append_new(list, cli_text(args_word(&c->args, i)));
	size_t n = json_array_size(list);
	json_put(body, "backends", list);
	int status = cli_do(c, method, backends_path(app), body);
	if (status == CLI_DONE)
		cli_say(&c->out, "%s %zu backend%s of %s", done, n,
		    n == 1 ? "" : "s", app);
	return status;
}

int
cli_backends_add(struct cli *c)
{
	return send_backends(c, "POST", "Added");
}

int
cli_backends_set(struct cli *c)
{
	return send_backends(c, "PUT", "Set");
}

/* Without "*N": the weight is not part of the name. */
static struct slice
without_weight(const char *word)
{
	struct slice s = slice_str(word);
	s.n = slice_find(s, '*');
	return s;
}

/* "h2c://[::1]:80" into its protocol, left empty for plain HTTP, and the rest.
 */
static struct slice
cut_protocol(struct slice *s)
{
	char *at = memmem(s->p, s->n, "://", 3);
	struct slice protocol =
	    slice_of(s->p, at == NULL ? 0 : (size_t)(at - s->p));
	*s = slice_from(*s, at == NULL ? 0 : protocol.n + 3);
	return slice_eq(protocol, SLICE("http")) ? SLICE("") : protocol;
}

/* The daemon writes addresses in one form, a person in any. */
static bool
is_same(struct slice a, struct slice b)
{
	struct addr first, second;
	if (slice_eq(a, b))
		return true;
	return slice_eq(cut_protocol(&a), cut_protocol(&b)) &&
	       addr_parse(a, &first) == ERR_OK &&
	       addr_parse(b, &second) == ERR_OK && addr_eq(&first, &second);
}

/*
 * The id of a backend of `list`, in out.  None: N24 and ERR_NOT_FOUND.
 */
static enum err
find_backend(
    const json_t *list, const char *word, char out[24], struct fault *f)
{
	size_t i;
	json_t *b;
	json_array_foreach(list, i, b)
	{
		if (!is_same(slice_str(json_str(b, "address")),
			without_weight(word)))
			continue;
		snprintf(out, 24, "%lld", (long long)json_int(b, "id"));
		return ERR_OK;
	}
	fault_set(f, FAULT_N24_NO_SUCH_BACKEND, "no such backend: %s", word);
	return ERR_NOT_FOUND;
}

/* Asks for the list and turns the words behind APP into ids; all must be
 * there before anything is changed.  *out: n of them, the caller frees. */
static int
find_backends(struct cli *c, const char *app, char (**out)[24])
{
	struct client_answer a;
	struct fault f;
	size_t n = c->args.n_words - 1;
	*out = NULL;
	int status = cli_ask(c, "GET", backends_path(app), NULL, &a);
	if (status != CLI_DONE)
		return status;
	char(*ids)[24] = xcalloc(n, sizeof(*ids));
	for (size_t i = 0; i < n && status == CLI_DONE; i++)
		if (find_backend(a.body, args_word(&c->args, i + 1), ids[i],
			&f) != ERR_OK) {
			fault_name(&f, "APP", app);
			status = cli_refuse(c, &f);
		}
	client_answer_clear(&a);
	if (status == CLI_DONE)
		*out = ids;
	else
		free(ids);
	return status;
}

static int
each_backend(
    struct cli *c, const char *method, const char *state, const char *done)
{
	const char *app = args_word(&c->args, 0);
	char(*ids)[24];
	int status = find_backends(c, app, &ids);
	if (status != CLI_DONE)
		return status;
	for (size_t i = 1; i < c->args.n_words && status == CLI_DONE; i++) {
		json_t *body = NULL;
		if (state != NULL) {
			body = json_object();
			json_put_str(body, "state", state);
		}
		status = cli_do(c, method,
		    client_path("apps", app, "backends", ids[i - 1], NULL),
		    body);
		if (status == CLI_DONE)
			cli_say(&c->out, "%s %s of %s", done,
			    args_word(&c->args, i), app);
	}
	free(ids);
	return status;
}

int
cli_backends_remove(struct cli *c)
{
	return each_backend(c, "DELETE", NULL, "Removed");
}

int
cli_backends_drain(struct cli *c)
{
	return each_backend(c, "PATCH", "draining", "Draining");
}

int
cli_backends_resume(struct cli *c)
{
	return each_backend(c, "PATCH", "up", "Resumed");
}
