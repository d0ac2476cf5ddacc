#ifndef ROUTER_CONTROL_APP_SETTING_CA_H
#define ROUTER_CONTROL_APP_SETTING_CA_H
/*
 * backend_ca of `apps set`: the CA certificates that https:// backends of an
 * app must be vouched for by, as PEM.
 */
#include "base/fault.h"
#include "base/json.h"

#define APP_SETTING_CA_MAX ((size_t)64 * 1024) /* bytes, as stored */

/*
 * A PEM text with one certificate or more, and whatever stands between them, as
 * a new JSON string with the certificates alone.  ERR_SYNTAX and N22: there is
 * none, one of them is broken or no CA's, or they are too many.
 */
enum err MUST_USE app_setting_ca_read(
    const json_t *value, json_t **out, struct fault *f);

#endif
