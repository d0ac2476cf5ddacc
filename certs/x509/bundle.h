#ifndef CERTS_X509_BUNDLE_H
#define CERTS_X509_BUNDLE_H
/*
 * What people upload: any mix of PEM, DER, PKCS#7 and PKCS#12, in any order,
 * recognised by content and never by file name.  Certificates are read; private
 * keys and PKCS#12 stay closed bytes, which only the keys process opens.
 *
 * Owned by: whoever made it.   Freed by: bundle_clear, which wipes key bytes.
 */
#include "certs/x509/certificate.h"

#define BUNDLE_MAX       ((size_t)1024 * 1024) /* bytes of one file */
#define BUNDLE_ITEMS_MAX 64

enum bundle_kind {
	BUNDLE_CERTIFICATE,
	BUNDLE_KEY,           /* PKCS#8, PKCS#1, SEC1; not encrypted */
	BUNDLE_ENCRYPTED_KEY, /* PKCS#8 or old-style, needs a passphrase */
	BUNDLE_PKCS12,
	BUNDLE_REQUEST, /* a CSR: of no use here, but said so */
};

struct bundle_item {
	enum bundle_kind kind;
	struct certificate *certificate; /* of BUNDLE_CERTIFICATE */
	struct slice bytes; /* of the others: PEM block or file, own copy */
};

struct bundle {
	struct bundle_item items[BUNDLE_ITEMS_MAX];
	size_t n;
};

void bundle_init(struct bundle *b);
void bundle_clear(struct bundle *b);

/*
 * Adds what one file holds; `name` is for the sentence ("bundle.pem").  PEM
 * blocks may stand anywhere in any text; DER may be written in base64, as JSON
 * needs it.  C19 empty, C20 too big or too many, C18 garbage, C24.  Nothing is
 * added on error.
 */
enum err MUST_USE bundle_add(
    struct bundle *b, struct slice file, const char *name, struct fault *f);

/*
 * Moves the certificates to `out` (room for BUNDLE_ITEMS_MAX), for chain_build.
 * C10 when there is none and no PKCS#12 that might hold one.
 */
enum err MUST_USE bundle_take_certificates(
    struct bundle *b, struct certificate **out, size_t *n, struct fault *f);

/*
 * The items with a private key, one at a time (a loan of b): a key or a
 * PKCS#12, the same bytes once.  *at is 0 at first; NULL: there are no more.
 */
const struct bundle_item *bundle_next_key(const struct bundle *b, size_t *at);

#endif
