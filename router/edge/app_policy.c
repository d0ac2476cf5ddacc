#include "router/edge/app_policy.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"

enum kind {
	KIND_BOOL,
	KIND_SECONDS,
	KIND_PERIOD, /* seconds, or 0 for none */
	KIND_NUMBER,
	KIND_RATE,
	KIND_HOST,
	KIND_BALANCE,
	KIND_MIN_TLS,
	KIND_TEXT,
	KIND_NETWORKS,
	KIND_REQUEST_RULES,
	KIND_RESPONSE_RULES,
	KIND_PROXY,
};

static const struct row {
	const char *key;
	enum kind kind;
	size_t offset;
} rows[] = {
    {"force_https", KIND_BOOL, offsetof(struct app_policy, force_https)},
    {"maintenance", KIND_BOOL, offsetof(struct app_policy, maintenance)},
    {"min_tls", KIND_MIN_TLS, offsetof(struct app_policy, only_tls13)},
    {"connect_timeout", KIND_SECONDS, offsetof(struct app_policy, connect_s)},
    {"first_byte_timeout", KIND_SECONDS,
	offsetof(struct app_policy, first_byte_s)},
    {"idle_timeout", KIND_SECONDS, offsetof(struct app_policy, idle_s)},
    {"max_active", KIND_NUMBER, offsetof(struct app_policy, max_active)},
    {"max_body", KIND_NUMBER, offsetof(struct app_policy, max_body)},
    {"max_headers", KIND_NUMBER, offsetof(struct app_policy, max_headers)},
    {"hsts", KIND_NUMBER, offsetof(struct app_policy, hsts_s)},
    {"canonical_host", KIND_HOST, offsetof(struct app_policy, canonical_host)},
    {"balance", KIND_BALANCE, offsetof(struct app_policy, balance)},
    {"sticky", KIND_BOOL, offsetof(struct app_policy, sticky)},
    {"slow_start", KIND_PERIOD, offsetof(struct app_policy, slow_start_s)},
    {"queue", KIND_NUMBER, offsetof(struct app_policy, queue)},
    {"queue_timeout", KIND_SECONDS, offsetof(struct app_policy, queue_s)},
    {"rate", KIND_RATE, offsetof(struct app_policy, rate)},
    {"maintenance_page", KIND_TEXT,
	offsetof(struct app_policy, maintenance_page)},
    {"error_page", KIND_TEXT, offsetof(struct app_policy, error_page)},
    {"allow", KIND_NETWORKS, offsetof(struct app_policy, allow)},
    {"deny", KIND_NETWORKS, offsetof(struct app_policy, deny)},
    {"request_headers", KIND_REQUEST_RULES,
	offsetof(struct app_policy, request_headers)},
    {"response_headers", KIND_RESPONSE_RULES,
	offsetof(struct app_policy, response_headers)},
    {"proxy_protocol", KIND_PROXY, offsetof(struct app_policy, proxy_protocol)},
    {"backend_host", KIND_HOST, offsetof(struct app_policy, backend_host)},
    {"backend_ca", KIND_TEXT, offsetof(struct app_policy, backend_ca)},
};

void
app_policy_init(struct app_policy *s)
{
	*s = (struct app_policy){
	    .connect_s = 5,
	    .first_byte_s = 30,
	    .idle_s = 55,
	    .slow_start_s = 10,
	    .queue_s = 30,
	    .balance = BALANCE_RANDOM2,
	};
}

/* --- lists ---------------------------------------------------------------- */

static void
clear_networks(struct policy_networks *list)
{
	free(list->items);
	*list = (struct policy_networks){0};
}

/* Words with blanks or commas between. */
static void
add_networks(struct policy_networks *list, struct slice text)
{
	while (text.n > 0) {
		struct network net;
		size_t n = 0;

		while (n < text.n && strchr(" ,\t", text.p[n]) == NULL)
			n++;
		if (network_parse(slice_of(text.p, n), &net) == ERR_OK) {
			list->items = xrealloc(
			    list->items, (list->n + 1) * sizeof(*list->items));
			list->items[list->n++] = net;
		}
		text = slice_from(text, n + 1);
	}
}

static void
clear_rules(struct header_rules *list)
{
	/* name and value lie in one piece, which begins with the name */
	for (size_t i = 0; i < list->n; i++)
		free((char *)list->items[i].name.p);
	free(list->items);
	*list = (struct header_rules){0};
}

static void
add_rule(
    struct header_rules *list, enum header_rule_side side, struct slice text)
{
	struct header_rule rule;
	const char *why;
	char *copy;

	if (header_rule_parse(text, side, &rule, &why) != ERR_OK)
		return;
	copy = xmalloc(rule.name.n + rule.value.n + 1);
	memcpy(copy, rule.name.p, rule.name.n);
	if (rule.value.n > 0)
		memcpy(copy + rule.name.n, rule.value.p, rule.value.n);
	rule.name.p = copy;
	rule.value.p = copy + rule.name.n;
	list->items =
	    xrealloc(list->items, (list->n + 1) * sizeof(*list->items));
	list->items[list->n++] = rule;
}

void
app_policy_clear(struct app_policy *s)
{
	clear_networks(&s->allow);
	clear_networks(&s->deny);
	clear_rules(&s->request_headers);
	clear_rules(&s->response_headers);
	free(s->backend_ca);
	s->backend_ca = NULL;
	free(s->maintenance_page);
	free(s->error_page);
	s->maintenance_page = s->error_page = NULL;
}

static bool
has(const struct policy_networks *list, const struct addr *a)
{
	for (size_t i = 0; i < list->n; i++)
		if (network_has(&list->items[i], a))
			return true;
	return false;
}

bool
app_policy_admits(const struct app_policy *s, struct slice address)
{
	struct addr a;

	if (s->allow.n == 0 && s->deny.n == 0)
		return true;
	if (addr_parse_ip(address, 0, &a) != ERR_OK)
		return false;
	return !has(&s->deny, &a) && (s->allow.n == 0 || has(&s->allow, &a));
}

/* --- one value ------------------------------------------------------------ */

/* A number with a unit behind it.  False when it is neither. */
static bool
read_number(struct slice text, double *out)
{
	static const struct {
		struct slice unit;
		double factor;
	} units[] = {
	    {{"", 0}, 1},
	    {{"ms", 2}, 0.001},
	    {{"s", 1}, 1},
	    {{"m", 1}, 60},
	    {{"h", 1}, 3600},
	    {{"d", 1}, 86400},
	    {{"k", 1}, 1024},
	    {{"K", 1}, 1024},
	    {{"M", 1}, 1024. * 1024},
	    {{"G", 1}, 1024. * 1024 * 1024},
	};
	double number = 0, place = 0;
	size_t i = 0;

	for (; i < text.n; i++) {
		char c = text.p[i];

		if (c >= '0' && c <= '9' && place == 0)
			number = number * 10 + (c - '0');
		else if (c >= '0' && c <= '9')
			number += (c - '0') * (place /= 10);
		else if (c == '.' && place == 0)
			place = 1;
		else
			break;
	}
	if (i == 0)
		return false;
	text = slice_from(text, i);
	for (size_t k = 0; k < COUNT_OF(units); k++) {
		if (!slice_eq(text, units[k].unit))
			continue;
		*out = number * units[k].factor;
		return true;
	}
	return false;
}

static bool
is_on(struct slice v)
{
	return slice_eq(v, SLICE("on")) || slice_eq(v, SLICE("yes")) ||
	       slice_eq(v, SLICE("true"));
}

static void
set_balance(enum balance *balance, struct slice v)
{
	if (slice_eq(v, SLICE("random2")))
		*balance = BALANCE_RANDOM2;
	else if (slice_eq(v, SLICE("least")))
		*balance = BALANCE_LEAST;
	else if (slice_eq(v, SLICE("roundrobin")))
		*balance = BALANCE_ROUNDROBIN;
}

static void
set_proxy(enum backend_proxy *proxy, struct slice v)
{
	if (slice_eq(v, SLICE("off")))
		*proxy = BACKEND_PROXY_OFF;
	else if (slice_eq(v, SLICE("v1")))
		*proxy = BACKEND_PROXY_V1;
	else if (slice_eq(v, SLICE("v2")))
		*proxy = BACKEND_PROXY_V2;
}

static void
set(struct app_policy *s, const struct row *row, struct slice v)
{
	void *field = (char *)s + row->offset;
	double number;

	switch (row->kind) {
	case KIND_BOOL:
		*(bool *)field = is_on(v);
		break;
	case KIND_MIN_TLS:
		*(bool *)field = slice_eq(v, SLICE("1.3"));
		break;
	case KIND_BALANCE:
		set_balance(field, v);
		break;
	case KIND_HOST:
		if (slice_to_str(v, field, HOST_SIZE) != ERR_OK)
			*(char *)field = '\0';
		break;
	case KIND_SECONDS:
		if (read_number(v, &number) && number > 0)
			*(double *)field = number;
		break;
	case KIND_PERIOD:
		if (slice_eq(v, SLICE("off")))
			*(double *)field = 0;
		else if (read_number(v, &number))
			*(double *)field = number;
		break;
	case KIND_RATE:
		if (rate_parse(v, field) != ERR_OK)
			*(struct rate *)field = (struct rate){0};
		break;
	case KIND_NUMBER:
		if (read_number(v, &number))
			*(int64_t *)field = (int64_t)number;
		break;
	case KIND_TEXT:
		free(*(char **)field);
		*(char **)field = v.n > 0 ? xstrdup_slice(v) : NULL;
		break;
	case KIND_NETWORKS:
		add_networks(field, v);
		break;
	case KIND_REQUEST_RULES:
		add_rule(field, HEADER_RULE_REQUEST, v);
		break;
	case KIND_RESPONSE_RULES:
		add_rule(field, HEADER_RULE_RESPONSE, v);
		break;
	case KIND_PROXY:
		set_proxy(field, v);
		break;
	}
}

static const struct row *
find(struct slice key)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (slice_eq(slice_str(rows[i].key), key))
			return &rows[i];
	return NULL;
}

void
app_policy_set(struct app_policy *s, struct slice key, struct slice value)
{
	const struct row *row = find(key);

	if (row != NULL)
		set(s, row, value);
}

/* The app's own list, in the place of the one in [defaults]. */
static void
set_list(struct app_policy *s, const struct row *row, const json_t *v)
{
	void *field = (char *)s + row->offset;
	const json_t *item;
	size_t i;

	if (row->kind == KIND_NETWORKS)
		clear_networks(field);
	else
		clear_rules(field);
	json_array_foreach(v, i, item)
	{
		set(s, row, slice_str(json_string_value(item)));
	}
}

static bool
is_list(const struct row *row)
{
	return row->kind == KIND_NETWORKS || row->kind == KIND_REQUEST_RULES ||
	       row->kind == KIND_RESPONSE_RULES;
}

static void
set_json(struct app_policy *s, const struct row *row, const json_t *v)
{
	void *field = (char *)s + row->offset;

	if (json_is_array(v) && is_list(row))
		set_list(s, row, v);
	else if (json_is_boolean(v) && row->kind == KIND_BOOL)
		*(bool *)field = json_is_true(v);
	else if (json_is_number(v) &&
		 (row->kind == KIND_PERIOD ||
		     (row->kind == KIND_SECONDS && json_number_value(v) > 0)))
		*(double *)field = json_number_value(v);
	else if (json_is_number(v) && row->kind == KIND_NUMBER)
		*(int64_t *)field = (int64_t)json_number_value(v);
	else if (json_is_number(v) && row->kind == KIND_MIN_TLS)
		*(bool *)field = json_number_value(v) > 1.25;
	else if (json_is_string(v))
		set(s, row, slice_str(json_string_value(v)));
}

void
app_policy_read(struct app_policy *s, struct slice text)
{
	json_t *root;

	if (json_parse(text, &root, NULL) != ERR_OK)
		return;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const json_t *v = json_object_get(root, rows[i].key);

		if (v != NULL)
			set_json(s, &rows[i], v);
	}
	json_decref(root);
}
