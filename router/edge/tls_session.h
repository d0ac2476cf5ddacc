#ifndef ROUTER_EDGE_TLS_SESSION_H
#define ROUTER_EDGE_TLS_SESSION_H
/*
 * What the two ends of TLS share, the clients' (tls.c) and the backends'
 * (tls_backend.c): what a session is made of, and what it may speak.  For
 * these files alone.
 */
#include <gnutls/gnutls.h>

#include "router/edge/tls.h"

#define TLS_RECORD_MAX 16384

/*
 * Complete and explicit, so that no file of the system changes it.  AES-128
 * first: its TLS 1.3 hash is SHA-256, which processors have instructions for.
 * Every signature a legal certificate may need is there; so is compatibility
 * mode, for the sake of old middleboxes.  No 0-RTT, no static RSA.
 */
#define TLS_CIPHERS                                                            \
	":+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+AEAD"                  \
	":+ECDHE-ECDSA:+ECDHE-RSA"                                             \
	":+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+GROUP-SECP521R1"    \
	":+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SECP384R1-SHA384"           \
	":+SIGN-ECDSA-SECP521R1-SHA512"                                        \
	":+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-PSS-RSAE-SHA384"                 \
	":+SIGN-RSA-PSS-RSAE-SHA512:+SIGN-RSA-PSS-SHA256"                      \
	":+SIGN-RSA-PSS-SHA384:+SIGN-RSA-PSS-SHA512"                           \
	":+SIGN-EDDSA-ED25519:+SIGN-EDDSA-ED448"                               \
	":+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SHA384:+SIGN-ECDSA-SHA512"            \
	":+SIGN-RSA-SHA256:+SIGN-RSA-SHA384:+SIGN-RSA-SHA512"                  \
	":+CTYPE-SRV-X509:+CTYPE-CLI-X509"

struct tls_backend_end;

struct tls {
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priority, priority_only13, priority_backends;
	struct tls_session *writer; /* whose bytes are in `plain` */
	size_t n_plain;
	char plain[TLS_RECORD_MAX];
	char received[TLS_RECORD_MAX + 1];
};

struct tls_session {
	struct tls *tls;
	gnutls_session_t gnutls;
	struct stream *out;
	struct slice fed;
	tls_choose *choose;
	void *ctx;
	bool has_tickets;
	bool owes_ticket; /* goes out before the next thing that is written */
	bool was_asked;   /* choose was called; GnuTLS asks again and again */
	struct tls_certificate *certificate;
	struct tls_backend_end *backend; /* NULL: of a client's connection */
	int error;                       /* the last of GnuTLS */
};

/* Bytes go from tls_feed and to the stream. */
void tls_session_connect(struct tls_session *s);

/* tls_backend.c */
void tls_backend_end_free(struct tls_backend_end *end); /* NULL is allowed */

#endif
