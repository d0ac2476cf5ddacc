#include "router/control/app_settings.h"

#include <math.h>
#include <string.h>

#include "base/host.h"
#include "base/mem.h"

#define DAY_S 86400.

/* clang-format off */
static const struct app_setting table[] = {
	{"force_https", SETTING_BOOL, 0, 0, false, NULL, "off",
	    "answer plain HTTP with a redirect to HTTPS"},
	{"hsts", SETTING_SECONDS, 1, 63072000, true, NULL, "0",
	    "max-age of Strict-Transport-Security; 0: not sent"},
	{"canonical_host", SETTING_HOST, 0, 0, false, NULL, "",
	    "redirect the app's other hosts to this one"},
	{"maintenance", SETTING_BOOL, 0, 0, false, NULL, "off",
	    "answer everything with the maintenance page"},
	{"balance", SETTING_CHOICE, 0, 0, false, "random2 least roundrobin",
	    "random2", "how a backend is chosen"},
	{"connect_timeout", SETTING_SECONDS, 0.01, 600, false, NULL, "5s",
	    "to connect to a backend"},
	{"first_byte_timeout", SETTING_SECONDS, 0.01, 3600, false, NULL, "30s",
	    "until a response begins"},
	{"idle_timeout", SETTING_SECONDS, 0.01, DAY_S, false, NULL, "55s",
	    "without a byte, once a response has begun"},
	{"max_active", SETTING_COUNT, 1, 1000000, true, NULL, "0",
	    "requests at once on one backend; 0: no limit"},
	{"max_body", SETTING_BYTES, 1, 1e12, true, NULL, "0",
	    "of a request; 0: no limit"},
	{"min_tls", SETTING_CHOICE, 0, 0, false, "1.2 1.3", "1.2",
	    "oldest version of TLS that is accepted"},
};
/* clang-format on */

/* Names of the manual whose time comes later.  A limit that is not kept, a
 * network that is not kept out: better refused than silently ignored. */
static const char reserved[] =
    "maintenance_page error_page sticky queue queue_timeout max_headers rate "
    "allow deny health_path health_interval health_threshold proxy_protocol";

const struct app_setting *
app_setting_at(size_t i)
{
	return i < COUNT_OF(table) ? &table[i] : NULL;
}

const struct app_setting *
app_setting_find(const char *key)
{
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (strcmp(table[i].key, key) == 0)
			return &table[i];
	return NULL;
}

static bool
is_one_of(struct slice value, const char *words)
{
	struct slice list = slice_str(words), word;

	while (slice_word(&list, &word))
		if (slice_eq(word, value))
			return true;
	return false;
}

/* "30", "0.5", then a unit out of `units` (or none) times its factor. */
struct unit {
	const char *name;
	double factor;
};

static const struct unit time_units[] = {
    {"", 1}, {"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", DAY_S}};
static const struct unit size_units[] = {
    {"", 1}, {"k", 1024}, {"K", 1024}, {"M", 1048576}, {"G", 1073741824}};
static const struct unit no_units[] = {{"", 1}};

static enum err
parse_number(
    struct slice text, const struct unit *units, size_t n_units, double *out)
{
	size_t digits = 0;
	double value = 0, scale = 0;

	for (; digits < text.n; digits++) {
		char c = text.p[digits];

		if (c == '.' && scale == 0 && digits > 0) {
			scale = 1;
		} else if (c >= '0' && c <= '9' && digits < 15) {
			value = value * 10 + (c - '0');
			scale *= 10;
		} else {
			break;
		}
	}
	if (digits == 0 || text.p[digits - 1] == '.')
		return ERR_SYNTAX;
	for (size_t i = 0; i < n_units; i++)
		if (slice_eq(
			slice_from(text, digits), slice_str(units[i].name))) {
			*out =
			    value / (scale == 0 ? 1 : scale) * units[i].factor;
			return ERR_OK;
		}
	return ERR_SYNTAX;
}

static enum err
refuse(const struct app_setting *s, struct fault *f)
{
	static const char *const wants[] = {
	    [SETTING_BOOL] = "on or off",
	    [SETTING_SECONDS] = "a time like 500ms, 30s, 5m or 1h",
	    [SETTING_BYTES] = "a size like 64k or 75M",
	    [SETTING_COUNT] = "a whole number",
	    [SETTING_CHOICE] = "one of",
	    [SETTING_HOST] = "a host name",
	};

	if (s->choices != NULL)
		fault_set(f, FAULT_N22_SETTING_INVALID, "%s takes one of: %s",
		    s->key, s->choices);
	else if (s->max > 0)
		fault_set(f, FAULT_N22_SETTING_INVALID,
		    "%s takes %s, from %.10g to %.10g%s", s->key,
		    wants[s->kind], s->min, s->max,
		    s->has_off ? ", or 0 for none" : "");
	else
		fault_set(f, FAULT_N22_SETTING_INVALID, "%s takes %s", s->key,
		    wants[s->kind]);
	return ERR_SYNTAX;
}

static json_t *
read_number(const struct app_setting *s, const json_t *value)
{
	struct slice text = slice_str(json_string_value(value));
	enum err e = ERR_OK;
	double n = 0;

	if (json_is_number(value))
		n = json_number_value(value);
	else if (!json_is_string(value))
		return NULL;
	else if (s->kind == SETTING_SECONDS)
		e = parse_number(text, time_units, COUNT_OF(time_units), &n);
	else if (s->kind == SETTING_BYTES)
		e = parse_number(text, size_units, COUNT_OF(size_units), &n);
	else
		e = parse_number(text, no_units, COUNT_OF(no_units), &n);
	if (e != ERR_OK && s->has_off && slice_eq(text, SLICE("off")))
		e = ERR_OK;
	if (e != ERR_OK || (s->kind != SETTING_SECONDS && n != floor(n)))
		return NULL;
	if ((n < s->min || n > s->max) && !(s->has_off && n == 0))
		return NULL;
	return n == floor(n) ? json_integer((json_int_t)n) : json_real(n);
}

static json_t *
read_bool(const json_t *value)
{
	struct slice text = slice_str(json_string_value(value));

	if (json_is_boolean(value))
		return json_boolean(json_is_true(value));
	if (text.p != NULL && is_one_of(text, "on yes true"))
		return json_true();
	if (text.p != NULL && is_one_of(text, "off no false"))
		return json_false();
	return NULL;
}

static json_t *
read_choice(const struct app_setting *s, const json_t *value)
{
	const char *text = json_string_value(value);

	return text != NULL && is_one_of(slice_str(text), s->choices)
		   ? json_string(text)
		   : NULL;
}

static json_t *
read_host(const json_t *value)
{
	const char *text = json_string_value(value);
	char host[HOST_SIZE];

	if (text == NULL ||
	    host_normalise(slice_str(text), host, NULL) != ERR_OK ||
	    host_is_wildcard(slice_str(host)))
		return NULL;
	return json_string(host);
}

/* The value in its stored form, new; NULL: it does not fit. */
static json_t *
read_value(const struct app_setting *s, const json_t *value)
{
	switch (s->kind) {
	case SETTING_BOOL:
		return read_bool(value);
	case SETTING_SECONDS:
	case SETTING_BYTES:
	case SETTING_COUNT:
		return read_number(s, value);
	case SETTING_CHOICE:
		return read_choice(s, value);
	case SETTING_HOST:
		return read_host(value);
	}
	return NULL;
}

enum err
app_settings_set(
    json_t *settings, const char *key, const json_t *value, struct fault *f)
{
	const struct app_setting *s = app_setting_find(key);
	const char *text = json_string_value(value);
	json_t *stored;

	if (s == NULL && is_one_of(slice_str(key), reserved)) {
		fault_set(f, FAULT_N22_SETTING_INVALID,
		    "%s is reserved: this version cannot do it yet", key);
		return ERR_DENIED;
	}
	if (s == NULL) {
		fault_set(f, FAULT_N21_SETTING_UNKNOWN,
		    "There is no setting \"%s\"", key);
		return ERR_NOT_FOUND;
	}
	if (json_is_null(value) || (text != NULL && *text == '\0')) {
		json_object_del(settings, key);
		return ERR_OK;
	}
	stored = read_value(s, value);
	if (stored == NULL)
		return refuse(s, f);
	json_put(settings, key, stored);
	return ERR_OK;
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
	value = read_value(s, text);
	json_decref(text);
	return value;
}
