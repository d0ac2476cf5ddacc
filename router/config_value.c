#include "router/config_value.h"

#include <stdlib.h>

#include "base/host.h"
#include "base/mem.h"

#define LIST_MAX  200
#define DNS_PORT  53
#define SHOWN_MAX 100 /* bytes of a bad value in the fault */

/* The field of a row, of the type that the row's type says. */
static void *
field(const struct config *c, const struct config_row *row)
{
	return (char *)c + row->at;
}

bool
config_value_is_list(const struct config_row *row)
{
	return row->type >= CONFIG_HOSTS;
}

static enum err
refuse(const struct config_row *row, struct slice text, const char *wants,
    struct fault *f)
{
	if (text.n > SHOWN_MAX)
		text.n = SHOWN_MAX;
	if ((row->flags & CONFIG_SECRET) != 0)
		text = SLICE("what it is");
	fault_set(f, FAULT_S23_CONFIG_VALUE,
	    "%s must be %s, not \"%" SLICE_FMT "\"", row->key, wants,
	    SLICE_ARG(text));
	return ERR_SYNTAX;
}

static void
replace(char **at, struct slice text)
{
	free(*at);
	*at = xstrdup_slice(text);
}

/* --- numbers ------------------------------------------------------------- */

/* Digits and what is behind them. */
static bool
number_and_unit(struct slice text, uint64_t *n, struct slice *unit)
{
	size_t digits = 0;

	while (
	    digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9')
		digits++;
	*unit = slice_from(text, digits);
	return slice_to_u64(slice_of(text.p, digits), n) == ERR_OK;
}

static bool
parse_ms(struct slice text, int64_t *ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000},
	    {"h", 3600000}, {"d", 86400000}};
	struct slice unit;
	uint64_t n;

	if (!number_and_unit(text, &n, &unit) || n > INT64_MAX / 86400000)
		return false;
	for (size_t i = 0; i < COUNT_OF(units); i++) {
		if (slice_eq(unit, slice_str(units[i].unit))) {
			*ms = (int64_t)n * units[i].ms;
			return true;
		}
	}
	return false;
}

static enum err
set_time(const struct config_row *row, int64_t *at, struct slice text,
    struct fault *f)
{
	int64_t ms;

	if (!parse_ms(text, &ms))
		return refuse(
		    row, text, "a time such as 500ms, 30s, 5m or 1h", f);
	if (ms < row->min)
		return refuse(row, text, "longer", f);
	if (ms > row->max)
		return refuse(row, text, "shorter", f);
	*at = ms;
	return ERR_OK;
}

static enum err
set_count(const struct config_row *row, int64_t *at, struct slice text,
    struct fault *f)
{
	bool may_be_auto = (row->flags & CONFIG_AUTO) != 0;
	char *wants;
	uint64_t n;
	enum err e;

	if (may_be_auto && slice_eq(text, SLICE("auto"))) {
		*at = 0;
		return ERR_OK;
	}
	if (slice_to_u64(text, &n) == ERR_OK && n >= (uint64_t)row->min &&
	    n <= (uint64_t)row->max) {
		*at = (int64_t)n;
		return ERR_OK;
	}
	wants = xasprintf("%sa number from %lld to %lld",
	    may_be_auto ? "auto or " : "", (long long)row->min,
	    (long long)row->max);
	e = refuse(row, text, wants, f);
	free(wants);
	return e;
}

static bool
parse_size(struct slice text, int64_t *bytes)
{
	static const char units[] = "kmgt";
	struct slice unit;
	uint64_t n;

	if (!number_and_unit(text, &n, &unit) || unit.n > 1 ||
	    n > (unit.n == 0 ? INT64_MAX : INT64_MAX >> 40))
		return false;
	*bytes = (int64_t)n;
	for (int i = 0; unit.n > 0 && units[i] != '\0'; i++) {
		*bytes *= 1024;
		if ((unit.p[0] | 0x20) == units[i])
			return true;
	}
	return unit.n == 0;
}

static enum err
set_size(const struct config_row *row, int64_t *at, struct slice text,
    struct fault *f)
{
	bool may_be_auto = (row->flags & CONFIG_AUTO) != 0;
	int64_t bytes;

	if (may_be_auto && slice_eq(text, SLICE("auto"))) {
		*at = 0;
		return ERR_OK;
	}
	if (!parse_size(text, &bytes))
		return refuse(row, text, "a size such as 64k, 75M or 2G", f);
	if (bytes < row->min)
		return refuse(row, text, "more", f);
	if (bytes > row->max)
		return refuse(row, text, "less", f);
	*at = bytes;
	return ERR_OK;
}

static enum err
set_flag(
    const struct config_row *row, bool *at, struct slice text, struct fault *f)
{
	static const char *const on[] = {"on", "yes", "true"};
	static const char *const off[] = {"off", "no", "false"};

	for (size_t i = 0; i < COUNT_OF(on); i++) {
		if (slice_eq(text, slice_str(on[i]))) {
			*at = true;
			return ERR_OK;
		}
		if (slice_eq(text, slice_str(off[i]))) {
			*at = false;
			return ERR_OK;
		}
	}
	return refuse(row, text, "on or off", f);
}

static const char *const levels[] = {"error", "warning", "info", "debug"};

static enum err
set_level(const struct config_row *row, int64_t *at, struct slice text,
    struct fault *f)
{
	enum log_level level;

	if (log_level_parse(text, &level) != ERR_OK)
		return refuse(row, text, "error, warning, info or debug", f);
	*at = level;
	return ERR_OK;
}

/* --- strings ------------------------------------------------------------- */

static enum err
set_path(
    const struct config_row *row, char **at, struct slice text, struct fault *f)
{
	if (text.n == 0 || text.p[0] != '/')
		return refuse(row, text, "a path that begins with /", f);
	replace(at, text);
	return ERR_OK;
}

static enum err
set_url(
    const struct config_row *row, char **at, struct slice text, struct fault *f)
{
	if (text.n > 0 && !slice_starts_with(text, SLICE("https://")))
		return refuse(row, text, "a URL that begins with https://", f);
	replace(at, text);
	return ERR_OK;
}

/* A host in the form it is stored; a wildcard only where it may be. */
static enum err
read_host(const struct config_row *row, struct slice text, bool wildcard,
    char out[HOST_SIZE], struct fault *f)
{
	if (host_normalise(text, out, NULL) != ERR_OK ||
	    (host_is_wildcard(slice_str(out)) && !wildcard))
		return refuse(row, text, "a host name like www.example.com", f);
	return ERR_OK;
}

static enum err
set_host(
    const struct config_row *row, char **at, struct slice text, struct fault *f)
{
	char host[HOST_SIZE] = "";

	if (text.n > 0 && read_host(row, text, false, host, f) != ERR_OK)
		return ERR_SYNTAX;
	replace(at, slice_str(host));
	return ERR_OK;
}

static bool
is_word_of(const char *words, struct slice text)
{
	struct slice rest = slice_str(words), word;

	while (slice_word(&rest, &word))
		if (slice_eq(word, text))
			return true;
	return false;
}

static enum err
check_choice(const struct config_row *row, struct slice text, struct fault *f)
{
	char *wants;
	enum err e;

	if (is_word_of(row->words, text))
		return ERR_OK;
	wants = xasprintf("one of: %s", row->words);
	e = refuse(row, text, wants, f);
	free(wants);
	return e;
}

static enum err
set_choice(
    const struct config_row *row, char **at, struct slice text, struct fault *f)
{
	if (text.n > 0 && check_choice(row, text, f) != ERR_OK)
		return ERR_SYNTAX;
	replace(at, text);
	return ERR_OK;
}

/* --- lists ---------------------------------------------------------------- */

static void
add_string(struct config_strings *list, struct slice text)
{
	list->items =
	    xrealloc(list->items, (list->n + 1) * sizeof(*list->items));
	list->items[list->n++] = xstrdup_slice(text);
}

static enum err
add_host(const struct config_row *row, struct config_strings *list,
    struct slice word, struct fault *f)
{
	char host[HOST_SIZE];

	if (read_host(row, word, true, host, f) != ERR_OK)
		return ERR_SYNTAX;
	add_string(list, slice_str(host));
	return ERR_OK;
}

static enum err
add_choice(const struct config_row *row, struct config_strings *list,
    struct slice word, struct fault *f)
{
	if (check_choice(row, word, f) != ERR_OK)
		return ERR_SYNTAX;
	for (size_t i = 0; i < list->n; i++)
		if (slice_eq(slice_str(list->items[i]), word))
			return refuse(row, word, "a list without doubles", f);
	add_string(list, word);
	return ERR_OK;
}

/* An address of the kind that the row wants. */
static enum err
read_addr(enum config_type type, struct slice word, struct addr *out)
{
	if (type == CONFIG_IPS)
		return addr_parse_ip(word, 0, out);
	if (type == CONFIG_RESOLVERS &&
	    addr_parse_ip(word, DNS_PORT, out) == ERR_OK)
		return ERR_OK;
	if (addr_parse(word, out) != ERR_OK || addr_port(out) == 0)
		return ERR_SYNTAX; /* port 0 is a Unix socket, or none */
	return ERR_OK;
}

static enum err
add_addr(const struct config_row *row, struct config_addrs *list,
    struct slice word, struct fault *f)
{
	struct addr a;

	if (read_addr(row->type, word, &a) != ERR_OK)
		return refuse(row, word,
		    row->type == CONFIG_IPS
			? "an IP address like 192.0.2.1 or 2001:db8::1"
			: "an address like 0.0.0.0:80 or [::]:80",
		    f);
	for (size_t i = 0; i < list->n; i++)
		if (addr_eq(&list->items[i], &a))
			return refuse(row, word, "a list without doubles", f);
	list->items =
	    xrealloc(list->items, (list->n + 1) * sizeof(*list->items));
	list->items[list->n++] = a;
	return ERR_OK;
}

static enum err
add_network(const struct config_row *row, struct config_networks *list,
    struct slice word, struct fault *f)
{
	struct network net;

	if (network_parse(word, &net) != ERR_OK)
		return refuse(row, word, "a network like 10.0.0.0/8", f);
	list->items =
	    xrealloc(list->items, (list->n + 1) * sizeof(*list->items));
	list->items[list->n++] = net;
	return ERR_OK;
}

static size_t
list_length(const struct config *c, const struct config_row *row)
{
	if (row->type == CONFIG_HOSTS || row->type == CONFIG_CHOICES)
		return ((struct config_strings *)field(c, row))->n;
	if (row->type == CONFIG_NETWORKS)
		return ((struct config_networks *)field(c, row))->n;
	return ((struct config_addrs *)field(c, row))->n;
}

static enum err
add_words(struct config *c, const struct config_row *row, struct slice text,
    struct fault *f)
{
	struct slice word;
	enum err e = ERR_OK;

	while (e == ERR_OK && slice_word(&text, &word)) {
		void *at = field(c, row);

		if (list_length(c, row) >= LIST_MAX)
			return refuse(row, word, "a shorter list", f);
		if (row->type == CONFIG_HOSTS)
			e = add_host(row, at, word, f);
		else if (row->type == CONFIG_CHOICES)
			e = add_choice(row, at, word, f);
		else if (row->type == CONFIG_NETWORKS)
			e = add_network(row, at, word, f);
		else
			e = add_addr(row, at, word, f);
	}
	return e;
}

/* --- all ------------------------------------------------------------------ */

enum err
config_value_set(struct config *c, const struct config_row *row,
    struct slice text, struct fault *f)
{
	void *at = field(c, row);

	if (text.n == 0 && (row->flags & CONFIG_NEEDED) != 0)
		return refuse(row, text, "set", f);
	switch (row->type) {
	case CONFIG_STRING:
		replace(at, text);
		return ERR_OK;
	case CONFIG_PATH:
		return set_path(row, at, text, f);
	case CONFIG_URL:
		return set_url(row, at, text, f);
	case CONFIG_HOST:
		return set_host(row, at, text, f);
	case CONFIG_CHOICE:
		return set_choice(row, at, text, f);
	case CONFIG_FLAG:
		return set_flag(row, at, text, f);
	case CONFIG_COUNT:
		return set_count(row, at, text, f);
	case CONFIG_SIZE:
		return set_size(row, at, text, f);
	case CONFIG_TIME:
		return set_time(row, at, text, f);
	case CONFIG_LEVEL:
		return set_level(row, at, text, f);
	case CONFIG_HOSTS:
	case CONFIG_CHOICES:
	case CONFIG_ADDRS:
	case CONFIG_IPS:
	case CONFIG_RESOLVERS:
	case CONFIG_NETWORKS:
		break;
	}
	return add_words(c, row, text, f);
}

static void
item_text(const struct config *c, const struct config_row *row, size_t i,
    struct buf *out)
{
	char text[ADDR_TEXT_SIZE];

	if (row->type == CONFIG_HOSTS || row->type == CONFIG_CHOICES) {
		const struct config_strings *list = field(c, row);

		(void)buf_add_str(out, list->items[i]);
	} else if (row->type == CONFIG_NETWORKS) {
		const struct config_networks *list = field(c, row);

		(void)buf_printf(out, "%s/%u",
		    addr_format_ip(&list->items[i].base, text),
		    list->items[i].prefix);
	} else {
		const struct config_addrs *list = field(c, row);

		(void)buf_add_str(
		    out, row->type == CONFIG_IPS
			     ? addr_format_ip(&list->items[i], text)
			     : addr_format(&list->items[i], text));
	}
}

static void
list_text(const struct config *c, const struct config_row *row, struct buf *out)
{
	for (size_t i = 0; i < list_length(c, row); i++) {
		if (i > 0)
			(void)buf_add_char(out, ' ');
		item_text(c, row, i, out);
	}
}

void
config_value_text(
    const struct config *c, const struct config_row *row, struct buf *out)
{
	const void *at = field(c, row);
	int64_t n;

	switch (row->type) {
	case CONFIG_STRING:
	case CONFIG_PATH:
	case CONFIG_URL:
	case CONFIG_HOST:
	case CONFIG_CHOICE:
		(void)buf_add_str(out, *(char *const *)at);
		return;
	case CONFIG_FLAG:
		(void)buf_add_str(out, *(const bool *)at ? "on" : "off");
		return;
	case CONFIG_COUNT:
	case CONFIG_SIZE:
		n = *(const int64_t *)at;
		if (n == 0 && (row->flags & CONFIG_AUTO) != 0)
			(void)buf_add_str(out, "auto");
		else
			(void)buf_printf(out, "%lld", (long long)n);
		return;
	case CONFIG_TIME:
		(void)buf_printf(
		    out, "%lldms", (long long)*(const int64_t *)at);
		return;
	case CONFIG_LEVEL:
		(void)buf_add_str(out, levels[*(const int64_t *)at]);
		return;
	case CONFIG_HOSTS:
	case CONFIG_CHOICES:
	case CONFIG_ADDRS:
	case CONFIG_IPS:
	case CONFIG_RESOLVERS:
	case CONFIG_NETWORKS:
		list_text(c, row, out);
		return;
	}
}

static void
clear_strings(struct config_strings *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct config_strings){0};
}

void
config_value_clear(struct config *c, const struct config_row *row)
{
	void *at = field(c, row);

	switch (row->type) {
	case CONFIG_STRING:
	case CONFIG_PATH:
	case CONFIG_URL:
	case CONFIG_HOST:
	case CONFIG_CHOICE:
		free(*(char **)at);
		*(char **)at = NULL;
		return;
	case CONFIG_FLAG:
		*(bool *)at = false;
		return;
	case CONFIG_COUNT:
	case CONFIG_SIZE:
	case CONFIG_TIME:
	case CONFIG_LEVEL:
		*(int64_t *)at = 0;
		return;
	case CONFIG_HOSTS:
	case CONFIG_CHOICES:
		clear_strings(at);
		return;
	case CONFIG_NETWORKS:
		free(((struct config_networks *)at)->items);
		*(struct config_networks *)at = (struct config_networks){0};
		return;
	case CONFIG_ADDRS:
	case CONFIG_IPS:
	case CONFIG_RESOLVERS:
		free(((struct config_addrs *)at)->items);
		*(struct config_addrs *)at = (struct config_addrs){0};
		return;
	}
}
