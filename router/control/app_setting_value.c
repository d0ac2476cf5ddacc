#include "router/control/app_setting_value.h"

#include <math.h>

#include "base/addr.h"
#include "base/header_rule.h"
#include "base/host.h"
#include "base/mem.h"
#include "base/rate.h"
#include "router/control/app_setting_ca.h"

#define NETWORKS_MAX  1000
#define PATH_SIZE_MAX 1000
#define SHOWN_MAX     80 /* bytes of a wrong value that are repeated */

/* "30", "0.5", then a unit out of `units` (or none) times its factor. */
struct unit {
	const char *name;
	double factor;
};

static const struct unit time_units[] = {
    {"", 1}, {"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
static const struct unit size_units[] = {
    {"", 1}, {"k", 1024}, {"K", 1024}, {"M", 1048576}, {"G", 1073741824}};
static const struct unit no_units[] = {{"", 1}};

/* --- refusing ------------------------------------------------------------- */

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
	    [SETTING_CA] = "CA certificates in PEM",
	    [SETTING_PATH] = "a path like /health",
	    [SETTING_RATE] = "a rate like 100/s, 600/m or 100/s:20",
	    [SETTING_NETWORKS] =
		"addresses and networks: 192.0.2.1 2001:db8::/32",
	    [SETTING_HEADERS] =
		"rules: \"NAME: VALUE\", \"+NAME: VALUE\" or \"-NAME\"",
	    [SETTING_PAGE] = "an HTML page of at most 64 KB, or the URL of one",
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

/* The same of one item of a list, and why it will not do. */
static enum err
refuse_item(const struct app_setting *s, struct slice item, const char *why,
    struct fault *f)
{
	fault_set(f, FAULT_N22_SETTING_INVALID, "%s: \"%.*s\"%s: %s", s->key,
	    item.n > SHOWN_MAX ? SHOWN_MAX : (int)item.n, item.p,
	    item.n > SHOWN_MAX ? "..." : "", why);
	return ERR_SYNTAX;
}

/* --- one value ------------------------------------------------------------ */

static bool
is_one_of(struct slice value, const char *words)
{
	struct slice list = slice_str(words), word;

	while (slice_word(&list, &word))
		if (slice_eq(word, value))
			return true;
	return false;
}

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
read_path(const json_t *value)
{
	const char *text = json_string_value(value);
	size_t n = text == NULL ? 0 : strlen(text);

	if (n == 0 || n > PATH_SIZE_MAX || text[0] != '/')
		return NULL;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] <= ' ' ||
		    (unsigned char)text[i] >= 0x7f || text[i] == '#')
			return NULL;
	return json_string(text);
}

static json_t *
read_rate(const json_t *value)
{
	const char *text = json_string_value(value);
	struct rate r;

	return text != NULL && rate_parse(slice_str(text), &r) == ERR_OK
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

/* A URL, the name of a page that was uploaded before, or the page itself;
 * the name of a file in its place is the mistake to expect. */
static json_t *
read_page(const json_t *value)
{
	struct slice text = slice_str(json_string_value(value));
	bool is_word = text.n > 0 && text.n <= APP_PAGE_NAME_MAX;

	if (text.n == 0 || text.n > APP_PAGE_MAX)
		return NULL;
	for (size_t i = 0; i < text.n && is_word; i++)
		is_word = text.p[i] > ' ' && text.p[i] < 0x7f;
	if (app_setting_is_url(text) ||
	    slice_starts_with(text, SLICE(APP_PAGE_DIGEST)))
		return is_word ? json_stringn(text.p, text.n) : NULL;
	return slice_find(text, '<') < text.n ? json_stringn(text.p, text.n)
					      : NULL;
}

/* --- lists ---------------------------------------------------------------- */

static enum err
add_network(const struct app_setting *s, json_t *list, struct slice item,
    struct fault *f)
{
	struct network net;

	if (network_parse(item, &net) != ERR_OK)
		return refuse_item(
		    s, item, "it is no address and no network", f);
	if (json_array_size(list) == NETWORKS_MAX)
		return refuse_item(s, item, "there are 1000 already", f);
	json_array_append_new(list, json_stringn(item.p, item.n));
	return ERR_OK;
}

static enum err
add_rule(const struct app_setting *s, json_t *list, struct slice item,
    struct fault *f)
{
	enum header_rule_side side = strcmp(s->key, "request_headers") == 0
					 ? HEADER_RULE_REQUEST
					 : HEADER_RULE_RESPONSE;
	struct header_rule rule;
	const char *why;

	if (header_rule_parse(item, side, &rule, &why) != ERR_OK)
		return refuse_item(s, item, why, f);
	if (json_array_size(list) == HEADER_RULES_MAX)
		return refuse_item(s, item, "there are 64 already", f);
	json_array_append_new(list, json_stringn(item.p, item.n));
	return ERR_OK;
}

/* The items of one text: networks by blanks and commas, rules by lines. */
static enum err
add_items(const struct app_setting *s, json_t *list, struct slice text,
    struct fault *f)
{
	bool is_rules = s->kind == SETTING_HEADERS;
	enum err e = ERR_OK;
	size_t n;

	while (e == ERR_OK && text.n > 0) {
		for (n = 0; n < text.n; n++)
			if (strchr(is_rules ? "\n" : " ,\t\r\n", text.p[n]) !=
			    NULL)
				break;
		struct slice item = slice_trim(slice_of(text.p, n));

		text = slice_from(text, n + 1);
		if (item.n > 0)
			e = is_rules ? add_rule(s, list, item, f)
				     : add_network(s, list, item, f);
	}
	return e;
}

static enum err
read_list(const struct app_setting *s, const json_t *value, json_t **out,
    struct fault *f)
{
	json_t *list = json_array();
	enum err e = ERR_OK;

	if (json_is_string(value))
		e = add_items(s, list, slice_str(json_string_value(value)), f);
	else if (!json_is_array(value))
		e = refuse(s, f);
	for (size_t i = 0; i < json_array_size(value) && e == ERR_OK; i++) {
		const char *text = json_string_value(json_array_get(value, i));

		e = text == NULL ? refuse(s, f)
				 : add_items(s, list, slice_str(text), f);
	}
	if (e == ERR_OK) {
		*out = list;
		return ERR_OK;
	}
	json_decref(list);
	return e;
}

enum err
app_setting_read(const struct app_setting *s, const json_t *value, json_t **out,
    struct fault *f)
{
	*out = NULL;
	switch (s->kind) {
	case SETTING_BOOL:
		*out = read_bool(value);
		break;
	case SETTING_SECONDS:
	case SETTING_BYTES:
	case SETTING_COUNT:
		*out = read_number(s, value);
		break;
	case SETTING_CHOICE:
		*out = read_choice(s, value);
		break;
	case SETTING_PATH:
		*out = read_path(value);
		break;
	case SETTING_RATE:
		*out = read_rate(value);
		break;
	case SETTING_HOST:
		*out = read_host(value);
		break;
	case SETTING_PAGE:
		*out = read_page(value);
		break;
	case SETTING_CA:
		return app_setting_ca_read(value, out, f);
	case SETTING_NETWORKS:
	case SETTING_HEADERS:
		return read_list(s, value, out, f);
	}
	return *out == NULL ? refuse(s, f) : ERR_OK;
}
