#include "admin-tui/cli_man.h"

#include "base/app_setting.h"
#include "base/slice.h"

void
cli_wrap(FILE *out, const char *text, const char *indent, size_t columns)
{
	struct slice rest = slice_str(text), word;
	size_t used = 0;
	while (slice_word(&rest, &word)) {
		if (used > 0 && used + 1 + word.n > columns) {
			fputc('\n', out);
			used = 0;
		}
		fputs(used == 0 ? indent : " ", out);
		used += (used == 0 ? strlen(indent) : 1) + word.n;
		fwrite(word.p, 1, word.n, out);
	}
	if (used > 0)
		fputc('\n', out);
}

void
cli_man_text(FILE *out, const char *text)
{
	bool is_bold = false;
	if (text[0] == '.' || text[0] == '\'')
		fputs("\\&", out);
	for (; *text != '\0'; text++) {
		if (*text == '`') {
			fputs(is_bold ? "\\fR" : "\\fB", out);
			is_bold = !is_bold;
		} else if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
	}
}

static void
man_option(FILE *out, const struct command_option *o)
{
	if (o->help[0] == '\0')
		return;
	fputs(".TP\n.B ", out);
	if (o->letter != 0)
		fprintf(out, "\\-%c, ", o->letter);
	fputs("\\-\\-", out);
	cli_man_text(out, o->name);
	if (o->value != NULL && o->value[0] == '[')
		fprintf(out, "[=%s", o->value + 1);
	else if (o->value != NULL)
		fprintf(out, " %s", o->value);
	fputc('\n', out);
	cli_man_text(out, o->help);
	fputs(".\n", out);
}

static void
man_settings(FILE *out)
{
	const struct app_setting *s;
	for (size_t i = 0; (s = app_setting_at(i)) != NULL; i++) {
		fprintf(out, ".TP\n.BR %s", s->key);
		if (*s->standard != '\0') {
			fputs(" \" [", out);
			cli_man_text(out, s->standard);
			fputs("]\"", out);
		}
		fputc('\n', out);
		cli_man_text(out, s->help);
		if (s->choices != NULL) {
			fputs(": ", out);
			cli_man_text(out, s->choices);
		}
		fputs(".\n", out);
	}
}

static void
man_command(FILE *out, const struct command *command)
{
	char synopsis[COMMAND_SYNOPSIS_SIZE];
	fputs(".SS ", out);
	cli_man_text(out, command_synopsis(command, synopsis));
	fputs("\n.PP\n", out);
	cli_man_text(out, command->help);
	fputs(".\n", out);
	if (command->detail != NULL) {
		cli_man_text(out, command->detail);
		fputc('\n', out);
	}
	if (command_takes_settings(command))
		man_settings(out);
	for (const struct command_option *o = command->options;
	     o != NULL && o->name != NULL; o++)
		man_option(out, o);
}

static const char head[] =
    ".TH TOWPATH 1 \"\" \"towpath " TOWPATH_VERSION "\" \"User commands\"\n"
    ".SH NAME\n"
    "towpath \\- domains, certificates and apps of an HTTPS router\n"
    ".SH SYNOPSIS\n"
    ".B towpath\n"
    "[\\-s SERVER] [\\-j] [\\-\\-read\\-only] COMMAND ...\n"
    ".SH DESCRIPTION\n"
    "Speaks to\n.BR towpathd (8)\n"
    "on its control socket.\n"
    "Without a command it opens the console when standard output is a\n"
    "terminal, and prints its help otherwise.\n"
    ".PP\n"
    "Options may stand anywhere. A FILE of \\- is standard input. HOST may be\n"
    "Unicode; answers have the form that DNS uses (A\\-labels).\n"
    "certs:add and certs\\-add are accepted for certs add, and so on.\n"
    ".PP\n"
    "On a terminal columns align under a header and times are local with\n"
    "their zone. Elsewhere there is no header, tabs stand between columns,\n"
    "nothing is cut, and times are RFC 3339 in UTC.\n"
    ".SH OPTIONS\n";

static const char tail[] =
    ".SH ENVIRONMENT\n"
    ".TP\n.B TOWPATH_SOCKET\n"
    "What \\-s gives, when it is not given.\n"
    ".TP\n.B TOWPATH_TOKEN\n"
    "The token for an https:// server.\n"
    ".SH FILES\n"
    ".TP\n.I /run/towpath/control.sock\n"
    "The control socket.\n"
    ".SH EXIT STATUS\n"
    ".TP\n0\nDone.\n"
    ".TP\n1\nRefused or failed; the reason is on standard error, one line\n"
    "with its code (with \\-j the problem document).\n"
    ".TP\n2\nWrong usage.\n"
    ".TP\n3\nThe daemon cannot be reached.\n"
    ".TP\n4\nNot yet: \\-\\-wait ran out.\n"
    ".SH SEE ALSO\n"
    ".BR towpathd (8),\n"
    ".BR towpath.conf (5),\n"
    ".BR towpath\\-faults (7)\n";

void
cli_man(FILE *out)
{
	fputs(head, out);
	for (const struct command_option *o = command_globals; o->name != NULL;
	     o++)
		man_option(out, o);
	fputs(".SH COMMANDS\n", out);
	for (const struct command *c = commands; c->words != NULL; c++)
		man_command(out, c);
	fputs(tail, out);
}
