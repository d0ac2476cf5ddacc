#ifndef ROUTER_CONTROL_CUSTOM_CHECK_H
#define ROUTER_CONTROL_CUSTOM_CHECK_H
/* May this certificate be installed for this host?  Pure. */
#include "certs/x509/certificate.h"

/* ERR_DENIED and C13, C14, C15, C23, C32 or C33, in the order in which a
 * person would want to know. */
enum err MUST_USE custom_check(const struct certificate *leaf, const char *host,
    int64_t now, struct fault *f);

#endif
