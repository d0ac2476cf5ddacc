#ifndef CERTS_X509_TEXT_H
#define CERTS_X509_TEXT_H
/*
 * Text out of certificates is a stranger's: it goes to terminals, JSON and
 * logs only after this.
 */
#include "base/slice.h"

/* Copies `in`, cut to fit at a whole character; bytes that are not UTF-8 and
 * control characters become '?'.  out is terminated. */
void text_copy(char *out, size_t size, struct slice in);

#endif
