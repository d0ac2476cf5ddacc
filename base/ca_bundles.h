#ifndef BASE_CA_BUNDLES_H
#define BASE_CA_BUNDLES_H
/*
 * CA bundles for base/fetch.h: the system's roots and further files as one
 * file in memory, made once for each set.  libcurl's GnuTLS backend takes
 * bundles by name only.
 *
 * Owned by: struct fetch.   Freed by: ca_bundles_free.
 */
#include "base/fault.h"

struct ca_bundles;

/* system: the bundle that is always part. */
struct ca_bundles *ca_bundles_new(const char *system);
void ca_bundles_free(struct ca_bundles *t);

/*
 * The name of a bundle with these files added (each may be NULL); a loan for
 * as long as t lives.  ERR_IO and S24 naming the file that cannot be read.
 */
enum err MUST_USE ca_bundles_get(struct ca_bundles *t, const char *first,
    const char *second, const char **out, struct fault *f);

#endif
