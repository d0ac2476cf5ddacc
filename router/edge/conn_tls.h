#ifndef ROUTER_EDGE_CONN_TLS_H
#define ROUTER_EDGE_CONN_TLS_H
/*
 * A connection's way from its first byte to an open TLS session: the hello is
 * read by us and decides (is the name known? is keys there?) before GnuTLS is
 * given a byte.
 */
#include "router/edge/conn.h"

#define PARKED_MAX     1024 /* handshakes that wait for keys */
#define PARKED_SECONDS 2.

/* Bytes came in any state up to open. */
void conn_tls_bytes(struct conn *c, struct slice bytes);

/* Parked, and keys did not come back in time. */
void conn_tls_give_up(struct conn *c);

void conn_tls_clear(struct conn *c);

#endif
