#include <stdio.h>

#include "admin-tui/cli.h"
#include "admin-tui/cli_man.h"
#include "admin-tui/cli_run.h"
#include "base/app_setting.h"

#define INDENT 34 /* of the sentence behind a command */

static void
show_option(struct cli *c, const struct command_option *o)
{
	char left[64], letter[4] = "";
	if (o->letter != 0)
		snprintf(letter, sizeof(letter), "-%c,", o->letter);
	if (o->value != NULL && o->value[0] == '[')
		snprintf(left, sizeof(left), "%-3s --%s[=%s", letter, o->name,
		    o->value + 1);
	else
		snprintf(left, sizeof(left), "%-3s --%s%s%s", letter, o->name,
		    o->value != NULL ? " " : "",
		    o->value != NULL ? o->value : "");
	fprintf(c->out.out, "  %-30s %s\n", left, o->help);
}

static void
show_options(struct cli *c, const struct command_option *list)
{
	for (; list != NULL && list->name != NULL; list++)
		if (list->help[0] != '\0')
			show_option(c, list);
}

/* Everything, group by group, as in the table. */
static void
show_all(struct cli *c)
{
	FILE *out = c->out.out;
	fputs("towpath [-s SERVER] [-j] [--read-only] COMMAND ...\n\n", out);
	for (const struct command *k = commands; k->words != NULL; k++) {
		char left[COMMAND_SYNOPSIS_SIZE];
		snprintf(left, sizeof(left), "%s %s", k->words, k->args);
		fprintf(out, "  %-*s", INDENT, left);
		if (strlen(left) >= INDENT)
			fprintf(out, "\n  %-*s", INDENT, "");
		fprintf(out, "%s\n", k->help);
	}
	fputs("\nOptions of every command\n\n", out);
	show_options(c, command_globals);
	fputs(
	    "\nWithout a command: the console on a terminal.\n"
	    "towpath help COMMAND tells more of one; towpath help CODE what a "
	    "code\nmeans, as D12 or H12. certs:add and certs-add are certs "
	    "add.\n"
	    "Exit: 0 done, 1 refused or failed, 2 wrong usage, 3 daemon not "
	    "reachable, 4 not\nyet (--wait ran out).\n",
	    out);
}

/* Each key with its default. */
static void
show_settings(FILE *out)
{
	const struct app_setting *s;
	char line[256];
	fputs("\n", out);
	for (size_t i = 0; (s = app_setting_at(i)) != NULL; i++) {
		fprintf(out, "  %s%s%s%s\n", s->key,
		    *s->standard != '\0' ? " [" : "", s->standard,
		    *s->standard != '\0' ? "]" : "");
		snprintf(line, sizeof(line), "%s%s%s", s->help,
		    s->choices != NULL ? ": " : "",
		    s->choices != NULL ? s->choices : "");
		cli_wrap(out, line, "      ", 78);
	}
}

int
cli_help_command(struct cli *c, const struct command *command)
{
	char synopsis[COMMAND_SYNOPSIS_SIZE];
	FILE *out = c->out.out;
	fprintf(out, "towpath %s\n\n  %s.\n",
	    command_synopsis(command, synopsis), command->help);
	if (command->detail != NULL) {
		fputs("\n", out);
		cli_wrap(out, command->detail, "  ", 78);
	}
	if (command_takes_settings(command))
		show_settings(out);
	if (command->options != NULL && command->options[0].help[0] != '\0') {
		fputs("\n", out);
		show_options(c, command->options);
	}
	return CLI_DONE;
}

/* "certs" also tells of the commands under it. */
static void
show_group(struct cli *c, struct slice word)
{
	for (const struct command *k = commands; k->words != NULL; k++) {
		struct slice words = slice_str(k->words);
		if (!slice_starts_with(words, word) || words.n <= word.n ||
		    words.p[word.n] != ' ')
			continue;
		fprintf(c->out.out, "\ntowpath %s %s\n  %s.\n", k->words,
		    k->args, k->help);
	}
}

/* roff: of the commands, or with the word "faults" of the codes. */
static int
show_manual(struct cli *c)
{
	if (c->args.n_words == 0)
		cli_man(c->out.out);
	else if (strcmp(args_word(&c->args, 0), "faults") == 0)
		cli_man_faults(c->out.out);
	else
		return cli_usage(c, "help --man takes nothing, or faults");
	return CLI_DONE;
}

int
cli_help(struct cli *c)
{
	size_t used;
	if (args_has(&c->args, "man"))
		return show_manual(c);
	if (c->args.n_words == 0) {
		show_all(c);
		return CLI_DONE;
	}
	const char *word = args_word(&c->args, 0);
	const struct command *command =
	    command_match(c->args.words, c->args.n_words, &used);
	if (command != NULL) {
		cli_help_command(c, command);
		show_group(c, slice_str(command->words));
		return CLI_DONE;
	}
	if (cli_help_code(c, word))
		return CLI_DONE;
	return cli_usage(c, "neither a command nor a code: %s", word);
}
