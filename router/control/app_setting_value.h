#ifndef ROUTER_CONTROL_APP_SETTING_VALUE_H
#define ROUTER_CONTROL_APP_SETTING_VALUE_H
/*
 * The value of one key of `apps set`, as people and programs write it, in the
 * form that is stored (app_settings.h).
 */
#include "router/control/app_settings.h"

/*
 * A JSON value, or text as a person writes it, in its stored form: *out is
 * new.  ERR_SYNTAX and N22, one line that says what the key takes.
 */
enum err MUST_USE app_setting_read(const struct app_setting *s,
    const json_t *value, json_t **out, struct fault *f);

#endif
