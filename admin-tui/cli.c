#include "admin-tui/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

#define PAGE         "1000"
#define WAIT_DEFAULT 300
#define WAIT_MAX     (7 * 24 * 3600)

int
cli_status_of(const struct fault *f)
{
	if (f->code == FAULT_P20_DAEMON_AWAY)
		return CLI_AWAY;
	if (f->code == FAULT_P18_USAGE || f->code == FAULT_P19_CONFIRM)
		return CLI_USAGE;
	return CLI_REFUSED;
}

int
cli_refuse(const struct cli *c, const struct fault *f)
{
	cli_fault(&c->out, f, NULL);
	return cli_status_of(f);
}

int
cli_usage(const struct cli *c, const char *fmt, ...)
{
	struct fault f;
	char synopsis[COMMAND_SYNOPSIS_SIZE];
	char text[FAULT_TEXT_SIZE];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fault_set(&f, FAULT_P18_USAGE, "%s", text);
	fault_action(&f, "Usage: towpath %s",
	    command_synopsis(c->args.command, synopsis));
	return cli_refuse(c, &f);
}

int
cli_ask(struct cli *c, const char *method, char *path, json_t *body,
    struct client_answer *out)
{
	struct client_request request = {
	    .method = method, .path = path, .body = body};
	int status = CLI_DONE;
	if (!client_ask(c->client, &request, out)) {
		cli_fault(&c->out, &out->fault, out->body);
		status = out->is_away ? CLI_AWAY : CLI_REFUSED;
		client_answer_clear(out);
	}
	free(path);
	json_decref(body);
	return status;
}

int
cli_do(struct cli *c, const char *method, char *path, json_t *body)
{
	struct client_answer a;
	int status = cli_ask(c, method, path, body, &a);
	if (status != CLI_DONE)
		return status;
	if (a.body != NULL)
		cli_json(&c->out, a.body);
	client_answer_clear(&a);
	return CLI_DONE;
}

/* --- lists ---------------------------------------------------------------- */

/* One array of all pages, an object a line. */
static void
print_items(const struct cli *c, const json_t *page, size_t *n_before)
{
	size_t i;
	json_t *item;
	json_array_foreach(page, i, item)
	{
		char *text = json_text(item);
		fprintf(c->out.out, "%s%s", *n_before == 0 ? "[" : ",\n", text);
		free(text);
		++*n_before;
	}
}

static void
show_page(
    struct cli *c, const json_t *page, struct cli_table *table, cli_row *show)
{
	size_t i;
	json_t *item;
	json_array_foreach(page, i, item) show(table, c, item);
	cli_table_show(table, &c->out);
}

int
cli_list(struct cli *c, char *path, struct cli_table *table, cli_row *show)
{
	size_t n = 0;
	int status = CLI_DONE;
	client_query(&path, "limit", PAGE);
	while (path != NULL && status == CLI_DONE) {
		struct client_answer a;
		status = cli_ask(c, "GET", path, NULL, &a);
		path = NULL;
		if (status != CLI_DONE)
			break;
		if (c->out.is_json)
			print_items(c, a.body, &n);
		else
			show_page(c, a.body, table, show);
		path = a.next;
		a.next = NULL;
		client_answer_clear(&a);
	}
	if (c->out.is_json && (status == CLI_DONE || n > 0))
		fputs(n == 0 ? "[]\n" : "]\n", c->out.out);
	cli_table_clear(table);
	return status;
}

/* --- words ---------------------------------------------------------------- */

int
cli_host(struct cli *c, size_t i, char host[HOST_SIZE])
{
	struct fault f;
	if (host_normalise(slice_str(args_word(&c->args, i)), host, &f) ==
	    ERR_OK)
		return CLI_DONE;
	return cli_refuse(c, &f);
}

/* What a person typed, without its newline; false at the end of input. */
static bool
read_reply(char *out, size_t size)
{
	if (fgets(out, (int)size, stdin) == NULL)
		return false;
	out[strcspn(out, "\n")] = '\0';
	return true;
}

int
cli_confirm(struct cli *c, const char *what, const char *name)
{
	struct fault f;
	const char *given = args_value(&c->args, "confirm");
	char reply[HOST_SIZE + 2] = "";
	if (given == NULL && isatty(STDIN_FILENO) && isatty(STDERR_FILENO)) {
		fprintf(stderr, "This %s. Type %s to go on: ", what, name);
		if (!read_reply(reply, sizeof(reply)))
			fputc('\n', stderr);
		given = reply;
	}
	if (given != NULL && strcmp(given, name) == 0)
		return CLI_DONE;
	fault_set(&f, FAULT_P19_CONFIRM,
	    given == NULL ? "this %s, which was not confirmed"
			  : "this %s, and another name was confirmed",
	    what);
	fault_action(&f, "Repeat with --confirm %s", name);
	return cli_refuse(c, &f);
}

json_t *
cli_text(const char *word)
{
	/* The setter copes with bytes that are not UTF-8. */
	json_t *o = json_object();
	json_put_str(o, "word", word);
	json_t *text = json_incref(json_object_get(o, "word"));
	json_decref(o);
	return text;
}

/* A key that is given again makes a list of its values. */
static void
put_setting(json_t *o, const char *key, const char *value)
{
	json_t *present = json_object_get(o, key), *list;
	if (present == NULL) {
		json_put_str(o, key, value[0] == '\0' ? NULL : value);
		return;
	}
	list = json_is_array(present) ? json_incref(present) : json_array();
	if (!json_is_array(present))
		json_array_append(list, present);
	json_array_append_new(list, cli_text(value));
	json_put(o, key, list);
}

int
cli_settings(struct cli *c, size_t first, json_t **out)
{
	*out = NULL;
	json_t *o = json_object();
	for (size_t i = first; i < c->args.n_words; i++) {
		struct slice word = slice_str(args_word(&c->args, i));
		size_t equals = slice_find(word, '=');
		if (equals == 0 || equals == word.n) {
			json_decref(o);
			return cli_usage(c, "not KEY=VALUE: %s", word.p);
		}
		char *key = xstrdup_slice(slice_of(word.p, equals));
		put_setting(o, key, word.p + equals + 1);
		free(key);
	}
	*out = o;
	return CLI_DONE;
}

int
cli_wait_seconds(struct cli *c, int64_t *seconds)
{
	const char *value = args_value(&c->args, "wait");
	uint64_t given;
	*seconds = args_has(&c->args, "wait") ? WAIT_DEFAULT : 0;
	if (value == NULL)
		return CLI_DONE;
	if (slice_to_u64(slice_str(value), &given) != ERR_OK || given == 0 ||
	    given > WAIT_MAX)
		return cli_usage(
		    c, "not a number of seconds: --wait=%s", value);
	*seconds = (int64_t)given;
	return CLI_DONE;
}

static void
on_slept(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)w, (void)events;
	ev_break(loop, EVBREAK_ONE);
}

void
cli_sleep(struct cli *c, double seconds)
{
	ev_timer timer;
	ev_timer_init(&timer, on_slept, seconds, 0.);
	ev_now_update(c->loop);
	ev_timer_start(c->loop, &timer);
	ev_run(c->loop, 0);
}

char *
cli_fault_text(const json_t *fault, char out[CLI_FAULT_SIZE])
{
	out[0] = '\0';
	if (json_is_object(fault))
		snprintf(out, CLI_FAULT_SIZE, "%s %s", json_str(fault, "code"),
		    json_str(fault, "text"));
	return out;
}

/* --- files ---------------------------------------------------------------- */

static enum err
unreadable(const char *name, struct fault *f)
{
	fault_set(
	    f, FAULT_S24_FILE_UNREADABLE, "%s: %s", name, strerror(errno));
	return ERR_IO;
}

/* One byte more than max is read, to tell "just fits" from "too big". */
static enum err
read_all(int fd, const char *name, size_t max, struct buf *out, struct fault *f)
{
	while (out->len <= max) {
		size_t room = max + 1 - out->len;
		if (room > 65536)
			room = 65536;
		ssize_t n = read(fd, buf_room(out, room), room);
		if (n < 0)
			return unreadable(name, f);
		if (n == 0)
			break;
		buf_added(out, (size_t)n);
	}
	if (out->len > max) {
		fault_set(f, FAULT_C20_TOO_BIG, "%s has more than %zu bytes",
		    name, max);
		return ERR_TOO_BIG;
	}
	if (out->len == 0) {
		fault_set(f, FAULT_C19_EMPTY, "%s is empty", name);
		return ERR_SYNTAX;
	}
	return ERR_OK;
}

enum err
cli_read_file(const char *name, size_t max, struct buf *out, struct fault *f)
{
	bool is_stdin = strcmp(name, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	buf_init(out, max + 1);
	if (fd < 0)
		return unreadable(name, f);
	enum err e =
	    read_all(fd, is_stdin ? "standard input" : name, max, out, f);
	if (!is_stdin)
		close(fd);
	return e;
}
