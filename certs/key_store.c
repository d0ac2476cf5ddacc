#include "certs/key_store.h"

#include <stdlib.h>

#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"

#define PKCS8_MAX (16 * 1024)
#define HASH_MAX  64

struct entry {
	struct list link; /* newest use first */
	uint64_t id;
	struct stored_key key;
};

struct key_store {
	struct map by_id;
	struct list used;
};

struct key_store *
key_store_new(void)
{
	struct key_store *ks = xcalloc(1, sizeof(*ks));

	map_init(&ks->by_id, KEY_STORE_MAX + 1);
	list_init(&ks->used);
	return ks;
}

static void
forget(struct key_store *ks, struct entry *e)
{
	list_remove(&e->link);
	(void)map_remove(&ks->by_id, MAP_KEY(e->id));
	gnutls_privkey_deinit(e->key.handle);
	key_signer_free(e->key.signer);
	free(e);
}

void
key_store_free(struct key_store *ks)
{
	if (ks == NULL)
		return;
	LIST_FOREACH_SAFE(it, &ks->used)
		forget(ks, container_of(it, struct entry, link));
	map_clear(&ks->by_id);
	free(ks);
}

struct stored_key *
key_store_put(struct key_store *ks, uint64_t id, enum key_purpose purpose,
    gnutls_privkey_t handle)
{
	struct entry *e;

	key_store_drop(ks, id);
	e = xcalloc(1, sizeof(*e));
	e->id = id;
	e->key.handle = handle;
	e->key.purpose = purpose;
	e->key.algorithm =
	    gnutls_privkey_get_pk_algorithm(handle, &e->key.bits);
	list_push(&ks->used, &e->link);
	(void)map_put(&ks->by_id, MAP_KEY(e->id), e);
	key_store_trim(ks, KEY_STORE_MAX);
	return &e->key;
}

void
key_store_trim(struct key_store *ks, size_t max)
{
	while (ks->by_id.n > max)
		forget(ks, container_of(ks->used.prev, struct entry, link));
}

struct stored_key *
key_store_get(struct key_store *ks, uint64_t id)
{
	struct entry *e = map_get(&ks->by_id, MAP_KEY(id));

	if (e == NULL)
		return NULL;
	list_remove(&e->link);
	list_push(&ks->used, &e->link);
	return &e->key;
}

/* --- signatures ------------------------------------------------------------*/

/* NULL: no kind of key for libcrypto. */
static struct key_signer *
signer_of(struct stored_key *key)
{
	struct buf der;

	if (key->is_asked)
		return key->signer;
	key->is_asked = true;
	buf_init(&der, PKCS8_MAX);
	if (key_save_pkcs8(key->handle, &der) == ERR_OK)
		key->signer = key_signer_new(buf_slice(&der));
	buf_wipe(&der);
	return key->signer;
}

/* ERR_NOT_FOUND: not for libcrypto. */
static enum err
sign_fast(
    struct stored_key *key, const struct key_input *in, struct buf *signature)
{
	struct slice hash = in->bytes;
	unsigned char own[HASH_MAX];

	if (in->flags != 0 || signer_of(key) == NULL)
		return ERR_NOT_FOUND;
	if (!in->is_hash) {
		gnutls_digest_algorithm_t how = gnutls_sign_get_hash_algorithm(
		    (gnutls_sign_algorithm_t)in->algorithm);
		size_t n = how == GNUTLS_DIG_UNKNOWN
			       ? 0
			       : (size_t)gnutls_hash_get_len(how);

		if (n == 0 || n > sizeof(own) ||
		    gnutls_hash_fast((gnutls_digest_algorithm_t)how, hash.p,
			hash.n, own) != 0)
			return ERR_NOT_FOUND;
		hash = slice_of(own, n);
	}
	return key_signer_sign(key->signer, in->algorithm, hash, signature);
}

static enum err
sign_by_gnutls(struct stored_key *key, const struct key_input *in,
    struct buf *signature, struct fault *f)
{
	gnutls_datum_t d = {
	    (unsigned char *)in->bytes.p, (unsigned)in->bytes.n};
	gnutls_datum_t out = {0};
	enum err e;
	int code = (in->is_hash ? gnutls_privkey_sign_hash2
				: gnutls_privkey_sign_data2)(key->handle,
	    (gnutls_sign_algorithm_t)in->algorithm, in->flags, &d, &out);

	if (code != 0) {
		fault_set(f, FAULT_C40_KEY_UNREADABLE,
		    "The key does not sign: %s", gnutls_strerror(code));
		return ERR_TLS;
	}
	e = buf_add(signature, slice_of(out.data, out.size));
	gnutls_free(out.data);
	return e;
}

enum err
stored_key_sign(struct stored_key *key, const struct key_input *in,
    struct buf *signature, struct fault *f)
{
	enum err e = sign_fast(key, in, signature);

	if (e == ERR_NOT_FOUND)
		e = sign_by_gnutls(key, in, signature, f);
	else if (e != ERR_OK)
		fault_set(f, FAULT_C40_KEY_UNREADABLE, "The key does not sign");
	return e;
}

void
key_store_drop(struct key_store *ks, uint64_t id)
{
	struct entry *e = map_get(&ks->by_id, MAP_KEY(id));

	if (e != NULL)
		forget(ks, e);
}

enum err
key_open_pkcs8(struct slice der, gnutls_privkey_t *out, struct fault *f)
{
	gnutls_datum_t d = {(unsigned char *)der.p, (unsigned)der.n};
	int code;

	if (gnutls_privkey_init(out) != 0)
		die("no memory for a key");
	code = gnutls_privkey_import_x509_raw(
	    *out, &d, GNUTLS_X509_FMT_DER, NULL, GNUTLS_PKCS_PLAIN);
	if (code == 0)
		return ERR_OK;
	gnutls_privkey_deinit(*out);
	*out = NULL;
	fault_set(f, FAULT_C40_KEY_UNREADABLE,
	    "The private key cannot be read: %s", gnutls_strerror(code));
	return ERR_SYNTAX;
}

enum err
key_save_pkcs8(gnutls_privkey_t handle, struct buf *der)
{
	gnutls_x509_privkey_t key = NULL;
	gnutls_datum_t out = {0};
	enum err e = ERR_TLS;

	if (gnutls_privkey_export_x509(handle, &key) == 0 &&
	    gnutls_x509_privkey_export2_pkcs8(
		key, GNUTLS_X509_FMT_DER, NULL, GNUTLS_PKCS_PLAIN, &out) == 0)
		e = buf_add(der, slice_of(out.data, out.size));
	if (out.data != NULL)
		explicit_bzero(out.data, out.size);
	gnutls_free(out.data);
	gnutls_x509_privkey_deinit(key);
	return e;
}

enum err
key_public(gnutls_privkey_t handle, struct buf *spki)
{
	gnutls_pubkey_t public = NULL;
	gnutls_datum_t out = {0};
	enum err e = ERR_TLS;

	if (gnutls_pubkey_init(&public) == 0 &&
	    gnutls_pubkey_import_privkey(public, handle, 0, 0) == 0 &&
	    gnutls_pubkey_export2(public, GNUTLS_X509_FMT_DER, &out) == 0)
		e = buf_add(spki, slice_of(out.data, out.size));
	gnutls_free(out.data);
	gnutls_pubkey_deinit(public);
	return e;
}
