#ifndef ROUTER_EDGE_SITE_CERTIFICATE_H
#define ROUTER_EDGE_SITE_CERTIFICATE_H
/*
 * From a site's candidates to the certificate that is served now
 * (certs/choose.h): at every full handshake, and when a request names another
 * host than the connection did.
 */
#include "router/edge/site.h"
#include "router/edge/tls_certificate.h"

/*
 * A reference.  One that cannot be loaded is passed over, as if it were not
 * there; when nothing is left it is the placeholder.  NULL: not even that.
 */
struct tls_certificate *site_certificate(
    struct tls_certificates *c, const struct site *s, int64_t now);

#endif
