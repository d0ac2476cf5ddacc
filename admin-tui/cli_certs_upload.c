#include <unistd.h>

#include "admin-tui/cli.h"
#include "admin-tui/cli_run.h"
#include "admin-tui/cli_upload.h"

/* What is sent, and how. */
struct sending {
	const char *method; /* POST: only where none is; PUT */
	const json_t *upload;
	bool is_dry_run;
};

/* Sends to one host.  The answer is the caller's to clear either way. */
static bool
send_to(struct cli *c, const struct sending *s, const char *host,
    struct client_answer *a)
{
	char *path = client_path("domains", host, "certificate", NULL);
	if (s->is_dry_run)
		client_query(&path, "dry_run", "1");
	struct client_request request = {
	    .method = s->method, .path = path, .body = s->upload};
	bool is_ok = client_ask(c->client, &request, a);
	free(path);
	return is_ok;
}

static int
finish(struct cli *c, const struct sending *s, struct client_answer *a)
{
	int status = CLI_DONE;
	if (a->is_ok) {
		cli_json(&c->out, a->body);
		upload_show(c, a->body, s->is_dry_run);
	} else {
		cli_fault(&c->out, &a->fault, a->body);
		status = cli_status_of(&a->fault);
	}
	client_answer_clear(a);
	return status;
}

/*
 * --app: the daemon installs on every domain of the app that is covered, from
 * any one of them; C15 says that this one is not, so the next is tried.
 */
static int
send_to_app(struct cli *c, struct sending *s, const char *app)
{
	struct client_answer list, a = {0};
	char *path = client_path("domains", NULL);
	size_t i, tried = 0;
	json_t *domain;
	client_query(&path, "app", app);
	client_query(&path, "limit", "1000");
	int status = cli_ask(c, "GET", path, NULL, &list);
	if (status != CLI_DONE)
		return status;
	json_array_foreach(list.body, i, domain)
	{
		client_answer_clear(&a);
		tried++;
		if (send_to(c, s, json_str(domain, "host"), &a) ||
		    a.fault.code != FAULT_C15_NAME_NOT_COVERED)
			break;
	}
	client_answer_clear(&list);
	if (tried > 0)
		return finish(c, s, &a);
	struct fault f;
	fault_set(&f, FAULT_N15_NO_SUCH_DOMAIN, "app %s has no domain", app);
	return cli_refuse(c, &f);
}

static int
upload(struct cli *c, const char *method)
{
	char host[HOST_SIZE];
	const char *app = args_value(&c->args, "app");
	const char *word = args_word(&c->args, 0);
	json_t *body;
	struct client_answer a;
	/* A host that is also a file's name would need a very odd folder. */
	if (app == NULL && access(word, R_OK) == 0)
		return cli_usage(c, "%s is a file, and HOST comes first", word);
	int status = app == NULL ? cli_host(c, 0, host) : CLI_DONE;
	if (status == CLI_DONE)
		status = upload_read(c, app == NULL, &body);
	if (status != CLI_DONE)
		return status;
	if (body == NULL)
		return cli_usage(c, "no FILE was given");
	if (app != NULL)
		json_put_bool(body, "all_covered", true);
	struct sending s = {method, body, args_has(&c->args, "dry-run")};
	if (app != NULL) {
		status = send_to_app(c, &s, app);
	} else {
		send_to(c, &s, host, &a);
		status = finish(c, &s, &a);
	}
	json_decref(body);
	return status;
}

int
cli_certs_add(struct cli *c)
{
	return upload(c, "POST");
}

int
cli_certs_update(struct cli *c)
{
	return upload(c, "PUT");
}
