#ifndef ACME_DNS_DNS_TCP_H
#define ACME_DNS_DNS_TCP_H
/*
 * One DNS message to a server over TCP (RFC 7766), and its answer: on the loop,
 * for what c-ares has no words for.
 *
 * Owned by: the caller.   Freed by: its end, or dns_tcp_cancel.
 */
#include <ev.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/slice.h"

struct dns_tcp;

/* Once, never from within dns_tcp_ask.  e: ERR_OK and the message, a loan;
 * ERR_PEER: no connection, or it was cut; ERR_TIMEOUT. */
typedef void dns_tcp_done(void *ctx, enum err e, struct slice message);

/* The message (at most 65535 bytes) is copied. */
struct dns_tcp *dns_tcp_ask(struct ev_loop *loop, const struct addr *server,
    struct slice message, dns_tcp_done *done, void *ctx);
void dns_tcp_cancel(struct dns_tcp *t); /* NULL is allowed */

#endif
