#include "router/edge/tls_self_signed.h"

#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "base/clock.h"
#include "base/log.h"

#define DAYS                3650

#define OID_ACME_IDENTIFIER "1.3.6.1.5.5.7.1.31"
#define OCTET_STRING        4 /* its tag in DER */

/* The critical extension that tls-alpn-01 looks for: the digest, as an OCTET
 * STRING within the extension's own. */
static int
add_identifier(gnutls_x509_crt_t crt, const uint8_t *digest)
{
	uint8_t der[2 + TLS_SHA256_SIZE] = {OCTET_STRING, TLS_SHA256_SIZE};

	if (digest == NULL)
		return 0;
	memcpy(der + 2, digest, TLS_SHA256_SIZE);
	return gnutls_x509_crt_set_extension_by_oid(
	    crt, OID_ACME_IDENTIFIER, der, sizeof(der), 1);
}

static int
add_names(gnutls_x509_crt_t crt, const struct self_signed *what)
{
	int rc = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME,
	    0, what->common_name, (unsigned)strlen(what->common_name));

	if (rc == 0 && what->host != NULL)
		rc = gnutls_x509_crt_set_subject_alt_name(crt,
		    GNUTLS_SAN_DNSNAME, what->host,
		    (unsigned)strlen(what->host), GNUTLS_FSAN_SET);
	return rc;
}

static int
fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key,
    const struct self_signed *what)
{
	static const uint8_t serial[] = {1};
	time_t now = (time_t)clock_now();
	int rc = gnutls_x509_crt_set_version(crt, 3);

	if (rc == 0)
		rc = gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
	if (rc == 0)
		rc = add_names(crt, what);
	if (rc == 0)
		rc = add_identifier(crt, what->acme_identifier);
	if (rc == 0)
		rc = gnutls_x509_crt_set_activation_time(crt, now - 86400);
	if (rc == 0)
		rc = gnutls_x509_crt_set_expiration_time(
		    crt, now + (time_t)DAYS * 86400);
	if (rc == 0)
		rc = gnutls_x509_crt_set_key(crt, key);
	if (rc == 0)
		rc = gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
	return rc;
}

/* Into the forms that a handshake takes. */
static int
hand_out(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key,
    gnutls_pcert_st *certificate, gnutls_privkey_t *out)
{
	int rc = gnutls_privkey_init(out);

	if (rc != 0)
		return rc;
	rc = gnutls_privkey_import_x509(*out, key, GNUTLS_PRIVKEY_IMPORT_COPY);
	if (rc == 0)
		rc = gnutls_pcert_import_x509(certificate, crt, 0);
	if (rc != 0) {
		gnutls_privkey_deinit(*out);
		*out = NULL;
	}
	return rc;
}

enum err
tls_self_signed(const struct self_signed *what, gnutls_pcert_st *certificate,
    gnutls_privkey_t *out)
{
	gnutls_x509_privkey_t key = NULL;
	gnutls_x509_crt_t crt = NULL;
	int rc = gnutls_x509_privkey_init(&key);

	if (rc == 0)
		rc = gnutls_x509_crt_init(&crt);
	if (rc == 0)
		rc = gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
		    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	if (rc == 0)
		rc = fill(crt, key, what);
	if (rc == 0)
		rc = hand_out(crt, key, certificate, out);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
	if (rc == 0)
		return ERR_OK;
	log_error("%s: %s", what->common_name, gnutls_strerror(rc));
	return ERR_TLS;
}

enum err
tls_sha256(struct slice bytes, uint8_t digest[TLS_SHA256_SIZE])
{
	return gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes.p, bytes.n, digest) ==
		       0
		   ? ERR_OK
		   : ERR_TLS;
}
