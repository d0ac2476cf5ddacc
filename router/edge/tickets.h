#ifndef ROUTER_EDGE_TICKETS_H
#define ROUTER_EDGE_TICKETS_H
/*
 * Keys of session tickets.  GnuTLS would resume a ticket of host A on host B,
 * so every host has its own key:
 *
 *   HMAC-SHA512(master, host, 0, generation)
 *
 * The generation is bumped when the host's certificate, minimum version or app
 * changes, which ends its tickets.  Masters come from control through the
 * shared memory, the current one and the one before it, so that a new one is
 * not a storm of full handshakes: which of them a ticket was made under shows
 * in its first 16 bytes.
 */
#include "base/shared.h"
#include "router/edge/client_hello.h"

#define TICKET_KEY_SIZE 64

struct ticket_key {
	uint8_t bytes[TICKET_KEY_SIZE];
};

/*
 * The key for a connection to `host`: under the master that the hello's ticket
 * was made under, if it is one of the two, else under the current one.
 * false: there is no master yet, or no cryptography; no tickets then.
 */
bool ticket_key_for(const struct ticket_master masters[2], struct slice host,
    int64_t generation, const struct client_hello *hello, int64_t now,
    struct ticket_key *out);

/*
 * The key name that GnuTLS puts in front of tickets made with this key at
 * that time.  It changes its inner key every TICKET_PERIOD seconds, and also
 * accepts those of the period before.
 */
#define TICKET_PERIOD (3 * 21600)
bool ticket_key_name(const struct ticket_key *key, int64_t now,
    uint8_t out[TICKET_KEY_NAME_MAX]);

#endif
