#include "certs/x509/signature.h"

#include <gnutls/abstract.h>

#include "base/mem.h"
#include "certs/x509/der.h"

#define SIGNATURE_MAX 2048 /* RSA with 16384 bits */

/* The signed part: the first of the three (RFC 5280, 4.1). */
static bool
find_signed(struct slice der, gnutls_datum_t *out)
{
	struct der_item whole, tbs;

	if (!der_take(&der, DER_SEQUENCE, &whole) ||
	    !der_take(&whole.content, DER_SEQUENCE, &tbs))
		return false;
	out->data = (unsigned char *)tbs.whole.p;
	out->size = (unsigned)tbs.whole.n;
	return true;
}

bool
signature_is_good(
    gnutls_x509_crt_t crt, struct slice der, gnutls_x509_crt_t issuer)
{
	char bytes[SIGNATURE_MAX];
	size_t n = sizeof(bytes);
	gnutls_pubkey_t key = NULL;
	gnutls_datum_t signature, data;
	int sign = gnutls_x509_crt_get_signature_algorithm(crt);
	bool is_good = false;

	if (sign <= 0 || gnutls_x509_crt_get_signature(crt, bytes, &n) != 0 ||
	    !find_signed(der, &data))
		return false;
	signature = (gnutls_datum_t){(unsigned char *)bytes, (unsigned)n};
	if (gnutls_pubkey_init(&key) != 0)
		die("out of memory");
	if (gnutls_pubkey_import_x509(key, issuer, 0) == 0)
		is_good =
		    gnutls_pubkey_verify_data2(key,
			(gnutls_sign_algorithm_t)sign,
			GNUTLS_VERIFY_ALLOW_BROKEN, &data, &signature) >= 0;
	gnutls_pubkey_deinit(key);
	return is_good;
}

bool
signature_is_weak(gnutls_x509_crt_t crt)
{
	int sign = gnutls_x509_crt_get_signature_algorithm(crt);

	return sign <= 0 ||
	       !gnutls_sign_is_secure2((gnutls_sign_algorithm_t)sign,
		   GNUTLS_SIGN_FLAG_SECURE_FOR_CERTS);
}
