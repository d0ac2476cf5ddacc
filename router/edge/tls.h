#ifndef ROUTER_EDGE_TLS_H
#define ROUTER_EDGE_TLS_H
/*
 * TLS of the edge, GnuTLS' door: the process' one credentials object and its
 * priorities, and one session for each connection.  Bytes come in by tls_feed
 * and go out to a stream; a session never touches a socket.
 *
 * What is written is gathered, in one buffer of the worker, to records as full
 * as they can be; tls_flush makes the last one.  What is read is decrypted into
 * one buffer of the worker.  So an idle session holds no buffer but GnuTLS'
 * own state.
 */
#include "router/edge/client_hello.h"
#include "router/edge/stream.h"
#include "router/edge/tickets.h"

struct tls;         /* of the worker */
struct tls_session; /* of a connection */
struct tls_certificate;

/*
 * The certificate for a full handshake, chosen now: a reference, or NULL for
 * none.  Called at most once for each session.
 */
typedef struct tls_certificate *tls_choose(void *ctx);

struct tls_options {
	const struct client_hello *hello;
	const struct ticket_key *ticket_key; /* NULL: no tickets */
	bool only_tls13;
	bool is_challenge; /* acme-tls/1 and nothing else (RFC 8737) */
	tls_choose *choose;
	void *ctx;
};

/* Dies when GnuTLS refuses our priorities: a build that cannot serve. */
struct tls *tls_new(void);
void tls_free(struct tls *t);

/* NULL: GnuTLS has no memory or mood.  `out` outlives the session. */
struct tls_session *tls_session_new(
    struct tls *t, struct stream *out, const struct tls_options *options);
/* Drops what was not flushed. */
void tls_session_free(struct tls_session *s); /* NULL is allowed */

/* The next bytes from the peer, a loan until all is read (ERR_AGAIN). */
void tls_feed(struct tls_session *s, struct slice bytes);

/* ERR_OK: done; ERR_AGAIN: feed more; ERR_TLS: failed, the alert is written. */
enum err MUST_USE tls_handshake(struct tls_session *s);

/* ERR_OK: *plain is a loan until the next call of any session; ERR_AGAIN: feed
 * more; ERR_CLOSED: the peer said goodbye; ERR_TLS: it broke the rules. */
enum err MUST_USE tls_read(struct tls_session *s, struct slice *plain);

void tls_write(struct tls_session *s, struct slice plain);
/* Encrypts what is gathered, whosever it is. */
void tls_flush(struct tls *t);
/* Says goodbye (close_notify), after what was written. */
void tls_close(struct tls_session *s);

const char *tls_version(const struct tls_session *s); /* "1.3" */
bool tls_speaks_h2(const struct tls_session *s);      /* as ALPN chose */
bool tls_is_resumed(const struct tls_session *s);
const char *tls_failure(const struct tls_session *s); /* of ERR_TLS */

/* An alert record for a client that gets no session: unrecognized_name (112),
 * internal_error (80) or decode_error (50). */
enum tls_alert {
	TLS_ALERT_DECODE = 50,
	TLS_ALERT_INTERNAL = 80,
	TLS_ALERT_UNRECOGNIZED_NAME = 112,
};
void tls_refuse(struct stream *out, enum tls_alert alert);

#endif
