#include <stdio.h>

#include "admin-tui/cli.h"
#include "admin-tui/cli_man.h"
#include "base/codes.h"
#include "base/fault.h"
#include "base/mem.h"

#define INDENT  "  "
#define COLUMNS 78

/* What both tables say of a code. */
struct story {
	const char *code, *title, *cause, *action;
};

/* A group of codes: its letter, what it is about, what tells more. */
static const struct group {
	char letter;
	const char *title;
	const char *see; /* commands, comma between them */
} groups[] = {
    {'N', "Names and apps", "towpath domains, towpath apps, towpath backends"},
    {'C', "Certificates",
	"towpath certs info HOST, towpath certs history HOST, towpath explain "
	"HOST"},
    {'D', "DNS", "towpath domains check HOST, towpath explain HOST"},
    {'A', "The certificate authority", "towpath explain HOST, towpath acme"},
    {'S', "The system", "towpath status, towpathd -t"},
    {'P', "Requests and commands", "towpath help, towpath help COMMAND"},
    {'H', "Router lines",
	"towpath logs --code CODE, towpath explain REQUEST-ID"},
    {'T', "Router lines, of towpath's own",
	"towpath logs --code CODE, towpath explain REQUEST-ID"},
};

static const struct group *
group_of(const char *code)
{
	for (size_t i = 0; i < COUNT_OF(groups); i++)
		if (groups[i].letter == code[0])
			return &groups[i];
	return NULL;
}

static struct story
story_of_fault(enum fault_code code)
{
	const struct fault_row *row = fault_lookup(code);

	return (struct story){row->code, row->title, row->cause, row->action};
}

static struct story
story_of_code(enum code code)
{
	const struct code_row *row = code_row(code);

	return (struct story){row->name, row->desc, row->cause, row->action};
}

/* --- help CODE ------------------------------------------------------------ */

/* "d12" is D12. */
static bool
find(const char *word, struct story *out)
{
	char code[8];
	enum fault_code fault;
	enum code router;

	if (slice_to_str(slice_str(word), code, sizeof(code)) != ERR_OK)
		return false;
	if (code[0] >= 'a' && code[0] <= 'z')
		code[0] = (char)(code[0] - 'a' + 'A');
	fault = fault_code_parse(code);
	router = code_parse(code);
	if (fault != FAULT_NONE)
		*out = story_of_fault(fault);
	else if (router != CODE_NONE)
		*out = story_of_code(router);
	return fault != FAULT_NONE || router != CODE_NONE;
}

static void
show_paragraph(FILE *out, const char *title, const char *text)
{
	fprintf(out, "\n%s\n", title);
	cli_wrap(out, text, INDENT, COLUMNS);
}

bool
cli_help_code(struct cli *c, const char *word)
{
	FILE *out = c->out.out;
	struct story s;
	json_t *o;

	if (!find(word, &s))
		return false;
	if (c->out.is_json) {
		o = json_object();
		json_put_str(o, "code", s.code);
		json_put_str(o, "text", s.title);
		json_put_str(o, "cause", s.cause);
		json_put_str(o, "action", s.action);
		cli_json(&c->out, o);
		json_decref(o);
		return true;
	}
	fprintf(out, "%s  %s\n", s.code, s.title);
	show_paragraph(out, "Cause", s.cause);
	show_paragraph(out, "What to do", s.action);
	show_paragraph(out, "See also", group_of(s.code)->see);
	return true;
}

/* --- towpath-faults(7) ---------------------------------------------------- */

static const char head[] =
    ".TH TOWPATH-FAULTS 7 \"\" \"towpath " TOWPATH_VERSION
    "\" \"Codes of towpath\"\n"
    ".SH NAME\n"
    "towpath\\-faults \\- what each code of towpath means and what to do\n"
    ".SH DESCRIPTION\n"
    "When something is wrong, towpath says so with a code that stays the\n"
    "same, one sentence, and what to do.\n"
    "A domain's fault is in\n.B towpath domains info HOST\n"
    "and in its events;\n.B towpath explain HOST\n"
    "tells the whole story of one domain, and\n.B towpath help CODE\n"
    "what stands here of one code.\n"
    "What towpath says in a case is more exact than this page: it names the\n"
    "record, the file or the time.\n"
    ".PP\n"
    "Where nothing else is said, towpath tries again by itself, and when is\n"
    "in\n.BR \"towpath explain HOST\" .\n";

static const char tail[] = ".SH SEE ALSO\n"
			   ".BR towpath (1),\n"
			   ".BR towpath.conf (5),\n"
			   ".BR towpathd (8)\n";

static void
man_story(FILE *out, const struct story *s)
{
	fprintf(out, ".TP\n.B %s\n", s->code);
	cli_man_text(out, s->title);
	fputs(".\n.br\n", out);
	cli_man_text(out, s->cause);
	fputs(".\n.br\n.I What to do:\n", out);
	cli_man_text(out, s->action);
	fputs(".\n", out);
}

static void
man_group(FILE *out, const struct group *g)
{
	struct story s;

	fputs(".SH ", out);
	cli_man_text(out, g->title);
	fputc('\n', out);
	for (int i = FAULT_NONE + 1; i < FAULT_CODES; i++) {
		s = story_of_fault((enum fault_code)i);
		if (s.code[0] == g->letter)
			man_story(out, &s);
	}
	for (int i = CODE_NONE + 1; i < CODES; i++) {
		s = story_of_code((enum code)i);
		if (s.code[0] == g->letter)
			man_story(out, &s);
	}
}

void
cli_man_faults(FILE *out)
{
	fputs(head, out);
	for (size_t i = 0; i < COUNT_OF(groups); i++)
		man_group(out, &groups[i]);
	fputs(tail, out);
}
