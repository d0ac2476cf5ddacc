#include "certs/seal.h"

#include <assert.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "base/mem.h"

#define SEAL_VERSION 1
#define ID_SIZE      4
#define HASH_SIZE    32
#define NONCE_SIZE   12
#define TAG_SIZE     16
#define HEAD_SIZE    (2 + ID_SIZE + HASH_SIZE)
#define SECRET_MAX   (16 * 1024)

static void
sha256(const void *p, size_t n, uint8_t out[HASH_SIZE])
{
	int code = gnutls_hash_fast(GNUTLS_DIG_SHA256, p, n, out);

	assert(code == 0);
}

/* --- the master key file ----------------------------------------------------
 */

static enum err
read_key(struct slice line, struct master_keys *out)
{
	gnutls_datum_t text = {(unsigned char *)line.p, (unsigned)line.n};
	gnutls_datum_t raw = {0};
	enum err e = ERR_SYNTAX;

	if (gnutls_base64_decode2(&text, &raw) == 0 &&
	    raw.size == MASTER_KEY_SIZE) {
		memcpy(out->key[out->n++], raw.data, raw.size);
		e = ERR_OK;
	}
	if (raw.data != NULL)
		explicit_bzero(raw.data, raw.size);
	gnutls_free(raw.data);
	return e;
}

enum err
master_keys_read(struct slice text, struct master_keys *out, struct fault *f)
{
	struct slice line;
	int number = 0;

	*out = (struct master_keys){0};
	while (slice_cut(&text, '\n', &line)) {
		number++;
		line = slice_trim(slice_of(line.p, slice_find(line, '#')));
		if (line.n == 0)
			continue;
		if (out->n == MASTER_KEYS_MAX ||
		    read_key(line, out) != ERR_OK) {
			fault_set(f, FAULT_S15_MASTER_KEY_BAD,
			    "Line %d of the master key file is not 32 bytes in "
			    "base64 (at most %d keys)",
			    number, MASTER_KEYS_MAX);
			explicit_bzero(out, sizeof(*out));
			return ERR_SYNTAX;
		}
	}
	if (out->n == 0) {
		fault_set(f, FAULT_S15_MASTER_KEY_BAD,
		    "The master key file holds no key");
		return ERR_SYNTAX;
	}
	return ERR_OK;
}

/* --- sealing ----------------------------------------------------------------
 */

static void
key_id(const uint8_t key[MASTER_KEY_SIZE], uint8_t out[ID_SIZE])
{
	uint8_t hash[HASH_SIZE];

	sha256(key, MASTER_KEY_SIZE, hash);
	memcpy(out, hash, ID_SIZE);
}

static gnutls_aead_cipher_hd_t
cipher(const uint8_t key[MASTER_KEY_SIZE])
{
	gnutls_datum_t k = {(unsigned char *)key, MASTER_KEY_SIZE};
	gnutls_aead_cipher_hd_t handle;

	if (gnutls_aead_cipher_init(&handle, GNUTLS_CIPHER_AES_256_GCM, &k) !=
	    0)
		die("AES-256-GCM cannot be used");
	return handle;
}

enum err
seal(const struct master_keys *m, enum key_purpose purpose, struct slice spki,
    struct slice secret, struct buf *out)
{
	uint8_t head[HEAD_SIZE] = {SEAL_VERSION, (uint8_t)purpose};
	uint8_t nonce[NONCE_SIZE];
	gnutls_aead_cipher_hd_t handle;
	size_t n = secret.n + TAG_SIZE;
	char *to;
	int code;

	assert(m->n > 0);
	key_id(m->key[0], head + 2);
	sha256(spki.p, spki.n, head + 2 + ID_SIZE);
	if (gnutls_rnd(GNUTLS_RND_NONCE, nonce, sizeof(nonce)) != 0)
		die("no random bytes");
	(void)buf_add(out, slice_of(head, sizeof(head)));
	(void)buf_add(out, slice_of(nonce, sizeof(nonce)));
	to = buf_room(out, n);
	if (to == NULL)
		return ERR_TOO_BIG;
	handle = cipher(m->key[0]);
	code = gnutls_aead_cipher_encrypt(handle, nonce, sizeof(nonce), head,
	    sizeof(head), TAG_SIZE, secret.p, secret.n, to, &n);
	gnutls_aead_cipher_deinit(handle);
	if (code != 0)
		return ERR_TLS;
	buf_added(out, n);
	return ERR_OK;
}

enum err
unseal(const struct master_keys *m, enum key_purpose purpose,
    struct slice sealed, struct buf *secret)
{
	const uint8_t *head = (const uint8_t *)sealed.p;
	struct slice text;
	size_t i, n;

	if (sealed.n < HEAD_SIZE + NONCE_SIZE + TAG_SIZE ||
	    sealed.n > SECRET_MAX || head[0] != SEAL_VERSION ||
	    head[1] != (uint8_t)purpose)
		return ERR_DENIED;
	for (i = 0; i < m->n; i++) {
		uint8_t id[ID_SIZE];

		key_id(m->key[i], id);
		if (memcmp(id, head + 2, ID_SIZE) == 0)
			break;
	}
	if (i == m->n)
		return ERR_DENIED;
	text = slice_from(sealed, HEAD_SIZE + NONCE_SIZE);
	n = text.n - TAG_SIZE;
	gnutls_aead_cipher_hd_t handle = cipher(m->key[i]);
	char *to = buf_room(secret, n);
	int code = to == NULL
		       ? -1
		       : gnutls_aead_cipher_decrypt(handle,
			     sealed.p + HEAD_SIZE, NONCE_SIZE, head, HEAD_SIZE,
			     TAG_SIZE, text.p, text.n, to, &n);

	gnutls_aead_cipher_deinit(handle);
	if (code != 0)
		return ERR_DENIED;
	buf_added(secret, n);
	return ERR_OK;
}
