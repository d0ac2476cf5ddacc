#ifndef ROUTER_CONTROL_APP_SETTINGS_H
#define ROUTER_CONTROL_APP_SETTINGS_H
/*
 * The keys of `apps set`: one table of key, kind, range and default.  An app
 * keeps only what it set itself, as a JSON object in app.settings: times are
 * numbers of seconds (0.5), sizes bytes, the rest as the table says.  Workers
 * read that object, with [defaults] and then these defaults behind it.  Keys
 * whose time comes later are refused by name.
 */
#include "base/fault.h"
#include "base/json.h"

enum app_setting_kind {
	SETTING_BOOL,     /* true: on, yes, true */
	SETTING_SECONDS,  /* a number; as text 500ms, 30s, 5m, 1h, or seconds */
	SETTING_BYTES,    /* a whole number; as text 64k, 75M, or bytes */
	SETTING_COUNT,    /* a whole number */
	SETTING_CHOICE,   /* a string out of `choices` */
	SETTING_HOST,     /* a host name as stored */
	SETTING_RATE,     /* a string that base/rate.h reads */
	SETTING_NETWORKS, /* an array; as text with blanks or commas between */
	SETTING_HEADERS,  /* an array of rules (base/header_rule.h); as text one
			   * a line */
	SETTING_PAGE, /* a URL, "sha256:" and the digest of an uploaded page, or
		       * the page itself (which app_page.h keeps) */
};

struct app_setting {
	const char *key;
	enum app_setting_kind kind;
	double min, max; /* of numbers; 0 is always "off" when min > 0
			  * and has_off */
	bool has_off;
	const char *choices;  /* words */
	const char *standard; /* default, as text; "" is null */
	const char *help;
};

#define APP_PAGE_MAX      (256 * 1024) /* bytes of a page */
#define APP_PAGE_NAME_MAX 500          /* of its URL */
#define APP_PAGE_DIGEST   "sha256:"

/* A page that is fetched from elsewhere. */
bool app_setting_is_url(struct slice page);

/* May be given several times, which adds up. */
bool app_setting_is_list(const struct app_setting *s);

/* Row i of the table, NULL past its end. */
const struct app_setting *app_setting_at(size_t i);
const struct app_setting *app_setting_find(const char *key);

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
