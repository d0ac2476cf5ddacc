#ifndef ADMIN_TUI_COMMANDS_H
#define ADMIN_TUI_COMMANDS_H
/*
 * The one table of commands.  Parsing (args), help, shell completion, the
 * manual page and the console's palette are all derived from it, so a command
 * is added in one place.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct cli;

/* What running it does, for confirmation and for --read-only. */
enum command_effect {
	COMMAND_READS,
	COMMAND_CHANGES,
	COMMAND_DESTROYS, /* asks, or needs --confirm NAME */
	COMMAND_LOCAL,    /* never speaks to the daemon */
};

struct command_option {
	const char *name;  /* "app", without its dashes; NULL ends a list */
	char letter;       /* 'a'; 0: none */
	const char *also;  /* another long name; NULL: none */
	const char *value; /* "APP"; NULL: a switch; "[S]": only as --wait=S */
	const char *help;
};

struct command {
	const char *words; /* "apps create"; NULL ends the table */
	/*
	 * What follows the words: NAME is needed, [NAME] is not, NAME... is
	 * one or more, [NAME...] any number; HOST|--app=APP is needed unless
	 * that option is given.
	 */
	const char *args;
	const struct command_option *options; /* own ones; NULL: none */
	enum command_effect effect;
	const char *scope;  /* of a token that may: "certs"; "" for none */
	const char *help;   /* one line: what it does */
	const char *detail; /* more of it for the manual; NULL: none */
	int (*run)(struct cli *c); /* the exit status */
};

extern const struct command commands[];

/* Options that every command takes. */
extern const struct command_option command_globals[];

/* By its words, "certs add"; NULL: no such command. */
const struct command *command_find(struct slice words);

/*
 * The longest command that the first of n words name, in any accepted form:
 * "certs" "add", "certs:add", "certs-add".  *used words were its name.
 */
const struct command *command_match(char *const *words, size_t n, size_t *used);

/* Its KEYs are those of base/app_setting.h. */
bool command_takes_settings(const struct command *command);

/* An option of a command (or global, or with command NULL of any): by its long
 * name, or by its letter. */
const struct command_option *command_option(
    const struct command *command, struct slice name);
const struct command_option *command_letter(
    const struct command *command, char letter);

/* "certs add HOST|--app=APP FILE... [--bypass]" into out; returns out. */
#define COMMAND_SYNOPSIS_SIZE 512
char *command_synopsis(
    const struct command *command, char out[COMMAND_SYNOPSIS_SIZE]);

#endif
