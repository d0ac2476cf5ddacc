#include "router/edge/x25519.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/mem.h"

#define SIZE 32

static EVP_PKEY *
make_key(int selection, OSSL_PARAM *parts)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "X25519", NULL);
	EVP_PKEY *key = NULL;

	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, selection, parts) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static bool
derive(uint8_t *q, EVP_PKEY *own, EVP_PKEY *peer)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
	size_t n = SIZE;
	bool is_done =
	    ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
	    EVP_PKEY_derive_set_peer_ex(ctx, peer, 0 /* no check */) == 1 &&
	    EVP_PKEY_derive(ctx, q, &n) == 1;

	EVP_PKEY_CTX_free(ctx);
	return is_done;
}

int
nettle_curve25519_mul(uint8_t *q, const uint8_t *n, const uint8_t *p)
{
	/* p is given as our own public key too, for else that is computed,
	 * at the price of another multiplication; nothing looks at it */
	OSSL_PARAM parts[] = {
	    OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, (void *)n, SIZE),
	    OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)p, SIZE),
	    OSSL_PARAM_END,
	};
	EVP_PKEY *own = make_key(EVP_PKEY_KEYPAIR, parts);
	EVP_PKEY *peer = make_key(EVP_PKEY_PUBLIC_KEY, parts + 1);

	if (own == NULL || peer == NULL)
		die("libcrypto makes no X25519 key");
	if (!derive(q, own, peer)) {
		memset(q, 0, SIZE);
		ERR_clear_error();
	}
	EVP_PKEY_free(peer);
	EVP_PKEY_free(own);
	return 1;
}

void
x25519_set_up(void)
{
	static const uint8_t base[SIZE] = {9}, one[SIZE] = {1};
	uint8_t out[SIZE];

	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		die("libcrypto does not start");
	(void)nettle_curve25519_mul(out, one, base);
}
