#ifndef CERTS_X509_PEM_H
#define CERTS_X509_PEM_H
/*
 * PEM as it is found in the field (RFC 7468 and before): blocks anywhere in a
 * text, headers in old encrypted keys, any width and any end of line.
 */
#include "base/buf.h"
#include "base/slice.h"

struct pem_block {
	struct slice label;   /* "CERTIFICATE" */
	struct slice headers; /* "Proc-Type: 4,ENCRYPTED\n...", mostly empty */
	struct slice body;    /* base64 with its line ends */
};

/*
 * Takes the next block off *text.  ERR_NOT_FOUND: there is none.  ERR_SYNTAX:
 * it has no end (only out->label is set), *text is then empty.
 */
enum err MUST_USE pem_next(struct slice *text, struct pem_block *out);

/* Base64, blanks and line ends skipped, added to out.  ERR_SYNTAX, ERR_TOO_BIG.
 */
enum err MUST_USE base64_decode(struct slice text, struct buf *out);

/* The other way (RFC 4648, 4), on one line. */
void base64_add(struct buf *out, struct slice bytes);

/* A block as RFC 7468 wants it. */
void pem_write(struct buf *out, struct slice label, struct slice headers,
    struct slice bytes);

#endif
