#ifndef ROUTER_CONTROL_APP_H
#define ROUTER_CONTROL_APP_H
/* What customers run: rows of app and backend. */
#include "base/json.h"

struct control;

#define APP_NAME_SIZE 64

struct app {
	int64_t id;
	char name[APP_NAME_SIZE];
	json_t *settings; /* what it set itself */
	int64_t created_at;
};

/* Fills *out, which app_unload empties.  ERR_NOT_FOUND and N16. */
enum err MUST_USE app_load(
    struct control *c, const char *name, struct app *out, struct fault *f);
void app_unload(struct app *a);

/* A DNS label.  ERR_SYNTAX and N18. */
enum err MUST_USE app_name_check(const char *name, struct fault *f);

/* A new app; inside a change.  N17, N18, N21, N22. */
enum err MUST_USE app_create(struct control *c, const char *name,
    const json_t *settings, struct app *out, struct fault *f);
/* Writes settings; domains' tickets end when min_tls changed. */
enum err MUST_USE app_save_settings(
    struct control *c, struct app *a, const json_t *changes, struct fault *f);

/* Workers read it, and NAME.apps_domain, anew after the commit. */
void app_touch(struct control *c, const struct app *a);

/* What holds for the app: its own value, [defaults], the default. */
json_t *app_setting(
    const struct control *c, const struct app *a, const char *key);

/* Oldest TLS that the app takes, 12 or 13. */
int app_min_tls(const struct control *c, const struct app *a);

json_t *app_json(struct control *c, const struct app *a);
/* "app.change" and the like, about it as it is now. */
enum err MUST_USE app_event_add(
    struct control *c, const struct app *a, const char *name, const char *by);

#endif
