#ifndef CERTS_X509_CHAIN_H
#define CERTS_X509_CHAIN_H
/*
 * From a heap of certificates to the chain that is served: leaf first, each
 * next one the issuer of the one before, no root, no stranger (RFC 8446,
 * 4.4.2).  And whether the world trusts it.
 *
 * Owned by: whoever made it.   Freed by: chain_free.  The chain owns the
 * certificates it holds.
 */
#include "certs/x509/certificate.h"

#define CHAIN_MAX         8
#define CHAIN_DROPPED_MAX 64

struct chain {
	struct certificate *items[CHAIN_MAX]; /* [0] is the leaf */
	size_t n;
	char *dropped[CHAIN_DROPPED_MAX]; /* subjects: strangers and the root */
	size_t n_dropped;
};

/*
 * Takes n certificates (ownership moves, also on error) and the public key that
 * belongs to the private key beside them; spki.n == 0: the leaf is the one
 * that no other was issued by.  keep_all (`--bypass`): the leaf first, then
 * the others as given.  C10 when there is none, C12 when none has that key.
 */
enum err MUST_USE chain_build(struct certificate **certificates, size_t n,
    struct slice spki, bool keep_all, struct chain **out, struct fault *f);
void chain_free(struct chain *c); /* NULL is allowed */

struct trust; /* a list of roots */

/* The system's bundle; extra_file (NULL: none) adds more, for private CAs. */
struct trust *trust_new(const char *extra_file);
void trust_free(struct trust *t);

/* Verified for servers at now.  When false, *why is C21 (an intermediate is
 * missing) or C22 (not trusted, with the reason). */
bool chain_is_trusted(const struct chain *c, const struct trust *t, int64_t now,
    struct fault *why);

#endif
