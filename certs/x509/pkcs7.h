#ifndef CERTS_X509_PKCS7_H
#define CERTS_X509_PKCS7_H
/*
 * The certificates in a PKCS#7 bundle (RFC 2315, 9.1), the .p7b that several
 * authorities deliver.  Who signed it, if anybody, is of no interest: each
 * certificate has a signature of its own.
 */
#include "base/fault.h"
#include "base/slice.h"

#define PKCS7_CERTIFICATES_MAX 64

/* der is a loan until it returns.  Any value but ERR_OK ends the visit. */
typedef enum err pkcs7_visit(void *ctx, struct slice der);

/* C18 when it cannot be read or holds none, C20 when there are too many. */
enum err MUST_USE pkcs7_read(
    struct slice bytes, pkcs7_visit *visit, void *ctx, struct fault *f);

#endif
