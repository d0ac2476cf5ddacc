#ifndef ACME_BASE64URL_H
#define ACME_BASE64URL_H
/*
 * base64url without padding (RFC 7515, 2), appended.  The decoder refuses any
 * byte that is not of it: ERR_SYNTAX.
 */
#include "base/buf.h"

enum err base64url_add(struct buf *b, struct slice bytes);
enum err MUST_USE base64url_decode(struct slice text, struct buf *out);

#endif
