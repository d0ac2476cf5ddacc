#ifndef CERTS_X509_DER_KIND_H
#define CERTS_X509_DER_KIND_H
/*
 * What a file in DER holds, told by the shape of its first fields alone.
 * Nothing secret is looked at.
 */
#include "base/slice.h"

enum der_kind {
	DER_KIND_UNKNOWN,
	DER_KIND_CERTIFICATE,
	DER_KIND_KEY,           /* PKCS#8, PKCS#1, SEC1 */
	DER_KIND_ENCRYPTED_KEY, /* PKCS#8 (RFC 5958, 3) */
	DER_KIND_PKCS12,        /* RFC 7292 */
	DER_KIND_PKCS7,         /* RFC 2315 */
	DER_KIND_REQUEST,       /* PKCS#10 (RFC 2986) */
	DER_KIND_PUBLIC_KEY,
};

/* DER_KIND_UNKNOWN also when it is no one item of DER from end to end (what
 * editors and mailers put behind it, blanks, is no matter). */
enum der_kind der_kind(struct slice bytes);

#endif
