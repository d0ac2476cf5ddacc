#include "router/control/app_settings.h"

#include <string.h>

#include "base/mem.h"
#include "router/control/app_setting_value.h"

enum err
app_settings_set(
    json_t *settings, const char *key, const json_t *value, struct fault *f)
{
	const struct app_setting *s = app_setting_find(key);
	const char *text = json_string_value(value);
	json_t *stored;
	enum err e;

	if (s == NULL) {
		fault_set(f, FAULT_N21_SETTING_UNKNOWN,
		    "There is no setting \"%s\"", key);
		return ERR_NOT_FOUND;
	}
	if (json_is_null(value) || (text != NULL && *text == '\0')) {
		json_object_del(settings, key);
		return ERR_OK;
	}
	e = app_setting_read(s, value, &stored, f);
	if (e == ERR_OK)
		json_put(settings, key, stored);
	return e;
}

enum err
app_settings_apply(json_t *settings, const json_t *changes, struct fault *f)
{
	json_t *draft = json_copy(settings), *value;
	enum err e = ERR_OK;
	const char *key;

	if (!json_is_object(changes)) {
		fault_set(f, FAULT_P11_FIELD_INVALID,
		    "The field \"settings\" is not an object");
		e = ERR_SYNTAX;
	}
	/* jansson's iteration takes no const, and changes nothing */
	json_object_foreach((json_t *)changes, key, value)
	{
		if (e == ERR_OK)
			e = app_settings_set(draft, key, value, f);
	}
	if (e == ERR_OK) {
		json_object_clear(settings);
		json_object_update(settings, draft);
	}
	json_decref(draft);
	return e;
}

json_t *
app_settings_value(const json_t *settings, const char *key)
{
	const struct app_setting *s = app_setting_find(key);
	json_t *own = json_object_get(settings, key), *text, *value;

	if (own != NULL)
		return json_incref(own);
	if (s == NULL || *s->standard == '\0')
		return json_null();
	text = json_string(s->standard);
	if (app_setting_read(s, text, &value, NULL) != ERR_OK)
		value = json_null();
	json_decref(text);
	return value;
}
