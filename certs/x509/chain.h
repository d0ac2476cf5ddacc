#ifndef CERTS_X509_CHAIN_H
#define CERTS_X509_CHAIN_H
/*
 * From a heap of certificates to the chain that is served: leaf first, each
 * next one the issuer of the one before, no root, no stranger (RFC 8446,
 * 4.4.2).  Whether the world trusts it is trust.h's question.
 *
 * Owned by: whoever made it.   Freed by: chain_free.  The chain owns the
 * certificates it holds.
 */
#include "certs/x509/certificate.h"
#include "certs/x509/trust.h"

#define CHAIN_MAX         8
#define CHAIN_DROPPED_MAX 64

struct chain {
	struct certificate *items[CHAIN_MAX]; /* [0] is the leaf */
	size_t n;
	char *dropped[CHAIN_DROPPED_MAX]; /* subjects: strangers and the root */
	size_t n_dropped;
	bool has_root; /* a root was there, or the leaf is its own: nothing
			* is missing */
};

/*
 * Takes n certificates (ownership moves, also on error) and the public key that
 * belongs to the private key beside them; spki.n == 0: the leaf is the one
 * that no other was issued by.  keep_all (`--bypass`): the leaf first, then
 * the others as given.  C10 when there is none, C12 when none has that key, C20
 * when more than CHAIN_MAX are to be kept.
 *
 * Of several issuers that fit (cross-signed ones) one that is valid now goes
 * before one that is not, an intermediate before a root, then the one that
 * ends later.
 */
enum err MUST_USE chain_build(struct certificate **certificates, size_t n,
    struct slice spki, bool keep_all, struct chain **out, struct fault *f);
void chain_free(struct chain *c); /* NULL is allowed */

#endif
