#ifndef TESTS_UNIT_PKI_H
#define TESTS_UNIT_PKI_H
/*
 * Certificate authorities of a moment: keys and certificates that tests make
 * when they run, so that nothing in the tree expires.
 *
 * Owned by: whoever made it.   Freed by: pki_free.
 */
#include <stdbool.h>
#include <stdint.h>

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "base/slice.h"
#include "certs/x509/certificate.h"

#define PKI_DAY INT64_C(86400)

struct pki {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	char *pem;     /* the certificate */
	char *key_pem; /* PKCS#8 */
	struct slice der;
	struct slice key_der; /* PKCS#8 */
};

/* What to make; all that is left out is ordinary. */
struct pki_spec {
	const char *name;               /* CN, and the SAN of what is no CA */
	const char *const *others;      /* further SANs, ended by NULL */
	const char *key_type;           /* NULL: "ecdsa-p256" */
	const struct pki *key_of;       /* takes over its key */
	const char *issuer_url;         /* AIA caIssuers */
	int64_t not_before, not_after;  /* 0: yesterday, in 90 days */
	gnutls_digest_algorithm_t hash; /* 0: SHA-256 */
	bool is_ca;
	bool no_san;
	bool for_clients; /* EKU clientAuth only */
};

/* issuer NULL: self-signed. */
struct pki *pki_make(const struct pki_spec *spec, const struct pki *issuer);
void pki_free(struct pki *p);

/* The short ways. */
struct pki *pki_root(const char *name);
struct pki *pki_ca(const char *name, const struct pki *issuer);
struct pki *pki_leaf(const char *host, const struct pki *issuer);

/* Read by towpath's own reader; the caller owns it. */
struct certificate *pki_certificate(const struct pki *p);

/* A PKCS#10 request for its key, PEM; free(). */
char *pki_request(const struct pki *p);
char *pki_public_key(const struct pki *p); /* PEM; free() */
/* PKCS#8 under a passphrase, PEM; free(). */
char *pki_encrypted_key(const struct pki *p, const char *passphrase);
/* PKCS#12 with the key, it and its issuers; free the bytes. */
struct slice pki_pkcs12(const struct pki *p, const struct pki *const *issuers,
    const char *passphrase);

#endif
