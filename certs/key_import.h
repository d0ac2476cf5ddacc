#ifndef CERTS_KEY_IMPORT_H
#define CERTS_KEY_IMPORT_H
/*
 * Opening what people upload, inside the keys process: PEM and DER of PKCS#8,
 * PKCS#1 and SEC1, encrypted or not, and PKCS#12 with its certificates.
 */
#include <gnutls/abstract.h>

#include "base/buf.h"
#include "base/fault.h"
#include "certs/x509/key_type.h"

#define IMPORT_CERTIFICATES_MAX 16

struct key_import {
	gnutls_privkey_t handle;
	char key_type[KEY_TYPE_SIZE];
	gnutls_datum_t certificates[IMPORT_CERTIFICATES_MAX]; /* DER */
	size_t n_certificates;
	unsigned rounds; /* of hashing that the file asked for */
};

/* C11, C16, C17, C20, C23, C31, C38, C40.  The work that a file can ask for is
 * bounded: see ROUNDS_MAX and RSA_BITS_MAX. */
enum err MUST_USE key_import_read(struct slice file, const char *passphrase,
    struct key_import *out, struct fault *f);
/* Frees the certificates; the handle too, unless taken (set to NULL). */
void key_import_clear(struct key_import *i);

#endif
