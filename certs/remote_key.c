#include "certs/remote_key.h"

#include <stdlib.h>

#include "base/mem.h"
#include "certs/x509/key_type.h"

#define SIGNATURE_MAX 2048

struct remote_key {
	struct keyring *keyring;
	uint64_t id;
	char *sealed;
	size_t sealed_n;
	struct key_type type;
	gnutls_privkey_t handle;
};

/* The signature into memory that GnuTLS frees. */
static int
give(enum err e, struct buf *signature, gnutls_datum_t *out)
{
	int code = GNUTLS_E_PK_SIGN_FAILED;

	if (e == ERR_OK) {
		out->size = (unsigned)signature->len;
		out->data = gnutls_malloc(signature->len);
		if (out->data == NULL) {
			code = GNUTLS_E_MEMORY_ERROR;
		} else {
			memcpy(
			    out->data, buf_slice(signature).p, signature->len);
			code = 0;
		}
	}
	buf_clear(signature);
	return code;
}

static struct key_ref
reference(const struct remote_key *r)
{
	return (struct key_ref){
	    r->id, KEY_TLS, slice_of(r->sealed, r->sealed_n)};
}

static int
sign_data(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void *ctx,
    unsigned flags, const gnutls_datum_t *data, gnutls_datum_t *out)
{
	struct remote_key *r = ctx;
	struct key_ref ref = reference(r);
	struct buf signature;

	(void)key;
	buf_init(&signature, SIGNATURE_MAX);
	return give(keyring_sign_data(r->keyring, &ref, algorithm, flags,
			slice_of(data->data, data->size), &signature),
	    &signature, out);
}

static int
sign_hash(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void *ctx,
    unsigned flags, const gnutls_datum_t *hash, gnutls_datum_t *out)
{
	struct remote_key *r = ctx;
	struct key_ref ref = reference(r);
	struct buf signature;

	(void)key;
	buf_init(&signature, SIGNATURE_MAX);
	return give(keyring_sign_hash(r->keyring, &ref, algorithm, flags,
			slice_of(hash->data, hash->size), &signature),
	    &signature, out);
}

static int
info(gnutls_privkey_t key, unsigned flags, void *ctx)
{
	struct remote_key *r = ctx;

	(void)key;
	if ((flags & GNUTLS_PRIVKEY_INFO_PK_ALGO) != 0)
		return (int)r->type.pk;
	if ((flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS) != 0)
		return (int)r->type.bits;
	if ((flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO) != 0)
		return (int)gnutls_sign_supports_pk_algorithm(
		    GNUTLS_FLAGS_TO_SIGN_ALGO(flags), r->type.pk);
	return -1;
}

enum err
remote_key_new(struct keyring *k, uint64_t id, struct slice sealed,
    const char *key_type, struct remote_key **out)
{
	struct remote_key *r = xcalloc(1, sizeof(*r));
	int code;

	*out = NULL;
	r->keyring = k;
	r->id = id;
	r->sealed = xmemdup(sealed.p, sealed.n);
	r->sealed_n = sealed.n;
	if (!key_type_parse(key_type, &r->type)) {
		remote_key_free(r);
		return ERR_SYNTAX;
	}
	if (gnutls_privkey_init(&r->handle) != 0)
		die("no memory for a key");
	code = gnutls_privkey_import_ext4(
	    r->handle, r, sign_data, sign_hash, NULL, NULL, info, 0);
	if (code != 0) {
		remote_key_free(r);
		return ERR_TLS;
	}
	*out = r;
	return ERR_OK;
}

void
remote_key_free(struct remote_key *r)
{
	if (r == NULL)
		return;
	if (r->handle != NULL)
		gnutls_privkey_deinit(r->handle);
	free(r->sealed);
	free(r);
}

gnutls_privkey_t
remote_key_handle(const struct remote_key *r)
{
	return r->handle;
}
