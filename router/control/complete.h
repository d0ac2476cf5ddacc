#ifndef ROUTER_CONTROL_COMPLETE_H
#define ROUTER_CONTROL_COMPLETE_H
/*
 * An upload whose chain lacks an intermediate, completed when that is asked
 * for: each certificate says where its issuer's is (RFC 5280, 4.2.2.1).  The
 * address was chosen by whoever made the certificate, so the address rules of
 * base/fetch.h apply.
 */
#include "router/control/api.h"

/*
 * Fetches what is missing into the upload, which is the call's body or a part
 * of it, as far as it can be had; then
 * `then` goes on with the call, from the loop, or at once when nothing is
 * missing.  What could not be had is told in the "warnings" of the call's
 * answer, if they are there.
 */
void complete_upload(
    struct api_call *call, json_t *upload, void (*then)(struct api_call *call));

#endif
