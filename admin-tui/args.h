#ifndef ADMIN_TUI_ARGS_H
#define ADMIN_TUI_ARGS_H
/*
 * A command line, read by the table of commands.  Options may stand anywhere,
 * `--` ends them, `--name=value`, `--name value`, `-n value`, `-nvalue` and
 * joined switches (`-jf`) are understood.
 *
 * All strings are loans of argv.   Freed by: args_clear.
 */
#include "admin-tui/commands.h"
#include "base/fault.h"

struct args_option {
	const struct command_option *option;
	const char *value; /* NULL: a switch, or [S] without one */
};

struct args {
	const struct command *command; /* NULL: no words were given */
	char **words;                  /* what follows the command's words */
	size_t n_words;
	struct args_option *given;
	size_t n_given;
};

/*
 * ERR_SYNTAX and P18: unknown command or option, a value missing or too many,
 * too few or too many words.  *out is to be cleared either way; options that
 * were understood are in it even then, so that --json holds for the error.
 */
enum err MUST_USE args_parse(
    int argc, char **argv, struct args *out, struct fault *f);
void args_clear(struct args *a);

bool args_has(const struct args *a, const char *name);

/* The last value given; NULL: not given, or without a value. */
const char *args_value(const struct args *a, const char *name);

/* Every value of a repeated option; start with *at = 0.  NULL at the end. */
const char *args_each(const struct args *a, const char *name, size_t *at);

/* The word at i, NULL when there are fewer. */
const char *args_word(const struct args *a, size_t i);

#endif
