#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin-tui/cli.h"
#include "admin-tui/cli_run.h"

/* Of one request; the daemon refuses more. */
#define BATCH_LINES      500
#define BATCH_BYTES      (4 * 1024 * 1024)

#define READ_PIECE       65536
#define BATCH_TIMEOUT_MS (10 * 60 * 1000) /* 500 certificates to be proved */

/* One import: lines gathered, and what became of those before. */
struct import {
	struct cli *cli;
	const char *name;
	int fd;
	bool is_eof;
	struct buf input;   /* read, not yet a whole line */
	struct buf batch;   /* whole lines */
	size_t n_batch;     /* of them */
	int64_t first_line; /* number of the batch's first line */
	int64_t taken, refused;
	json_t *lines; /* --json: what the API said of each line */
};

/* --- answers -------------------------------------------------------------- */

static void
refuse_line(struct import *im, int64_t line, const struct fault *f)
{
	struct fault shown = *f;
	im->refused++;
	fault_prefix(&shown, "line %lld", (long long)line);
	if (!im->cli->out.is_json)
		cli_fault(&im->cli->out, &shown, NULL);
}

/* The API numbers the lines of a batch from 1. */
static void
take_answer(struct import *im, const json_t *answer)
{
	size_t i;
	json_t *item;
	im->taken += json_int(answer, "taken");
	json_array_foreach(json_obj(answer, "lines"), i, item)
	{
		int64_t line = json_int(item, "line") + im->first_line - 1;
		struct fault f = {0};
		json_put_int(item, "line", line);
		json_array_append(im->lines, item);
		if (json_bool(item, "ok"))
			continue;
		json_to_fault(json_obj(item, "fault"), &f);
		refuse_line(im, line, &f);
	}
}

static int
send_batch(struct import *im)
{
	struct cli *c = im->cli;
	struct client_answer a;
	char *path = client_path("import", NULL);
	int status = CLI_DONE;
	if (args_has(&c->args, "dry-run"))
		client_query(&path, "dry_run", "1");
	struct client_request request = {.method = "POST",
	    .path = path,
	    .bytes = buf_slice(&im->batch),
	    .content_type = "application/x-ndjson",
	    .timeout_ms = BATCH_TIMEOUT_MS};
	if (im->n_batch > 0 && client_ask(c->client, &request, &a)) {
		take_answer(im, a.body);
		client_answer_clear(&a);
	} else if (im->n_batch > 0) {
		cli_fault(&c->out, &a.fault, a.body);
		status = cli_status_of(&a.fault);
		client_answer_clear(&a);
	}
	free(path);
	im->first_line += (int64_t)im->n_batch;
	im->n_batch = 0;
	buf_wipe(&im->batch); /* private keys */
	return status;
}

/* --- lines ---------------------------------------------------------------- */

static int
add_line(struct import *im, struct slice line)
{
	int status = CLI_DONE;
	bool is_full = im->n_batch == BATCH_LINES ||
		       im->batch.len + line.n + 1 > BATCH_BYTES;
	if (is_full)
		status = send_batch(im);
	if (status != CLI_DONE)
		return status;
	buf_add(&im->batch, line);
	buf_add_char(&im->batch, '\n');
	im->n_batch++;
	return CLI_DONE;
}

/* A line that no request can hold: told here, and passed over to its end. */
static int
skip_long_line(struct import *im)
{
	struct fault f;
	int status = send_batch(im);
	if (status != CLI_DONE)
		return status;
	fault_set(&f, FAULT_P16_IMPORT_LINE, "it has more than %d bytes",
	    BATCH_BYTES - 1);
	json_t *item = json_object();
	json_put_int(item, "line", im->first_line);
	json_put_bool(item, "ok", false);
	json_put(item, "fault", json_fault(&f));
	json_array_append_new(im->lines, item);
	refuse_line(im, im->first_line, &f);
	return CLI_DONE;
}

static int
read_piece(struct import *im)
{
	struct fault f;
	ssize_t n = read(im->fd, buf_room(&im->input, READ_PIECE), READ_PIECE);
	if (n < 0) {
		fault_set(&f, FAULT_S24_FILE_UNREADABLE, "%s: %s", im->name,
		    strerror(errno));
		return cli_refuse(im->cli, &f);
	}
	im->is_eof = n == 0;
	buf_added(&im->input, (size_t)n);
	return CLI_DONE;
}

/* Every whole line of the input; the last one needs no newline. */
static int
take_lines(struct import *im, bool *is_skipping)
{
	for (;;) {
		struct slice in = buf_slice(&im->input);
		size_t end = slice_find(in, '\n');
		int status = CLI_DONE;
		bool is_whole = end < in.n || (im->is_eof && in.n > 0);
		if (*is_skipping) {
			bool ends = end < in.n;
			buf_consume(&im->input, ends ? end + 1 : in.n);
			*is_skipping = !ends;
			im->first_line += ends;
			if (!ends)
				return CLI_DONE;
			continue;
		}
		if (is_whole && end < BATCH_BYTES) {
			status = add_line(im, slice_of(in.p, end));
			buf_consume(&im->input, end < in.n ? end + 1 : in.n);
		} else if (in.n >= BATCH_BYTES) {
			status = skip_long_line(im);
			*is_skipping = true;
		} else {
			return CLI_DONE;
		}
		if (status != CLI_DONE)
			return status;
	}
}

static int
run_import(struct import *im)
{
	bool is_skipping = false;
	int status = CLI_DONE;
	while (status == CLI_DONE && !im->is_eof) {
		status = read_piece(im);
		if (status == CLI_DONE)
			status = take_lines(im, &is_skipping);
	}
	return status == CLI_DONE ? send_batch(im) : status;
}

static void
print_totals(struct import *im)
{
	struct cli *c = im->cli;
	bool is_dry_run = args_has(&c->args, "dry-run");
	cli_say(&c->out, "%lld %s, %lld refused", (long long)im->taken,
	    is_dry_run ? "would be taken" : "taken", (long long)im->refused);
	json_t *all = json_object();
	json_put(all, "lines", json_incref(im->lines));
	json_put_int(all, "taken", im->taken);
	json_put_int(all, "refused", im->refused);
	cli_json(&c->out, all);
	json_decref(all);
}

int
cli_import(struct cli *c)
{
	const char *name = args_word(&c->args, 0);
	bool is_stdin = strcmp(name, "-") == 0;
	struct import im = {.cli = c, .name = name, .first_line = 1};
	struct fault f;
	im.fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	if (im.fd < 0) {
		fault_set(&f, FAULT_S24_FILE_UNREADABLE, "%s: %s", name,
		    strerror(errno));
		return cli_refuse(c, &f);
	}
	buf_init(&im.input, BATCH_BYTES + READ_PIECE);
	buf_init(&im.batch, BATCH_BYTES);
	im.lines = json_array();
	int status = run_import(&im);
	print_totals(&im);
	if (!is_stdin)
		close(im.fd);
	buf_wipe(&im.input);
	buf_wipe(&im.batch);
	json_decref(im.lines);
	return status == CLI_DONE && im.refused > 0 ? CLI_REFUSED : status;
}
