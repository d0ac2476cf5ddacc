#ifndef ROUTER_CONTROL_APP_SETTINGS_H
#define ROUTER_CONTROL_APP_SETTINGS_H
/*
 * What an app set itself of the keys of `apps set` (base/app_setting.h), as a
 * JSON object in app.settings: times are numbers of seconds (0.5), sizes bytes,
 * the rest as the table says.  Workers read that object, with [defaults] and
 * then the table's defaults behind it.  Keys whose time comes later are refused
 * by name.
 */
#include "base/app_setting.h"
#include "base/fault.h"
#include "base/json.h"

/*
 * Sets a key in `settings`: a JSON value, or text as a person writes it; null
 * and "" put the default back.  N21, N22; nothing is changed on error.
 */
enum err MUST_USE app_settings_set(
    json_t *settings, const char *key, const json_t *value, struct fault *f);

/* Every pair of an object; all or nothing.  P11 when it is no object. */
enum err MUST_USE app_settings_apply(
    json_t *settings, const json_t *changes, struct fault *f);

/* What holds for an app: its own value, else the default (a new reference). */
json_t *app_settings_value(const json_t *settings, const char *key);

#endif
