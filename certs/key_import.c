#include "certs/key_import.h"

#include <gnutls/pkcs12.h>
#include <gnutls/x509.h>

#include "base/mem.h"

#define RSA_BITS_MAX 8192

/* Names the kind of the open key; refuses what is weak or of no use for TLS. */
static enum err
judge_type(struct key_import *i, struct fault *f)
{
	gnutls_pubkey_t public = NULL;
	struct key_type type;

	if (gnutls_pubkey_init(&public) != 0 ||
	    gnutls_pubkey_import_privkey(public, i->handle, 0, 0) != 0) {
		gnutls_pubkey_deinit(public);
		fault_set(f, FAULT_C40_KEY_UNREADABLE, NULL);
		return ERR_SYNTAX;
	}
	type = key_type_of(public);
	gnutls_pubkey_deinit(public);
	key_type_format(&type, i->key_type);
	if (key_type_is_weak(&type)) {
		fault_set(f, FAULT_C23_KEY_WEAK,
		    "The key is %s, too weak to be accepted by browsers",
		    i->key_type);
		return ERR_DENIED;
	}
	if (!key_type_is_supported(&type) || type.bits > RSA_BITS_MAX) {
		fault_set(f, FAULT_C38_KEY_TYPE_UNSUPPORTED,
		    "A key of type %s cannot be used for TLS here",
		    i->key_type);
		return ERR_DENIED;
	}
	return ERR_OK;
}

void
key_import_clear(struct key_import *i)
{
	if (i->handle != NULL)
		gnutls_privkey_deinit(i->handle);
	for (size_t n = 0; n < i->n_certificates; n++)
		gnutls_free(i->certificates[n].data);
	*i = (struct key_import){0};
}

/* What GnuTLS says of a key that does not open. */
static enum err
explain(int code, bool has_passphrase, struct fault *f)
{
	switch (code) {
	case GNUTLS_E_DECRYPTION_FAILED:
	case GNUTLS_E_MAC_VERIFY_FAILED:
		/* GnuTLS says the same of a wrong and a missing one */
		fault_set(f,
		    has_passphrase ? FAULT_C17_PASSPHRASE_WRONG
				   : FAULT_C16_KEY_ENCRYPTED,
		    NULL);
		return ERR_DENIED;
	default:
		fault_set(f, FAULT_C40_KEY_UNREADABLE,
		    "The private key cannot be read: %s",
		    gnutls_strerror(code));
		return ERR_SYNTAX;
	}
}

static bool
is_encrypted_pem(struct slice file)
{
	return memmem(file.p, file.n, "ENCRYPTED", 9) != NULL;
}

static enum err
read_key(struct slice file, const char *passphrase, struct key_import *out,
    struct fault *f)
{
	gnutls_datum_t d = {(unsigned char *)file.p, (unsigned)file.n};
	bool is_pem = memmem(file.p, file.n, "-----BEGIN ", 11) != NULL;
	bool has_passphrase = passphrase[0] != '\0';
	int code;

	if (is_pem && is_encrypted_pem(file) && !has_passphrase) {
		fault_set(f, FAULT_C16_KEY_ENCRYPTED, NULL);
		return ERR_DENIED;
	}
	if (gnutls_privkey_init(&out->handle) != 0)
		die("no memory for a key");
	code = gnutls_privkey_import_x509_raw(out->handle, &d,
	    is_pem ? GNUTLS_X509_FMT_PEM : GNUTLS_X509_FMT_DER,
	    has_passphrase ? passphrase : NULL, 0);
	/* a passphrase that nothing needed is no mistake */
	if (code != 0 && has_passphrase)
		if (gnutls_privkey_import_x509_raw(out->handle, &d,
			is_pem ? GNUTLS_X509_FMT_PEM : GNUTLS_X509_FMT_DER,
			NULL, 0) == 0)
			code = 0;
	if (code == 0)
		return ERR_OK;
	if (is_encrypted_pem(file) && has_passphrase) {
		fault_set(f, FAULT_C17_PASSPHRASE_WRONG, NULL);
		return ERR_DENIED;
	}
	return explain(code, has_passphrase, f);
}

static void
take_certificate(struct key_import *out, gnutls_x509_crt_t crt)
{
	gnutls_datum_t der;

	if (out->n_certificates < IMPORT_CERTIFICATES_MAX &&
	    gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der) == 0)
		out->certificates[out->n_certificates++] = der;
	gnutls_x509_crt_deinit(crt);
}

/* Key and certificates out of an open PKCS#12 whose MAC is right. */
static enum err
unpack(gnutls_pkcs12_t p12, const char *passphrase, struct key_import *out,
    struct fault *f)
{
	gnutls_x509_privkey_t key = NULL;
	gnutls_x509_crt_t *chain = NULL, *extra = NULL;
	unsigned n_chain = 0, n_extra = 0;
	int code = gnutls_pkcs12_simple_parse(
	    p12, passphrase, &key, &chain, &n_chain, &extra, &n_extra, NULL, 0);

	if (code != 0 && key == NULL)
		return explain(code, passphrase[0] != '\0', f);
	for (unsigned i = 0; i < n_chain; i++)
		take_certificate(out, chain[i]);
	for (unsigned i = 0; i < n_extra; i++)
		take_certificate(out, extra[i]);
	gnutls_free(chain);
	gnutls_free(extra);
	if (key == NULL) {
		fault_set(f, FAULT_C11_NO_KEY,
		    "The PKCS#12 file holds no private key");
		return ERR_SYNTAX;
	}
	if (gnutls_privkey_init(&out->handle) != 0)
		die("no memory for a key");
	code = gnutls_privkey_import_x509(
	    out->handle, key, GNUTLS_PRIVKEY_IMPORT_AUTO_RELEASE);
	return code == 0 ? ERR_OK : explain(code, true, f);
}

static enum err
read_pkcs12(gnutls_pkcs12_t p12, const char *passphrase, struct key_import *out,
    struct fault *f)
{
	int code = gnutls_pkcs12_verify_mac(p12, passphrase);

	if (code == 0)
		return unpack(p12, passphrase, out, f);
	return explain(GNUTLS_E_MAC_VERIFY_FAILED, passphrase[0] != '\0', f);
}

enum err
key_import_read(struct slice file, const char *passphrase,
    struct key_import *out, struct fault *f)
{
	gnutls_datum_t d = {(unsigned char *)file.p, (unsigned)file.n};
	gnutls_pkcs12_t p12 = NULL;
	enum err e;

	*out = (struct key_import){0};
	if (gnutls_pkcs12_init(&p12) != 0)
		die("no memory for a PKCS#12");
	if (gnutls_pkcs12_import(p12, &d, GNUTLS_X509_FMT_DER, 0) == 0)
		e = read_pkcs12(p12, passphrase, out, f);
	else
		e = read_key(file, passphrase, out, f);
	gnutls_pkcs12_deinit(p12);
	if (e == ERR_OK)
		e = judge_type(out, f);
	if (e != ERR_OK)
		key_import_clear(out);
	return e;
}
