#include "certs/key_sign.h"

#include <stdlib.h>

#include <gnutls/gnutls.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/mem.h"

#define SIGNATURE_MAX 2048 /* of RSA-16384, the largest there is */

struct key_signer {
	EVP_PKEY *key;
	EVP_PKEY_CTX *ctx; /* made for `algorithm`: clients seldom differ */
	unsigned algorithm;
};

/* What is signed how.  padding 0: ECDSA. */
static const struct algorithm {
	unsigned gnutls;
	int padding;
	const char *hash; /* NULL: the hash says itself which it is */
} algorithms[] = {
    {GNUTLS_SIGN_RSA_PSS_RSAE_SHA256, RSA_PKCS1_PSS_PADDING, "SHA256"},
    {GNUTLS_SIGN_RSA_PSS_RSAE_SHA384, RSA_PKCS1_PSS_PADDING, "SHA384"},
    {GNUTLS_SIGN_RSA_PSS_RSAE_SHA512, RSA_PKCS1_PSS_PADDING, "SHA512"},
    {GNUTLS_SIGN_RSA_SHA256, RSA_PKCS1_PADDING, "SHA256"},
    {GNUTLS_SIGN_RSA_SHA384, RSA_PKCS1_PADDING, "SHA384"},
    {GNUTLS_SIGN_RSA_SHA512, RSA_PKCS1_PADDING, "SHA512"},
    {GNUTLS_SIGN_RSA_RAW, RSA_PKCS1_PADDING, NULL},
    {GNUTLS_SIGN_ECDSA_SECP256R1_SHA256, 0, "SHA256"},
    {GNUTLS_SIGN_ECDSA_SHA256, 0, "SHA256"},
    {GNUTLS_SIGN_ECDSA_SHA384, 0, "SHA384"},
    {GNUTLS_SIGN_ECDSA_SHA512, 0, "SHA512"},
};

static const struct algorithm *
find(unsigned algorithm)
{
	for (size_t i = 0; i < COUNT_OF(algorithms); i++) {
		if (algorithms[i].gnutls == algorithm)
			return &algorithms[i];
	}
	return NULL;
}

void
key_signing_set_up(void)
{
	unsigned char byte;

	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1 ||
	    RAND_priv_bytes(&byte, sizeof(byte)) != 1 ||
	    RAND_bytes(&byte, sizeof(byte)) != 1)
		die("libcrypto does not start");
}

/* RSA, or a key on P-256. */
static bool
is_ours(EVP_PKEY *key)
{
	char group[32];

	if (EVP_PKEY_is_a(key, "RSA"))
		return EVP_PKEY_get_size(key) <= SIGNATURE_MAX;
	return EVP_PKEY_is_a(key, "EC") &&
	       EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
	       strcmp(group, SN_X9_62_prime256v1) == 0;
}

struct key_signer *
key_signer_new(struct slice pkcs8)
{
	const unsigned char *p = (const unsigned char *)pkcs8.p;
	PKCS8_PRIV_KEY_INFO *info =
	    d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)pkcs8.n);
	EVP_PKEY *key = info == NULL ? NULL : EVP_PKCS82PKEY(info);
	struct key_signer *s = NULL;

	PKCS8_PRIV_KEY_INFO_free(info); /* wipes its copy of the key */
	if (key != NULL && is_ours(key)) {
		s = xcalloc(1, sizeof(*s));
		s->key = key;
	} else {
		EVP_PKEY_free(key);
	}
	ERR_clear_error();
	return s;
}

void
key_signer_free(struct key_signer *s)
{
	if (s == NULL)
		return;
	EVP_PKEY_CTX_free(s->ctx);
	EVP_PKEY_free(s->key);
	free(s);
}

static bool
set_padding(EVP_PKEY_CTX *ctx, int padding)
{
	if (EVP_PKEY_CTX_set_rsa_padding(ctx, padding) != 1)
		return false;
	/* as long as the hash: RFC 8446, 4.2.3 */
	return padding != RSA_PKCS1_PSS_PADDING ||
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) ==
		   1;
}

/* Makes s->ctx sign with this algorithm. */
static bool
prepare(struct key_signer *s, const struct algorithm *a)
{
	EVP_PKEY_CTX *ctx;
	bool is_well;

	if (s->ctx != NULL && s->algorithm == a->gnutls)
		return true;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, s->key, NULL);
	is_well = ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 &&
		  (a->padding == 0 || set_padding(ctx, a->padding)) &&
		  (a->hash == NULL || EVP_PKEY_CTX_set_signature_md(ctx,
					  EVP_get_digestbyname(a->hash)) == 1);
	if (!is_well) {
		EVP_PKEY_CTX_free(ctx);
		return false;
	}
	EVP_PKEY_CTX_free(s->ctx);
	s->ctx = ctx;
	s->algorithm = a->gnutls;
	return true;
}

enum err
key_signer_sign(struct key_signer *s, unsigned algorithm, struct slice hash,
    struct buf *signature)
{
	const struct algorithm *a = find(algorithm);
	unsigned char out[SIGNATURE_MAX];
	size_t n = sizeof(out);
	enum err e = ERR_TLS;

	if (a == NULL || EVP_PKEY_is_a(s->key, "RSA") != (a->padding != 0))
		return ERR_NOT_FOUND;
	if (prepare(s, a) && EVP_PKEY_sign(s->ctx, out, &n,
				 (const unsigned char *)hash.p, hash.n) == 1)
		e = buf_add(signature, slice_of(out, n));
	ERR_clear_error();
	return e;
}
