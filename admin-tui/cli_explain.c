#include "admin-tui/cli.h"
#include "admin-tui/cli_run.h"
#include "admin-tui/story.h"
#include "admin-tui/text.h"
#include "base/mem.h"

#define COLUMNS_MAX 79 /* longer lines are hard to read */

/* --- a host ---------------------------------------------------------------
 */

/* Broken at the edge of a terminal; elsewhere a line is a line. */
static void
on_line(void *ctx, enum story_kind kind, int indent, const char *text)
{
	const struct cli *c = ctx;
	struct slice rest = slice_str(text), line;
	int columns =
	    c->out.columns < COLUMNS_MAX ? c->out.columns : COLUMNS_MAX;

	if (kind == STORY_TITLE)
		cli_say(&c->out, "%s", "");
	if (!c->out.is_terminal || kind == STORY_RECORD) {
		cli_say(&c->out, "%*s%s", indent, "", text);
		return;
	}
	for (int more = 0; text_wrap(&rest, columns - indent - more, &line);
	     more = indent > 0 ? 2 : 0)
		cli_say(&c->out, "%*s%" SLICE_FMT, indent + more, "",
		    SLICE_ARG(line));
}

/* --- a request ------------------------------------------------------------
 */

static void
show_request(struct cli *c, const json_t *o)
{
	size_t i;
	json_t *sentence;

	cli_say(&c->out, "%s", json_str(json_obj(o, "request"), "line"));
	json_array_foreach(json_obj(o, "why"), i, sentence)
	{
		cli_say(&c->out, "%s", json_string_value(sentence));
	}
}

int
cli_explain(struct cli *c)
{
	const char *what = args_word(&c->args, 0);
	struct client_answer a;
	char host[HOST_SIZE];
	struct fault f;
	int status;

	/* no request id has a dot, and every host has */
	if (strchr(what, '.') != NULL) {
		if (host_normalise(slice_str(what), host, &f) != ERR_OK)
			return cli_refuse(c, &f);
		what = host;
	}
	status =
	    cli_ask(c, "GET", client_path("explain", what, NULL), NULL, &a);
	if (status != CLI_DONE)
		return status;
	cli_json(&c->out, a.body);
	if (json_object_get(a.body, "host") != NULL)
		story_tell(a.body, !c->out.is_terminal, on_line, c);
	else
		show_request(c, a.body);
	client_answer_clear(&a);
	return CLI_DONE;
}
