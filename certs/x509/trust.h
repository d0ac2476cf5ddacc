#ifndef CERTS_X509_TRUST_H
#define CERTS_X509_TRUST_H
/*
 * Whether visitors' programs will trust a chain: it leads to a root of the
 * system's bundle.  The bundle takes megabytes, so it is read from disk once,
 * and only by who asks.
 *
 * Owned by: whoever made it.   Freed by: trust_free.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

struct chain;
struct trust;

/* The system's bundle; extra_file (NULL: none) adds more, for private CAs. */
struct trust *trust_new(const char *extra_file);
void trust_free(struct trust *t); /* NULL is allowed */
/* Reads the bundle now, which takes ten milliseconds and more; else the first
 * question waits for it. */
void trust_read(const struct trust *t);

/* Verified for servers at now.  When false, *why is C21 (an intermediate is
 * missing) or C22 (not trusted, with the reason). */
bool chain_is_trusted(const struct chain *c, const struct trust *t, int64_t now,
    struct fault *why);

#endif
