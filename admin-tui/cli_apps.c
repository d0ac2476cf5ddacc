#include <math.h>

#include "admin-tui/cli.h"
#include "admin-tui/cli_run.h"
#include "base/app_setting.h"
#include "base/mem.h"

/* Of a file; how long a page may be, the daemon says. */
#define FILE_MAX (1024 * 1024)

static const char *const heads[] = {
    "NAME", "BACKENDS", "DOMAINS", "CREATED", "HOST", NULL};

static void
show_app(void *ctx, struct cli *c, const json_t *app)
{
	struct cli_table *t = ctx;
	char time[CLI_TIME_SIZE];
	cli_table_add(t, json_str(app, "name"));
	cli_table_addf(t, "%zu", json_array_size(json_obj(app, "backends")));
	cli_table_addf(t, "%lld", (long long)json_int(app, "domains"));
	cli_table_add(t, cli_time(&c->out, json_str(app, "created_at"), time));
	cli_table_add(t, json_str(app, "host"));
}

int
cli_apps_list(struct cli *c)
{
	struct cli_table t;
	cli_table_init(&t, heads);
	return cli_list(c, client_path("apps", NULL), &t, show_app);
}

int
cli_apps_create(struct cli *c)
{
	const char *name = args_word(&c->args, 0);
	const char *backend;
	size_t at = 0;
	json_t *body = json_object();
	json_t *backends = json_array();
	json_put_str(body, "name", name);
	while ((backend = args_each(&c->args, "backend", &at)) != NULL)
		json_array_append_new(backends, cli_text(backend));
	size_t n = json_array_size(backends);
	json_put(body, "backends", backends);
	int status = cli_do(c, "POST", client_path("apps", NULL), body);
	if (status != CLI_DONE)
		return status;
	cli_say(&c->out, "Created app %s with %zu backend%s", name, n,
	    n == 1 ? "" : "s");
	return CLI_DONE;
}

/* A number with the largest unit that leaves it whole. */
static void
show_number(struct cli *c, const struct app_setting *s, const json_t *value)
{
	static const struct unit {
		const char *name;
		double size;
	} times[] = {{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1},
	    {"ms", 0.001}},
	  sizes[] = {{"G", 1073741824}, {"M", 1048576}, {"k", 1024}, {"", 1}},
	  counts[] = {{"", 1}};
	const struct unit *u = s->kind == SETTING_SECONDS ? times
			       : s->kind == SETTING_BYTES ? sizes
							  : counts;
	double n = json_number_value(value);
	if (n == 0 && s->has_off) {
		cli_field(&c->out, s->key, "off");
		return;
	}
	while (u->size > 1 && floor(n / u->size) * u->size != n)
		u++;
	if (n < 1)
		u = &times[COUNT_OF(times) - 1];
	cli_field(&c->out, s->key, "%.10g%s", n / u->size, u->name);
}

/* A setting as a person would write it; a list item by item. */
static void
show_setting(struct cli *c, const char *key, const json_t *value)
{
	const struct app_setting *s = app_setting_find(key);
	const json_t *item;
	size_t i;
	if (json_is_array(value)) {
		json_array_foreach(value, i, item)
		{
			cli_field(&c->out, key, "%s", json_string_value(item));
		}
	} else if (json_is_boolean(value)) {
		cli_field(
		    &c->out, key, "%s", json_is_true(value) ? "on" : "off");
	} else if (json_is_number(value) && s != NULL) {
		show_number(c, s, value);
	} else if (json_is_string(value)) {
		const char *v = json_string_value(value);
		/* of a PEM text the first line */
		cli_field(&c->out, key, "%.*s", (int)strcspn(v, "\n"), v);
	}
}

static void
show_info(struct cli *c, const json_t *app)
{
	char time[CLI_TIME_SIZE];
	size_t i;
	json_t *backend;
	const char *key;
	json_t *value;
	cli_field(&c->out, "Name", "%s", json_str(app, "name"));
	cli_field(&c->out, "Host", "%s", json_str(app, "host"));
	cli_field(
	    &c->out, "Domains", "%lld", (long long)json_int(app, "domains"));
	cli_field(&c->out, "Created", "%s",
	    cli_time(&c->out, json_str(app, "created_at"), time));
	json_array_foreach(json_obj(app, "backends"), i, backend)
	{
		cli_field(&c->out, "Backend", "%s*%lld %s",
		    json_str(backend, "address"),
		    (long long)json_int(backend, "weight"),
		    json_str(backend, "state"));
	}
	json_object_foreach(json_obj(app, "settings"), key, value)
	{
		show_setting(c, key, value);
	}
}

int
cli_apps_info(struct cli *c)
{
	struct client_answer a;
	char *path = client_path("apps", args_word(&c->args, 0), NULL);
	int status = cli_ask(c, "GET", path, NULL, &a);
	if (status != CLI_DONE)
		return status;
	cli_json(&c->out, a.body);
	show_info(c, a.body);
	client_answer_clear(&a);
	return CLI_DONE;
}

/* error_page=FILE, backend_ca=FILE: what is in it goes along; a URL, and the
 * name of a page that was uploaded, are for the daemon. */
static int
read_page(struct cli *c, json_t *settings, const char *key)
{
	const char *file = json_string_value(json_object_get(settings, key));
	struct fault f = {0};
	struct buf page;
	if (file == NULL)
		return CLI_DONE;
	struct slice name = slice_str(file);
	if (slice_starts_with(name, SLICE("https://")) ||
	    slice_starts_with(name, SLICE("http://")) ||
	    slice_starts_with(name, SLICE("sha256:")))
		return CLI_DONE;
	if (cli_read_file(file, FILE_MAX, &page, &f) != ERR_OK) {
		buf_clear(&page);
		return cli_refuse(c, &f);
	}
	struct slice text = buf_slice(&page);
	json_t *content = json_stringn(text.p, text.n);
	buf_clear(&page);
	if (content == NULL)
		return cli_usage(c, "%s is no text in UTF-8", file);
	json_put(settings, key, content);
	return CLI_DONE;
}

int
cli_apps_set(struct cli *c)
{
	const char *name = args_word(&c->args, 0);
	json_t *settings;
	int status = cli_settings(c, 1, &settings);
	if (status == CLI_DONE)
		status = read_page(c, settings, "maintenance_page");
	if (status == CLI_DONE)
		status = read_page(c, settings, "error_page");
	if (status == CLI_DONE)
		status = read_page(c, settings, "backend_ca");
	if (status != CLI_DONE) {
		json_decref(settings);
		return status;
	}
	json_t *body = json_object();
	json_put(body, "settings", settings);
	status = cli_do(c, "PATCH", client_path("apps", name, NULL), body);
	if (status == CLI_DONE)
		cli_say(&c->out, "Changed app %s", name);
	return status;
}

int
cli_apps_destroy(struct cli *c)
{
	const char *name = args_word(&c->args, 0);
	char what[128];
	snprintf(what, sizeof(what), "destroys app %.80s", name);
	int status = cli_confirm(c, what, name);
	if (status != CLI_DONE)
		return status;
	status = cli_do(c, "DELETE", client_path("apps", name, NULL), NULL);
	if (status == CLI_DONE)
		cli_say(&c->out, "Destroyed app %s", name);
	return status;
}
