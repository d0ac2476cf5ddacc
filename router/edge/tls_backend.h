#ifndef ROUTER_EDGE_TLS_BACKEND_H
#define ROUTER_EDGE_TLS_BACKEND_H
/*
 * The client's end of TLS, towards backends: a session (tls.h) that proves who
 * the backend is before a byte of a request is sent.  Its certificate must lead
 * to a root of the system's bundle, or to a CA that the app named in its
 * place, be for servers, and be for the name; nothing switches that off.
 */
#include "base/map.h"
#include "router/edge/tls.h"

/*
 * Roots that are trusted: the system's, or an app's own.  Read at the first
 * handshake that needs them, and shared.
 *
 * Owned by: backends and sessions, counted.   Freed by: tls_trust_unref.
 */
struct tls_trust;

/* All of a worker's. */
struct tls_trusts {
	struct map map;
};

void tls_trusts_init(struct tls_trusts *ts);
void tls_trusts_clear(struct tls_trusts *ts); /* nobody refers to any */

/* A reference.  pem: CA certificates; "": the system's bundle. */
struct tls_trust *tls_trust_get(struct tls_trusts *ts, struct slice pem);
void tls_trust_unref(struct tls_trust *t); /* NULL is allowed */

/*
 * What a backend has given to resume sessions with; good for an hour after its
 * certificate was proved, whatever it gives again in between.
 *
 * Owned by: the backend.   Freed by: tls_resumption_free.
 */
struct tls_resumption;

struct tls_resumption *tls_resumption_new(void);
void tls_resumption_free(struct tls_resumption *r); /* NULL is allowed */

struct tls_backend_options {
	const char *name; /* of the certificate, and the SNI if it is a host's;
			   * outlives the session */
	struct tls_trust *trust;
	struct tls_resumption *resumption; /* outlives the session's use */
};

/* NULL: GnuTLS has no memory or mood.  `out` outlives the session, which is
 * freed by tls_session_free. */
struct tls_session *tls_backend_session_new(struct tls *t, struct stream *out,
    const struct tls_backend_options *options);

/* After a handshake, and after reading: keeps what can resume the session. */
void tls_backend_keep(struct tls_session *s);

/* Why a handshake failed, for the router line's cause=: "certificate expired",
 * "certificate of another name", "TLS handshake failed". */
const char *tls_backend_cause(const struct tls_session *s);

#endif
