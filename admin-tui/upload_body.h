#ifndef ADMIN_TUI_UPLOAD_BODY_H
#define ADMIN_TUI_UPLOAD_BODY_H
/*
 * From files to the API's `upload` (INTERFACE.md, 4): what each holds is
 * recognised here, so that a sentence can name the file, and written as PEM, of
 * which any amount fits into one text; a PKCS#12 stays what it is.  Whether it
 * all belongs together is judged by the daemon alone.
 *
 * Owned by: whoever made it.   Freed by: upload_body_clear, which wipes.
 */
#include "base/buf.h"
#include "base/fault.h"

struct upload_body {
	struct buf pem;
	struct buf pkcs12; /* base64; at most one */
};

void upload_body_init(struct upload_body *b);
void upload_body_clear(struct upload_body *b);

/* Adds what a file holds, in its order.  As bundle_add; C18 for a second
 * PKCS#12. */
enum err MUST_USE upload_body_add(struct upload_body *b, struct slice file,
    const char *name, struct fault *f);

/* The fields "certificate" and "chain"; empty: to be left out. */
struct slice upload_body_certificate(const struct upload_body *b);
struct slice upload_body_chain(const struct upload_body *b);

#endif
