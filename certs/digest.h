#ifndef CERTS_DIGEST_H
#define CERTS_DIGEST_H
/* The SHA-256 of some bytes, as lower-case hex. */
#include "base/slice.h"

#define DIGEST_TEXT_SIZE 65

/* Returns out. */
char *digest_text(struct slice bytes, char out[DIGEST_TEXT_SIZE]);

#endif
