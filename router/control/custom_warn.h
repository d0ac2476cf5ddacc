#ifndef ROUTER_CONTROL_CUSTOM_WARN_H
#define ROUTER_CONTROL_CUSTOM_WARN_H
/*
 * Who uploaded a certificate is told in time that it ends: an event at each
 * mark of its lifetime (certs/lifetime.h), once, whatever is restarted; one
 * event for several marks that were passed at once.
 */
#include "router/control/domain.h"

/* The event certificate.expiring of the custom certificate that d serves, with
 * C39, or with the domain's fault when that says more.  Inside a change. */
enum err MUST_USE custom_warn(
    struct control *c, const struct domain *d, const char *by);

#endif
