#ifndef ROUTER_CONTROL_RENEWALS_H
#define ROUTER_CONTROL_RENEWALS_H
/*
 * Asks CAs when they want our certificates renewed (RFC 9773): each a few times
 * a day, a few at once, so that a hundred thousand make a trickle; and once
 * more right before an order.  What is answered moves renew_at of the domains
 * that hold the certificate.
 *
 * Owned by: control.   Freed by: renewals_free.
 */
#include "base/json.h"
#include "certs/install.h"

struct control;
struct renewals;

struct renewals *renewals_new(struct control *c);
void renewals_free(struct renewals *rs); /* NULL is allowed */

/* A certificate was issued for the order; inside a change, before it is
 * closed. */
enum err MUST_USE renewals_add(struct control *c, int64_t certificate_id,
    const struct chain *chain, int64_t order_id);

/* When the automatic certificate that host holds is to be renewed. */
int64_t renewals_at(
    struct control *c, const char *host, const struct installation *i);

/* host's certificate is due because of what its CA said, and that was a while
 * ago: it is asked again, and the domain settled with what it says.  False:
 * nothing to wait for, order now. */
bool renewals_refresh(struct control *c, const char *host);

/* The id by which an order for host tells the CA what it replaces.
 * ERR_NOT_FOUND: it holds nothing that a CA is known to have issued. */
#define RENEWALS_ID_SIZE 192
enum err MUST_USE renewals_id(
    struct control *c, const char *host, char out[RENEWALS_ID_SIZE]);

/* Now is in the window that its CA suggested: its limits do not count it. */
bool renewals_are_welcome(struct control *c, const char *host);

/* {"window", "at", "explanation_url", ...} of the automatic certificate, or
 * null: its CA does not say. */
json_t *renewals_json(struct control *c, const char *host);

#endif
