#ifndef ROUTER_CONTROL_API_BUDGET_H
#define ROUTER_CONTROL_API_BUDGET_H
/* What is left of the CAs' limits (acme/ledger_rows.h), for people. */
#include "acme/issuer.h"
#include "base/json.h"

struct control;

/*
 * [{"limit": "orders", "title", "subject": null, "used", "left", "allowed",
 * "period", "next_at"}]: the account's, and of those for names and registered
 * domains the ones that are used most.  "allowed" null: the CA said so.
 */
json_t *api_budget_json(struct control *c, const struct issuer_ca_status *ca);

/* {DIRECTORY: [the same]}: what the next order for host has to pass. */
json_t *api_budget_of_host(struct control *c, const char *host);

/* What is left of a limit at the first CA; of one that is there for many, of
 * the one that is used most.  False: there is no such limit. */
bool api_budget_left(struct control *c, enum ledger_rule rule, int64_t *left);

#endif
