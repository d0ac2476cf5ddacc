#ifndef ADMIN_TUI_CLI_MAN_H
#define ADMIN_TUI_CLI_MAN_H
/*
 * The table of commands as a manual page, and as paragraphs.
 */
#include <stdio.h>

#include "admin-tui/commands.h"

struct cli;

/* towpath(1) in man(7), for `towpath help --man`. */
void cli_man(FILE *out);

/* towpath-faults(7): every code of both tables, for `help --man faults`. */
void cli_man_faults(FILE *out);

/* Plain text into roff; what stands `between backticks` is bold. */
void cli_man_text(FILE *out, const char *text);

/* A code of a fault or of a router line ("D12", "h12") with its cause, what to
 * do and which commands tell more.  false: it is none. */
bool cli_help_code(struct cli *c, const char *word);

/* One command: how it is called, what it does, its options. */
int cli_help_command(struct cli *c, const struct command *command);

/* Text broken at blanks into lines of at most so many bytes, each behind
 * `indent`. */
void cli_wrap(FILE *out, const char *text, const char *indent, size_t columns);

#endif
