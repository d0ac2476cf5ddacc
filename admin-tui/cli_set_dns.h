#ifndef ADMIN_TUI_CLI_SET_DNS_H
#define ADMIN_TUI_CLI_SET_DNS_H
/*
 * The records of a domain, made at the DNS provider: shown first, then asked
 * for, and only those that were shown.
 */
#include "admin-tui/cli.h"

/* Without a terminal --confirm has to be there before anything is begun. */
int set_dns_check(struct cli *c, const char *host);
/* Prints the JSON of it when `is_last`. */
int set_dns(struct cli *c, const char *host, bool is_last);

#endif
