#ifndef ROUTER_EDGE_CLIENT_HELLO_H
#define ROUTER_EDGE_CLIENT_HELLO_H
/*
 * Reads a TLS ClientHello (RFC 8446, 4.1.2; RFC 5246, 7.4.1.2) before GnuTLS is
 * given a byte: who is asked for, which ticket comes back, what the client
 * speaks.  Sans-I/O, strict, bounded; everything wanted is copied out.
 */
#include "base/host.h"
#include "base/slice.h"

#define CLIENT_HELLO_MAX    (16 * 1024) /* the message, put together */
#define CLIENT_HELLO_INPUT  (24 * 1024) /* the records that carry it */
#define TICKET_KEY_NAME_MAX 16

struct client_hello {
	bool has_sni;         /* a host_name was sent, whatever it says */
	char host[HOST_SIZE]; /* in stored form; "" none, or no host at all */
	bool has_alpn;
	bool offers_http11, offers_h2, offers_acme_tls;
	bool offers_tls12, offers_tls13;
	bool has_ticket; /* RFC 5077 ticket or the first PSK identity */
	uint8_t ticket_key_name[TICKET_KEY_NAME_MAX]; /* its first bytes */
};

/*
 * `in` is all that was received.  ERR_AGAIN: more is needed, ask again with the
 * same bytes and more behind; ERR_OK: *out is filled; ERR_SYNTAX: this is no
 * ClientHello; ERR_TOO_BIG: longer than any real one.
 */
enum err MUST_USE client_hello_read(struct slice in, struct client_hello *out);

#endif
