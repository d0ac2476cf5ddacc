#ifndef ACME_DELIVERY_H
#define ACME_DELIVERY_H
/*
 * What a CA delivers: the downloaded chain, checked against what was ordered.
 */
#include "certs/x509/chain.h"

/*
 * PEM into a chain whose leaf has the key of spki, covers every name and is not
 * over already.  A24 with what does not fit.  The caller frees *out.
 */
enum err MUST_USE delivery_read(struct slice pem, struct slice spki,
    const char *const *names, size_t n_names, struct chain **out,
    struct fault *f);

/* The topmost certificate of the PEM was issued by this common name: of several
 * chains the one that ends there. */
bool delivery_ends_at(struct slice pem, const char *common_name);

#endif
