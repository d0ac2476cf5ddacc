#ifndef ACME_DNS_RFC2136_MESSAGE_H
#define ACME_DNS_RFC2136_MESSAGE_H
/*
 * The messages of a dynamic update (RFC 2136), signed by a shared key (TSIG,
 * RFC 8945): ldns' door.  Sans-I/O.
 */
#include "acme/dns/provider.h"
#include "base/buf.h"

#define RFC2136_MESSAGE_MAX 65535

struct rfc2136_key {
	const char *name, *secret; /* base64 */
	const char *algorithm;     /* "hmac-sha256" */
};

/* The key signs something at all.  S23. */
enum err MUST_USE rfc2136_key_check(
    const struct rfc2136_key *key, struct fault *f);

/* A question for the SOA of a name, to the zone's own server.  ERR_SYNTAX: no
 * such name. */
enum err MUST_USE rfc2136_write_soa(struct buf *b, const char *name);

/* Whether `name` is a zone of the server that answers with authority.
 * ERR_SYNTAX: no answer; ERR_DENIED: refused. */
enum err MUST_USE rfc2136_read_soa(
    struct slice message, const char *name, bool *is_zone);

/* What an update was signed with: its answer is signed over that too. */
struct rfc2136_signature; /* Freed by: rfc2136_signature_free */
void rfc2136_signature_free(struct rfc2136_signature *s); /* NULL is allowed */

/* ERR_SYNTAX: name, type or value cannot be written so. */
enum err MUST_USE rfc2136_write_update(struct buf *b, const char *zone,
    const struct provider_change *c, const struct rfc2136_key *key,
    struct rfc2136_signature **out);

/* ERR_DENIED: refused, *why has the word for it ("NOTAUTH"); ERR_TLS: not
 * signed, or not by this key; ERR_SYNTAX: no answer. */
enum err MUST_USE rfc2136_read_update(struct slice message,
    const struct rfc2136_signature *s, const struct rfc2136_key *key,
    const char **why);

#endif
