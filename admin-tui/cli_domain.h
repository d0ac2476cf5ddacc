#ifndef ADMIN_TUI_CLI_DOMAIN_H
#define ADMIN_TUI_CLI_DOMAIN_H
/*
 * A domain on paper: its facts, the records to set, and waiting for it.
 */
#include "admin-tui/cli.h"

void cli_domain_show(struct cli *c, const json_t *domain);
void cli_domain_show_diagnosis(struct cli *c, const json_t *diagnosis);

/* The DNS records that someone has to set, ready to paste.  None: nothing. */
void cli_domain_show_records(struct cli *c, const json_t *records);

/* "names" of an object in one line; the caller frees. */
char *cli_names(const json_t *object);

/* The names that a domain shares its automatic certificate with; NULL: none. */
void cli_set_show(struct cli *c, const json_t *set);

/* The facts of a certificate of the API. */
void cli_certificate_show(struct cli *c, const json_t *certificate);

/*
 * Waits until visitors of host get a real certificate (In use, Not used), at
 * most so many seconds, and prints its status, or the domain under --json.
 * CLI_NOT_YET when time runs out, CLI_REFUSED when only a person can help: the
 * fault is on stderr then.
 */
int cli_domain_wait(struct cli *c, const char *host, int64_t seconds);

#endif
