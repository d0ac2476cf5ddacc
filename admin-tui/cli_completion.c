#include <stdio.h>

#include "admin-tui/cli.h"
#include "admin-tui/cli_run.h"

/* The second words behind `first`, or with NULL all first words. */
static void
print_words(FILE *out, struct slice first)
{
	struct slice last = {NULL, 0};
	for (const struct command *k = commands; k->words != NULL; k++) {
		struct slice words = slice_str(k->words);
		struct slice head = slice_of(words.p, slice_find(words, ' '));
		struct slice rest = slice_from(words, head.n + 1);
		if (first.p == NULL && !slice_eq(head, last))
			fprintf(out, " %" SLICE_FMT, SLICE_ARG(head));
		if (first.p != NULL && slice_eq(head, first) && rest.n > 0)
			fprintf(out, " %" SLICE_FMT, SLICE_ARG(rest));
		last = head;
	}
}

static void
print_options(FILE *out, const struct command_option *list)
{
	for (; list != NULL && list->name != NULL; list++)
		if (list->help[0] != '\0')
			fprintf(out, " --%s", list->name);
}

/* One case of the script: what may follow these words. */
static void
print_case(FILE *out, const struct command *k)
{
	bool takes_file = strstr(k->args, "FILE") != NULL;
	fprintf(out, "\t'%s')\n\t\toptions=\"", k->words);
	print_options(out, k->options);
	print_options(out, command_globals);
	fputs("\"\n", out);
	if (takes_file)
		fputs("\t\tfiles=yes\n", out);
	if (strchr(k->words, ' ') == NULL) {
		fputs("\t\twords=\"", out);
		print_words(out, slice_str(k->words));
		if (strcmp(k->words, "completion") == 0)
			fputs("bash zsh", out);
		fputs("\"\n", out);
	}
	fputs("\t\t;;\n", out);
}

/*
 * Written for bash, to be sourced; zsh runs it by its bashcompinit.  Hosts and
 * apps are asked from the daemon, which answers at once or not at all.
 */
static void
print_script(FILE *out)
{
	fputs("_towpath() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} words= options= files=\n"
	      "\tlocal prev=${COMP_WORDS[COMP_CWORD-1]} command= word n=0\n"
	      "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
	      "\t\tcase $word in -*) continue ;; esac\n"
	      "\t\tn=$((n + 1))\n"
	      "\t\t[ $n -gt 2 ] || command=\"${command:+$command }$word\"\n"
	      "\tdone\n"
	      "\tcase $prev in\n"
	      "\t--app | -a) words=$(towpath apps 2>/dev/null | cut -f1) ;;\n"
	      "\t-o | --output | --cert | --chain | --key | "
	      "--passphrase-file) files=yes ;;\n"
	      "\tesac\n"
	      "\t[ -z \"$words\" ] || command=-\n"
	      "\tcase $command in\n"
	      "\t'') words=\"",
	    out);
	print_words(out, (struct slice){NULL, 0});
	fputs("\" ;;\n", out);
	for (const struct command *k = commands; k->words != NULL; k++)
		print_case(out, k);
	fputs("\tesac\n"
	      "\tcase $cur in -*) words=$options ;; esac\n"
	      "\tif [ $n -eq 2 ] && [ -z \"$words\" ]; then\n"
	      "\t\tcase $command in\n"
	      "\t\t'domains add') ;;\n"
	      "\t\tdomains\\ * | certs\\ *) words=$(towpath domains "
	      "2>/dev/null | cut -f1) ;;\n"
	      "\t\tapps\\ * | backends\\ *) words=$(towpath apps 2>/dev/null | "
	      "cut -f1) ;;\n"
	      "\t\tesac\n"
	      "\tfi\n"
	      "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	      "\t[ -z \"$files\" ] || COMPREPLY+=($(compgen -f -- \"$cur\"))\n"
	      "}\n"
	      "complete -o filenames -F _towpath towpath\n",
	    out);
}

int
cli_completion(struct cli *c)
{
	const char *shell = args_word(&c->args, 0);
	bool is_zsh = strcmp(shell, "zsh") == 0;
	if (!is_zsh && strcmp(shell, "bash") != 0)
		return cli_usage(c, "no such shell: %s", shell);
	if (is_zsh)
		fputs("whence compdef >/dev/null || { autoload -Uz compinit; "
		      "compinit; }\n"
		      "autoload -Uz bashcompinit && bashcompinit\n",
		    c->out.out);
	print_script(c->out.out);
	return CLI_DONE;
}
