#ifndef BASE_APP_SETTING_H
#define BASE_APP_SETTING_H
/*
 * The keys of `apps set`: one table of key, kind, range, default and help, from
 * which control judges values, and the command line shows and explains them.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

enum app_setting_kind {
	SETTING_BOOL,     /* true: on, yes, true */
	SETTING_SECONDS,  /* a number; as text 500ms, 30s, 5m, 1h, or seconds */
	SETTING_BYTES,    /* a whole number; as text 64k, 75M, or bytes */
	SETTING_COUNT,    /* a whole number */
	SETTING_CHOICE,   /* a string out of `choices` */
	SETTING_HOST,     /* a host name as stored */
	SETTING_CA,       /* CA certificates in PEM */
	SETTING_RATE,     /* a string that base/rate.h reads */
	SETTING_PATH,     /* of a URL: "/health?deep=1" */
	SETTING_NETWORKS, /* an array; as text with blanks or commas between */
	SETTING_HEADERS,  /* an array of rules (base/header_rule.h); as text one
			   * a line */
	SETTING_PAGE, /* a URL, "sha256:" and the digest of an uploaded page, or
		       * the page itself (which control keeps) */
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

/* Bytes of a page: what a connection may buffer for a client that does not
 * read, so that a page is no lever to fill memory with. */
#define APP_PAGE_MAX      (64 * 1024)
#define APP_PAGE_NAME_MAX 500 /* of its URL */
#define APP_PAGE_DIGEST   "sha256:"

/* A page that is fetched from elsewhere. */
bool app_setting_is_url(struct slice page);

/* May be given several times, which adds up. */
bool app_setting_is_list(const struct app_setting *s);

/* Row i of the table, NULL past its end. */
const struct app_setting *app_setting_at(size_t i);
const struct app_setting *app_setting_find(const char *key);

#endif
