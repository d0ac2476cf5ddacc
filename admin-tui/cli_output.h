#ifndef ADMIN_TUI_CLI_OUTPUT_H
#define ADMIN_TUI_CLI_OUTPUT_H
/*
 * What the commands print.  On a terminal columns align under a header, times
 * are local with their zone, and control characters are not let through;
 * elsewhere there is no header, tabs stand between columns, nothing is cut and
 * times are as in the API.
 */
#include <stdio.h>

#include "base/fault.h"
#include "base/json.h"

struct cli_output {
	FILE *out, *err;
	bool is_terminal; /* out */
	bool is_json;     /* --json */
	int columns;      /* of the terminal */
};

void cli_output_init(struct cli_output *o, bool is_json);

/* One sentence and a newline; nothing under --json. */
void cli_say(const struct cli_output *o, const char *fmt, ...) PRINTF(2, 3);

/* A label and its value, as one line; an empty value is "-" on a terminal.
 * Nothing under --json. */
void cli_field(const struct cli_output *o, const char *label, const char *fmt,
    ...) PRINTF(3, 4);

/* The document and a newline.  Only under --json. */
void cli_json(const struct cli_output *o, const json_t *document);

/* A fault on stderr: one line with code and action, or with --json the problem
 * document.  problem: as the API sent it, NULL if it did not. */
void cli_fault(
    const struct cli_output *o, const struct fault *f, const json_t *problem);

/* A time as it is shown: at is the API's text, NULL or "" is none. */
#define CLI_TIME_SIZE 64
char *cli_time(
    const struct cli_output *o, const char *at, char out[CLI_TIME_SIZE]);

/*
 * A table, of which pages are shown one by one: the header once, columns never
 * narrower than on the page before.
 *
 * Owned by: the command.   Freed by: cli_table_clear.
 */
#define CLI_TABLE_COLUMNS 12
struct cli_table {
	const char *const *heads; /* NULL at the end */
	size_t n_columns;
	int widths[CLI_TABLE_COLUMNS];
	char **cells; /* own copies, row by row */
	size_t n_cells;
	bool had_header;
};

void cli_table_init(struct cli_table *t, const char *const *heads);
void cli_table_clear(struct cli_table *t);

/* The next cell, left to right; NULL or "" is shown as "-" on a terminal. */
void cli_table_add(struct cli_table *t, const char *cell);
void cli_table_addf(struct cli_table *t, const char *fmt, ...) PRINTF(2, 3);

/* Prints the rows added since and forgets them. */
void cli_table_show(struct cli_table *t, const struct cli_output *o);

#endif
