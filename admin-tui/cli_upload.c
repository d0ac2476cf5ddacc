#include "admin-tui/cli_upload.h"

#include <stdlib.h>
#include <string.h>

#include "admin-tui/upload_body.h"
#include "base/mem.h"

/* What the files come to. */
struct heap {
	struct upload_body body;
	size_t n_files;
};

/* --- files ---------------------------------------------------------------- */

/* A path is long; what a person called the file is its end. */
static const char *
short_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (strcmp(path, "-") == 0)
		return "(standard input)";
	return slash == NULL || slash[1] == '\0' ? path : slash + 1;
}

static int
add_file(struct cli *c, struct heap *heap, const char *name)
{
	struct buf file;
	struct fault f;
	int status = CLI_DONE;
	if (++heap->n_files > UPLOAD_FILES_MAX)
		return cli_usage(c, "more than %d files", UPLOAD_FILES_MAX);
	if (cli_read_file(name, UPLOAD_FILE_MAX, &file, &f) != ERR_OK ||
	    upload_body_add(
		&heap->body, buf_slice(&file), short_name(name), &f) != ERR_OK)
		status = cli_refuse(c, &f);
	buf_wipe(&file);
	return status;
}

static int
add_named(struct cli *c, struct heap *heap, const char *option)
{
	const char *name;
	size_t at = 0;
	int status = CLI_DONE;
	while (status == CLI_DONE &&
	       (name = args_each(&c->args, option, &at)) != NULL)
		status = add_file(c, heap, name);
	return status;
}

/* The leaf's file first: with --bypass the order given is the one served. */
static int
add_files(struct cli *c, size_t first, struct heap *heap)
{
	int status = add_named(c, heap, "cert");
	for (size_t i = first; i < c->args.n_words && status == CLI_DONE; i++)
		status = add_file(c, heap, args_word(&c->args, i));
	if (status == CLI_DONE)
		status = add_named(c, heap, "chain");
	if (status == CLI_DONE)
		status = add_named(c, heap, "key");
	return status;
}

/* The first line of the file is the passphrase. */
static int
put_passphrase(struct cli *c, json_t *upload)
{
	struct buf file;
	struct fault f;
	const char *name = args_value(&c->args, "passphrase-file");
	if (name == NULL)
		return CLI_DONE;
	int status = CLI_DONE;
	if (cli_read_file(name, UPLOAD_PASSPHRASE_MAX, &file, &f) != ERR_OK) {
		status = cli_refuse(c, &f);
	} else {
		struct slice line = buf_slice(&file);
		line.n = slice_find(line, '\n');
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		json_put_slice(upload, "passphrase", line);
	}
	buf_wipe(&file);
	return status;
}

static json_t *
upload_of(const struct cli *c, const struct heap *heap)
{
	json_t *o = json_object();
	struct slice certificate = upload_body_certificate(&heap->body);
	struct slice chain = upload_body_chain(&heap->body);
	if (certificate.n > 0)
		json_put_slice(o, "certificate", certificate);
	if (chain.n > 0)
		json_put_slice(o, "chain", chain);
	if (args_has(&c->args, "bypass"))
		json_put_bool(o, "bypass", true);
	if (args_has(&c->args, "complete"))
		json_put_bool(o, "complete", true);
	return o;
}

int
upload_read(struct cli *c, size_t first, json_t **out)
{
	struct heap heap = {.n_files = 0};
	*out = NULL;
	upload_body_init(&heap.body);
	int status = add_files(c, first, &heap);
	if (status == CLI_DONE && heap.n_files > 0) {
		*out = upload_of(c, &heap);
		status = put_passphrase(c, *out);
	}
	if (status != CLI_DONE) {
		json_decref(*out);
		*out = NULL;
	}
	upload_body_clear(&heap.body);
	return status;
}

/* --- the answer ----------------------------------------------------------- */

/* A list of strings as one: "a, b, c". */
static char *
joined(const json_t *list)
{
	struct buf b;
	size_t i;
	json_t *item;
	buf_init(&b, 1024 * 1024);
	json_array_foreach(list, i, item)
	{
		buf_printf(&b, "%s%s", i == 0 ? "" : ", ",
		    json_is_string(item) ? json_string_value(item) : "?");
	}
	return buf_take(&b);
}

static void
show_list(struct cli *c, const char *label, const json_t *list)
{
	if (json_array_size(list) == 0)
		return;
	char *text = joined(list);
	cli_field(&c->out, label, "%s", text);
	free(text);
}

static void
show_lost(struct cli *c, const json_t *lost)
{
	size_t i;
	json_t *item;
	json_array_foreach(lost, i, item)
	{
		cli_field(&c->out, "Name lost",
		    "%s (%lld requests in the last 24 hours)",
		    json_str(item, "name"),
		    (long long)json_int(item, "requests_24h"));
	}
}

static void
show_faults(struct cli *c, const char *label, const json_t *faults)
{
	size_t i;
	json_t *item;
	char text[CLI_FAULT_SIZE];
	json_array_foreach(faults, i, item)
	{
		cli_field(&c->out, label, "%s. %s", cli_fault_text(item, text),
		    json_str(item, "action"));
	}
}

void
upload_show_fallback(struct cli *c, const json_t *fallback)
{
	const json_t *fault = json_obj(fallback, "fault");
	char text[CLI_FAULT_SIZE];
	if (!json_is_object(fallback))
		return;
	if (json_bool(fallback, "ready"))
		cli_field(&c->out, "Fallback", "%s",
		    "ready: an automatic certificate takes over at its end");
	else
		cli_field(&c->out, "Fallback", "not ready: %s. %s",
		    cli_fault_text(fault, text), json_str(fault, "action"));
}

void
upload_show_undo(struct cli *c, const char *host, int64_t number)
{
	if (number != 0)
		cli_field(&c->out, "Undo",
		    "towpath certs rollback %s --to %lld", host,
		    (long long)number);
}

/* What visitors had until now, in one line. */
static void
show_before(struct cli *c, const json_t *before)
{
	char time[CLI_TIME_SIZE];
	if (!json_is_object(before))
		return;
	cli_field(&c->out, "Before", "number %lld, %s, %s, until %s, %s, by %s",
	    (long long)json_int(before, "number"), json_str(before, "source"),
	    json_str(before, "key_type"),
	    cli_time(&c->out, json_str(before, "not_after"), time),
	    json_bool(before, "trusted") ? "trusted" : "not trusted",
	    json_str(before, "issuer"));
}

void
upload_show(struct cli *c, const json_t *answer, bool is_dry_run)
{
	const json_t *certificate = json_obj(answer, "certificate");
	char time[CLI_TIME_SIZE];
	show_list(c, is_dry_run ? "Would serve" : "Serves",
	    json_obj(answer, "hosts"));
	if (json_int(certificate, "number") != 0)
		cli_field(&c->out, "Number", "%lld",
		    (long long)json_int(certificate, "number"));
	show_before(c, json_obj(answer, "before"));
	show_list(c, "Names", json_obj(certificate, "names"));
	cli_field(&c->out, "Issuer", "%s", json_str(certificate, "issuer"));
	cli_field(&c->out, "Key", "%s", json_str(certificate, "key_type"));
	cli_field(&c->out, "Valid from", "%s",
	    cli_time(&c->out, json_str(certificate, "not_before"), time));
	cli_field(&c->out, "Expires", "%s",
	    cli_time(&c->out, json_str(certificate, "not_after"), time));
	cli_field(&c->out, "Chain", "%lld",
	    (long long)json_int(certificate, "chain_length"));
	cli_field(&c->out, "Trusted", "%s%s%s",
	    json_bool(certificate, "trusted") ? "yes" : "no",
	    json_str(certificate, "trust_fault")[0] != '\0' ? ": " : "",
	    json_str(certificate, "trust_fault"));
	show_list(c, "Names gained", json_obj(answer, "names_gained"));
	show_lost(c, json_obj(answer, "names_lost"));
	show_list(c, "Dropped", json_obj(answer, "dropped"));
	show_faults(c, "Warning", json_obj(answer, "warnings"));
	upload_show_fallback(c, json_obj(answer, "fallback"));
	const json_t *first = json_array_get(json_obj(answer, "hosts"), 0);
	if (!is_dry_run && json_is_string(first))
		upload_show_undo(
		    c, json_string_value(first), json_int(answer, "replaces"));
}
