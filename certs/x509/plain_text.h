#ifndef CERTS_X509_PLAIN_TEXT_H
#define CERTS_X509_PLAIN_TEXT_H
/*
 * Uploaded bytes as plain text: what editors, clipboards and environment
 * variables do to PEM is undone before it is looked at.
 */
#include "base/buf.h"
#include "base/slice.h"

/*
 * Adds to out the text without byte order mark, from UTF-16 if it is that, with
 * line ends in the place of a literal "\n".  As much as out takes.
 */
void plain_text_read(struct slice file, struct buf *out);

/* What a text that holds no PEM is ("is a web page, ..."); NULL: no idea. */
const char *plain_text_kind(struct slice text);

#endif
