#ifndef CERTS_X509_CERTIFICATE_H
#define CERTS_X509_CERTIFICATE_H
/*
 * The facts of one X.509 certificate (RFC 5280), read once from DER.  No key,
 * no store.  All texts are valid UTF-8 without control bytes.
 *
 * Owned by: whoever made it.   Freed by: certificate_free.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/slice.h"

#define CERTIFICATE_DER_MAX   ((size_t)64 * 1024)
#define CERTIFICATE_NAMES_MAX 1000

/* A key identifier or a serial number, as the certificate has it. */
struct certificate_bytes {
	uint8_t p[64];
	size_t n; /* 0: it has none */
};

struct certificate {
	struct slice der;  /* own copy */
	struct slice spki; /* SubjectPublicKeyInfo, DER, own copy */
	char **names;      /* dNSNames of the SAN in stored form (base/host.h);
			    * what is no host name is left out */
	size_t n_names;
	char common_name[256]; /* "" when there is none */
	char subject[512];     /* RFC 4514 */
	char issuer[512];
	char issuer_name[256];   /* for a column: CN or O of the issuer */
	char issuer_url[256];    /* http(s) AIA caIssuers, "" when none */
	char serial[80];         /* hex */
	char key_type[32];       /* "ecdsa-p256", "rsa-2048", "ed25519" */
	uint8_t fingerprint[32]; /* SHA-256 of der */
	struct certificate_bytes serial_bytes;  /* content octets of the DER */
	struct certificate_bytes key_id;        /* SubjectKeyIdentifier */
	struct certificate_bytes issuer_key_id; /* AuthorityKeyIdentifier */
	int64_t not_before;                     /* valid from this second... */
	int64_t not_after;                      /* ...to the end of this one */
	bool is_ca;
	bool is_self_signed; /* subject is issuer and its own key verifies it */
	bool for_servers;    /* no EKU, serverAuth or anyExtendedKeyUsage */
	bool weak_key;       /* RSA under 2048, curve under 256, DSA */
	bool weak_signature; /* MD5 or SHA-1, unless self-signed */
	struct gnutls_x509_crt_int *handle; /* GnuTLS' own, for certs/ */
};

/* ERR_SYNTAX and C18; ERR_TOO_BIG and C24 past CERTIFICATE_NAMES_MAX. */
enum err MUST_USE certificate_read(
    struct slice der, struct certificate **out, struct fault *f);
void certificate_free(struct certificate *c); /* NULL is allowed */

/* One of its names (or, when it has none, its CN) matches host. */
bool certificate_covers(const struct certificate *c, struct slice host);
bool certificate_is_valid(const struct certificate *c, int64_t now);

/* Issuer's name, key identifiers and signature all say that issuer made c. */
bool certificate_is_issued_by(
    const struct certificate *c, const struct certificate *issuer);

/* "AB:CD:..." of 32 bytes; returns out. */
#define FINGERPRINT_TEXT_SIZE 96
char *fingerprint_text(const uint8_t fp[32], char out[FINGERPRINT_TEXT_SIZE]);

#endif
