#include "certs/key_import.h"

#include <limits.h>

#include <gnutls/pkcs12.h>
#include <gnutls/x509.h>

#include "base/mem.h"
#include "certs/x509/der_kind.h"

#define SALT_SIZE 256

/* A larger key signs for tens of milliseconds, and all visitors of a worker
 * would wait for it. */
#define RSA_BITS_MAX 4096

/* More rounds of hashing a passphrase than this, over all parts of a file, are
 * an attack on our time. */
#define ROUNDS_MAX 4000000

static gnutls_datum_t
datum(struct slice s)
{
	return (gnutls_datum_t){(unsigned char *)s.p, (unsigned)s.n};
}

static enum err
refuse(struct fault *f, enum fault_code code)
{
	fault_set(f, code, NULL);
	return code == FAULT_C17_PASSPHRASE_WRONG ||
		       code == FAULT_C16_KEY_ENCRYPTED
		   ? ERR_DENIED
		   : ERR_SYNTAX;
}

static enum err
refuse_unreadable(struct fault *f, int rc)
{
	fault_set(f, FAULT_C40_KEY_UNREADABLE,
	    "the private key cannot be read: %s", gnutls_strerror(rc));
	return ERR_SYNTAX;
}

static enum err
add_rounds(struct key_import *k, unsigned rounds, struct fault *f)
{
	if (rounds <= ROUNDS_MAX - k->rounds) {
		k->rounds += rounds;
		return ERR_OK;
	}
	fault_set(f, FAULT_C40_KEY_UNREADABLE,
	    "the private key's passphrase is hashed more than %d times",
	    ROUNDS_MAX);
	return ERR_TOO_BIG;
}

/* What GnuTLS could tell of the rounds.  A salt that we have no room for is a
 * reason to refuse; what else it cannot tell it cannot open either. */
static enum err
judge_rounds(struct key_import *k, int rc, unsigned rounds, struct fault *f)
{
	if (rc == GNUTLS_E_SHORT_MEMORY_BUFFER)
		return add_rounds(k, UINT_MAX, f);
	return rc == 0 ? add_rounds(k, rounds, f) : ERR_OK;
}

/* --- one key ---------------------------------------------------------------*/

static bool
is_unknown(int rc)
{
	return rc == GNUTLS_E_UNKNOWN_CIPHER_TYPE ||
	       rc == GNUTLS_E_UNKNOWN_HASH_ALGORITHM;
}

/* Else it is the old kind, whose encryption stands in headers. */
static bool
is_pkcs8(const gnutls_datum_t *file, gnutls_x509_crt_fmt_t format)
{
	static const char label[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----";

	return format == GNUTLS_X509_FMT_DER ||
	       memmem(file->data, file->size, label, sizeof(label) - 1) != NULL;
}

static enum err
refuse_encryption(const char *oid, struct fault *f)
{
	fault_set(f, FAULT_C40_KEY_UNREADABLE,
	    "the private key is encrypted in a way that is not known here%s%s",
	    oid == NULL ? "" : ", ", oid == NULL ? "" : oid);
	fault_action(f, "Decrypt it, or encrypt it with AES and PBKDF2: "
			"openssl pkcs8 -topk8 -v2 aes-256-cbc");
	return ERR_SYNTAX;
}

static enum err
add_pkcs8_rounds(struct key_import *k, const gnutls_datum_t *file,
    gnutls_x509_crt_fmt_t format, struct fault *f)
{
	unsigned char salt[SALT_SIZE];
	unsigned n_salt = sizeof(salt), rounds = 0, schema, cipher;
	char *oid = NULL;
	enum err e;
	int rc = gnutls_pkcs8_info(
	    file, format, &schema, &cipher, salt, &n_salt, &rounds, &oid);

	if (rc != 0 && rc != GNUTLS_E_SHORT_MEMORY_BUFFER &&
	    is_pkcs8(file, format))
		e = refuse_encryption(oid, f);
	else
		e = judge_rounds(k, rc, rounds, f);
	gnutls_free(oid);
	return e;
}

static bool
is_encrypted(struct slice file)
{
	return der_kind(file) == DER_KIND_ENCRYPTED_KEY ||
	       memmem(file.p, file.n, "ENCRYPTED", 9) != NULL;
}

/* Into out->handle: a second one is one too many.  passphrase NULL:
 * none was given; "" is one, too, in PKCS#12. */
static enum err
read_key(struct key_import *out, struct slice file, const char *passphrase,
    struct fault *f)
{
	gnutls_datum_t data = datum(file);
	gnutls_x509_crt_fmt_t format = slice_starts_with(file, SLICE("-----"))
					   ? GNUTLS_X509_FMT_PEM
					   : GNUTLS_X509_FMT_DER;
	bool encrypted = is_encrypted(file);
	enum err e;
	int rc;

	if (out->handle != NULL)
		return refuse(f, FAULT_C31_SEVERAL_KEYS);
	if (encrypted && passphrase == NULL)
		return refuse(f, FAULT_C16_KEY_ENCRYPTED);
	e = encrypted ? add_pkcs8_rounds(out, &data, format, f) : ERR_OK;
	if (e != ERR_OK)
		return e;
	if (gnutls_privkey_init(&out->handle) != 0)
		die("out of memory");
	/* A passphrase that nothing needs is no mistake. */
	rc = gnutls_privkey_import_x509_raw(
	    out->handle, &data, format, encrypted ? passphrase : NULL, 0);
	if (rc == 0)
		return ERR_OK;
	gnutls_privkey_deinit(out->handle);
	out->handle = NULL;
	if (encrypted && !is_unknown(rc))
		return refuse(f, FAULT_C17_PASSPHRASE_WRONG);
	return refuse_unreadable(f, rc);
}

/* --- PKCS#12 ---------------------------------------------------------------*/

static enum err
add_certificate(
    struct key_import *k, const gnutls_datum_t *der, struct fault *f)
{
	gnutls_datum_t *to = &k->certificates[k->n_certificates];

	if (k->n_certificates == IMPORT_CERTIFICATES_MAX) {
		fault_set(f, FAULT_C20_TOO_BIG,
		    "there are more than %d certificates in the PKCS#12 file",
		    IMPORT_CERTIFICATES_MAX);
		return ERR_TOO_BIG;
	}
	to->data = gnutls_malloc(der->size);
	if (to->data == NULL)
		die("out of memory");
	memcpy(to->data, der->data, der->size);
	to->size = der->size;
	k->n_certificates++;
	return ERR_OK;
}

static enum err
read_element(struct key_import *k, gnutls_pkcs12_bag_t bag, unsigned i,
    const char *passphrase, struct fault *f)
{
	gnutls_datum_t data;
	int rc = gnutls_pkcs12_bag_get_data(bag, i, &data);

	if (rc != 0)
		return refuse_unreadable(f, rc);
	switch (gnutls_pkcs12_bag_get_type(bag, i)) {
	case GNUTLS_BAG_CERTIFICATE:
		return add_certificate(k, &data, f);
	case GNUTLS_BAG_PKCS8_KEY:
	case GNUTLS_BAG_PKCS8_ENCRYPTED_KEY:
		return read_key(
		    k, slice_of(data.data, data.size), passphrase, f);
	default: /* revocation lists and secrets are not for us */
		return ERR_OK;
	}
}

static enum err
open_bag(struct key_import *k, gnutls_pkcs12_bag_t bag, const char *passphrase,
    struct fault *f)
{
	unsigned char salt[SALT_SIZE];
	unsigned n_salt = sizeof(salt), rounds = 0, schema, cipher;
	char *oid = NULL;
	enum err e;
	int rc;

	if (gnutls_pkcs12_bag_get_type(bag, 0) != GNUTLS_BAG_ENCRYPTED)
		return ERR_OK;
	rc = gnutls_pkcs12_bag_enc_info(
	    bag, &schema, &cipher, salt, &n_salt, &rounds, &oid);
	gnutls_free(oid);
	e = judge_rounds(k, rc, rounds, f);
	if (e == ERR_OK && gnutls_pkcs12_bag_decrypt(bag, passphrase) != 0)
		e = refuse(f, FAULT_C17_PASSPHRASE_WRONG);
	return e;
}

/* ERR_NOT_FOUND: there is no such bag. */
static enum err
read_bag(struct key_import *k, gnutls_pkcs12_t p12, int at,
    const char *passphrase, struct fault *f)
{
	gnutls_pkcs12_bag_t bag;
	enum err e;
	int rc;

	if (gnutls_pkcs12_bag_init(&bag) != 0)
		die("out of memory");
	rc = gnutls_pkcs12_get_bag(p12, at, bag);
	if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		e = ERR_NOT_FOUND;
	else if (rc != 0)
		e = refuse_unreadable(f, rc);
	else
		e = open_bag(k, bag, passphrase, f);
	if (e == ERR_OK) {
		int n = gnutls_pkcs12_bag_get_count(bag);

		for (int i = 0; e == ERR_OK && i < n; i++)
			e = read_element(k, bag, (unsigned)i, passphrase, f);
	}
	gnutls_pkcs12_bag_deinit(bag);
	return e;
}

/* The passphrase is proved here once, by the code over the whole file. */
static enum err
check_mac(struct key_import *k, gnutls_pkcs12_t p12, const char *passphrase,
    struct fault *f)
{
	unsigned char salt[SALT_SIZE];
	unsigned n_salt = sizeof(salt), rounds = 0, mac;
	char *oid = NULL;
	int rc =
	    gnutls_pkcs12_mac_info(p12, &mac, salt, &n_salt, &rounds, &oid);
	enum err e;

	gnutls_free(oid);
	e = judge_rounds(k, rc, rounds, f);
	/* made without a code: decrypting will tell */
	if (e != ERR_OK || rc != 0 ||
	    gnutls_pkcs12_verify_mac(p12, passphrase) == 0)
		return e;
	return refuse(f, passphrase[0] == '\0' ? FAULT_C16_KEY_ENCRYPTED
					       : FAULT_C17_PASSPHRASE_WRONG);
}

static enum err
read_pkcs12(struct key_import *k, struct slice file, const char *passphrase,
    struct fault *f)
{
	const gnutls_datum_t data = datum(file);
	gnutls_pkcs12_t p12;
	enum err e;
	int rc;

	if (gnutls_pkcs12_init(&p12) != 0)
		die("out of memory");
	rc = gnutls_pkcs12_import(p12, &data, GNUTLS_X509_FMT_DER, 0);
	e = rc == 0 ? check_mac(k, p12, passphrase, f)
		    : refuse_unreadable(f, rc);
	for (int at = 0; e == ERR_OK; at++)
		e = read_bag(k, p12, at, passphrase, f);
	gnutls_pkcs12_deinit(p12);
	if (e != ERR_NOT_FOUND)
		return e;
	if (k->handle != NULL)
		return ERR_OK;
	fault_set(
	    f, FAULT_C11_NO_KEY, "there is no private key in the PKCS#12 file");
	return ERR_NOT_FOUND;
}

/* --- the whole -------------------------------------------------------------*/

/* Names the kind of the open key; refuses what is weak or of no use for TLS. */
static enum err
judge(struct key_import *k, struct fault *f)
{
	gnutls_pubkey_t public = NULL;
	struct key_type type;
	int rc;

	if (gnutls_pubkey_init(&public) != 0)
		die("out of memory");
	rc = gnutls_pubkey_import_privkey(public, k->handle, 0, 0);
	if (rc == 0)
		type = key_type_of(public);
	gnutls_pubkey_deinit(public);
	if (rc != 0)
		return refuse_unreadable(f, rc);
	key_type_format(&type, k->key_type);
	if (key_type_is_weak(&type)) {
		fault_set(f, FAULT_C23_KEY_WEAK,
		    "the key is %s, too weak to be accepted by browsers",
		    k->key_type);
		return ERR_DENIED;
	}
	if (key_type_is_supported(&type) && type.bits <= RSA_BITS_MAX)
		return ERR_OK;
	fault_set(f, FAULT_C38_KEY_TYPE_UNSUPPORTED,
	    type.bits > RSA_BITS_MAX
		? "a key of type %s signs too slowly to serve visitors with"
		: "a key of type %s cannot be used for TLS here",
	    k->key_type);
	if (type.bits > RSA_BITS_MAX)
		fault_action(f, "Use ECDSA P-256, or RSA with at most %d bits",
		    RSA_BITS_MAX);
	return ERR_DENIED;
}

enum err
key_import_read(struct slice file, const char *passphrase,
    struct key_import *out, struct fault *f)
{
	enum err e;

	*out = (struct key_import){0};
	if (der_kind(file) == DER_KIND_PKCS12)
		e = read_pkcs12(out, file, passphrase, f);
	else
		e = read_key(
		    out, file, passphrase[0] == '\0' ? NULL : passphrase, f);
	if (e == ERR_OK)
		e = judge(out, f);
	if (e != ERR_OK)
		key_import_clear(out);
	return e;
}

void
key_import_clear(struct key_import *k)
{
	if (k->handle != NULL)
		gnutls_privkey_deinit(k->handle);
	for (size_t i = 0; i < k->n_certificates; i++)
		gnutls_free(k->certificates[i].data);
	*k = (struct key_import){0};
}
