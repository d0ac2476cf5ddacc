#ifndef BASE_TRUST_H
#define BASE_TRUST_H
/*
 * CA bundles for base/fetch.h: the system's roots and further files as one
 * file in memory, made once for each set.  libcurl's GnuTLS backend takes
 * bundles by name only.
 *
 * Owned by: struct fetch.   Freed by: trust_free.
 */
#include "base/fault.h"

struct trust;

/* system: the bundle that is always part. */
struct trust *trust_new(const char *system);
void trust_free(struct trust *t);

/*
 * The name of a bundle with these files added (each may be NULL); a loan for
 * as long as t lives.  ERR_IO and S24 naming the file that cannot be read.
 */
enum err MUST_USE trust_bundle(struct trust *t, const char *first,
    const char *second, const char **out, struct fault *f);

#endif
