#ifndef ADMIN_TUI_CLI_H
#define ADMIN_TUI_CLI_H
/*
 * One command under way: its words, the API and what is printed; and the moves
 * that all commands share.  Functions that return int return an exit status.
 *
 * Owned by: main, which also clears it.
 */
#include "admin-tui/args.h"
#include "admin-tui/cli_output.h"
#include "admin-tui/client.h"
#include "base/host.h"

enum cli_exit {
	CLI_DONE = 0,
	CLI_REFUSED = 1, /* or failed; the reason is on stderr */
	CLI_USAGE = 2,
	CLI_AWAY = 3,    /* the daemon cannot be reached */
	CLI_NOT_YET = 4, /* --wait ran out */
};

struct cli {
	struct args args;
	struct cli_output out;
	struct ev_loop *loop;
	struct client *client;
};

/* The status that belongs to a fault. */
int cli_status_of(const struct fault *f);

/* Prints the fault and returns its status. */
int cli_refuse(const struct cli *c, const struct fault *f);

/* P18 with this sentence: CLI_USAGE. */
int cli_usage(const struct cli *c, const char *fmt, ...) PRINTF(2, 3);

/*
 * Asks the API; takes `path` (of client_path) and `body`, which may be NULL.
 * CLI_DONE: *out is the caller's to clear.  Else the fault was printed and *out
 * is empty.
 */
int cli_ask(struct cli *c, const char *method, char *path, json_t *body,
    struct client_answer *out);

/* The same, and prints the answer under --json; nothing is left to clear. */
int cli_do(struct cli *c, const char *method, char *path, json_t *body);

/*
 * Walks a list with all its pages, 1000 a page; takes `path`.  show is called
 * for each object, flush after each page (either is not called under --json,
 * where one array is printed).
 */
typedef void cli_row(void *ctx, struct cli *c, const json_t *item);
int cli_list(struct cli *c, char *path, struct cli_table *table, cli_row *show);

/* The word at i as a host in its stored form; else N10 is printed. */
int cli_host(struct cli *c, size_t i, char host[HOST_SIZE]);

/*
 * Before something is destroyed: asks on a terminal, where `name` has to be
 * typed; elsewhere, and when given, --confirm must be `name` (P19).
 */
int cli_confirm(struct cli *c, const char *what, const char *name);

/* A word as a JSON string, whatever its bytes are; for arrays. */
json_t *cli_text(const char *word);

/* KEY=VALUE words from `first` on into *out, an object of strings; an empty
 * VALUE is null, those of a KEY that is given again are an array. */
int cli_settings(struct cli *c, size_t first, json_t **out);

/* Seconds of --wait[=S]: 0 when it was not given. */
int cli_wait_seconds(struct cli *c, int64_t *seconds);

/* Lets `seconds` pass. */
void cli_sleep(struct cli *c, double seconds);

/* What stands in a cell: "D12 it points elsewhere", "" for no fault. */
#define CLI_FAULT_SIZE (FAULT_TEXT_SIZE + 16)
char *cli_fault_text(const json_t *fault, char out[CLI_FAULT_SIZE]);

/* A file whole, at most max bytes; "-" is standard input.  C19 empty, C20 too
 * big, S24 not to be read.  *out is the caller's, who wipes and clears it. */
enum err MUST_USE cli_read_file(
    const char *name, size_t max, struct buf *out, struct fault *f);

#endif
