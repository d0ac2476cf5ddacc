#ifndef ADMIN_TUI_CLI_RUN_H
#define ADMIN_TUI_CLI_RUN_H
/*
 * The commands, as the table names them: each does one and returns the exit
 * status (INTERFACE.md, 3).  One cli_*.c for each group.
 */
struct cli;

int cli_apps_list(struct cli *c);
int cli_apps_create(struct cli *c);
int cli_apps_info(struct cli *c);
int cli_apps_set(struct cli *c);
int cli_apps_destroy(struct cli *c);

int cli_backends_list(struct cli *c);
int cli_backends_add(struct cli *c);
int cli_backends_remove(struct cli *c);
int cli_backends_set(struct cli *c);
int cli_backends_drain(struct cli *c);
int cli_backends_resume(struct cli *c);

int cli_domains_list(struct cli *c);
int cli_domains_add(struct cli *c);
int cli_domains_info(struct cli *c);
int cli_domains_check(struct cli *c);
int cli_domains_challenge(struct cli *c);
int cli_domains_set_dns(struct cli *c);
int cli_domains_set(struct cli *c);
int cli_domains_remove(struct cli *c);

int cli_certs_list(struct cli *c);
int cli_certs_add(struct cli *c);
int cli_certs_update(struct cli *c);
int cli_certs_info(struct cli *c);
int cli_certs_history(struct cli *c);
int cli_certs_rollback(struct cli *c);
int cli_certs_remove(struct cli *c);
int cli_certs_renew(struct cli *c);
int cli_certs_order(struct cli *c);
int cli_certs_csr(struct cli *c);
int cli_certs_requests(struct cli *c);
int cli_certs_forget(struct cli *c);
int cli_certs_export(struct cli *c);

int cli_acme(struct cli *c);
int cli_certs_revoke(struct cli *c);
int cli_acme_rollover(struct cli *c);
int cli_events(struct cli *c);
int cli_logs(struct cli *c);
int cli_explain(struct cli *c);
int cli_import(struct cli *c);
int cli_status(struct cli *c);
int cli_stats(struct cli *c);
int cli_console(struct cli *c);
int cli_help(struct cli *c);
int cli_completion(struct cli *c);

#endif
