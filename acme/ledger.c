#include "acme/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/registered.h"
#include "base/slice.h"

#define SUBJECT_MAX ((size_t)64 * 1024) /* all names of one order */

#define HOUR        INT64_C(3600)
#define DAY         (24 * HOUR)
#define TOLD_MAX_MS (7 * DAY * 1000) /* acme/problem.h */

static const struct {
	const char *text, *title;
} rules[LEDGER_RULES] = {
    [LEDGER_ORDERS] = {"orders", "new orders"},
    [LEDGER_DOMAIN] = {"domain", "certificates for the registered domain"},
    [LEDGER_NAMES] = {"names", "certificates for exactly these names"},
    [LEDGER_FAILURES] = {"failures", "failed validations"},
    [LEDGER_STREAK] = {"streak", "failed validations without a success"},
    [LEDGER_ACCOUNTS] = {"accounts", "new accounts"},
    [LEDGER_TOLD] = {"told", "what the certificate authority said"},
};

/*
 * https://letsencrypt.org/docs/rate-limits and docs/staging-environment, as of
 * August 2026.  Staging's limits per second are none to us.
 */
static const struct ledger_limits known[] = {
    {
	.name = "letsencrypt",
	.directory = "acme-v02.api.letsencrypt.org",
	.of =
	    {
		[LEDGER_ORDERS] = {300, 3 * HOUR},
		[LEDGER_DOMAIN] = {50, 7 * DAY},
		[LEDGER_NAMES] = {5, 7 * DAY},
		[LEDGER_FAILURES] = {5, HOUR},
		[LEDGER_STREAK] = {1152, 1152 * DAY},
		[LEDGER_ACCOUNTS] = {10, 3 * HOUR},
	    },
    },
    {
	.name = "letsencrypt-staging",
	.directory = "acme-staging-v02.api.letsencrypt.org",
	.of =
	    {
		[LEDGER_ORDERS] = {1500, 3 * HOUR},
		[LEDGER_NAMES] = {30000, 7 * DAY},
		[LEDGER_FAILURES] = {200, HOUR},
		[LEDGER_STREAK] = {3600, 3600 * 6 * HOUR},
		[LEDGER_ACCOUNTS] = {50, 3 * HOUR},
	    },
    },
};

static const struct ledger_limits none = {.name = "none"};

const char *
ledger_rule_text(enum ledger_rule rule)
{
	return rules[rule].text;
}

const char *
ledger_rule_title(enum ledger_rule rule)
{
	return rules[rule].title;
}

/* "https://HOST/..." is of that host. */
static bool
is_at(const char *directory, const char *host)
{
	struct slice rest = slice_str(directory);

	if (!slice_starts_with(rest, SLICE("https://")))
		return false;
	rest = slice_from(rest, strlen("https://"));
	return rest.n > strlen(host) && rest.p[strlen(host)] == '/' &&
	       slice_starts_with(rest, slice_str(host));
}

const struct ledger_limits *
ledger_limits(const char *name, const char *directory)
{
	bool is_auto = strcmp(name, "auto") == 0;

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (is_auto ? is_at(directory, known[i].directory)
			    : strcmp(name, known[i].name) == 0)
			return &known[i];
	return &none;
}

/* --- a bucket ------------------------------------------------------------- */

/* What one takes to come back. */
static int64_t
interval(const struct ledger_limit *l)
{
	return l->burst == 0 ? 0 : l->period_s * 1000 / l->burst;
}

/* More than the bucket holds only where the CA said so, and it says a week at
 * most: a clock that was set back finds an empty bucket, not a debt of years.
 */
static int64_t
debt(const struct ledger_limit *l, int64_t full_ms, int64_t now_ms)
{
	int64_t all = interval(l) * l->burst, left = full_ms - now_ms;

	if (left <= 0)
		return 0;
	return left <= all + TOLD_MAX_MS ? left : all;
}

int64_t
ledger_used(const struct ledger_limit *l, int64_t full_ms, int64_t now_ms)
{
	int64_t step = interval(l), used;

	if (step == 0)
		return 0;
	used = (debt(l, full_ms, now_ms) + step - 1) / step;
	return used < l->burst ? used : l->burst;
}

int64_t
ledger_passes_at(
    const struct ledger_limit *l, int64_t full_ms, int64_t keep, int64_t now_ms)
{
	int64_t room = interval(l) * (l->burst - 1 - keep);
	int64_t owed = debt(l, full_ms, now_ms);

	if (l->burst == 0)
		return full_ms > now_ms ? full_ms : now_ms;
	if (owed <= room)
		return now_ms;
	return now_ms + owed - room;
}

int64_t
ledger_spend(const struct ledger_limit *l, int64_t full_ms, int64_t now_ms)
{
	int64_t all = interval(l) * l->burst;
	int64_t owed = debt(l, full_ms, now_ms);

	if (owed < all)
		owed += interval(l);
	return now_ms + owed;
}

int64_t
ledger_give_back(const struct ledger_limit *l, int64_t full_ms)
{
	return full_ms - interval(l);
}

int64_t
ledger_told(const struct ledger_limit *l, int64_t full_ms, int64_t until_ms)
{
	int64_t full = until_ms + (l->burst - 1) * interval(l);

	if (l->burst == 0)
		full = until_ms;
	return full > full_ms ? full : full_ms;
}

/* --- an order ------------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All names in alphabetical order: the same for the same set. */
static char *
set_of(const struct ledger_order *o)
{
	const char **names = xcalloc(o->n_names, sizeof(*names));
	struct buf b;
	char *text;

	buf_init(&b, SUBJECT_MAX);
	memcpy(names, o->names, o->n_names * sizeof(*names));
	qsort(names, o->n_names, sizeof(*names), compare);
	for (size_t i = 0; i < o->n_names; i++) {
		buf_add(&b, slice_str(i == 0 ? "" : ","));
		buf_add(&b, slice_str(names[i]));
	}
	text = xstrdup_slice(buf_slice(&b));
	buf_clear(&b);
	free(names);
	return text;
}

/* An earlier name of the order has the same one. */
static bool
is_repeated(const struct ledger_order *o, size_t at)
{
	const char *domain = registered_domain(o->names[at]);

	for (size_t i = 0; i < at; i++)
		if (strcmp(registered_domain(o->names[i]), domain) == 0)
			return true;
	return false;
}

static const char *
bare(const char *name)
{
	return strncmp(name, "*.", 2) == 0 ? name + 2 : name;
}

/* What no kind of order is exempt from, and what is asked for each name. */
static int
walk_names(const struct ledger_limits *limits, const struct ledger_order *o,
    ledger_visit *visit, void *ctx)
{
	int stop = visit(ctx, LEDGER_TOLD, "", false);

	for (size_t i = 0; i < o->n_names && stop == 0; i++) {
		const char *name = bare(o->names[i]);

		stop = visit(ctx, LEDGER_TOLD, name, false);
		if (stop == 0 && limits->of[LEDGER_FAILURES].burst > 0 &&
		    !o->is_ari)
			stop = visit(ctx, LEDGER_FAILURES, name, false);
		if (stop == 0 && limits->of[LEDGER_STREAK].burst > 0 &&
		    !o->is_ari)
			stop = visit(ctx, LEDGER_STREAK, name, false);
	}
	return stop;
}

static int
walk_set(const struct ledger_limits *limits, const struct ledger_order *o,
    ledger_visit *visit, void *ctx)
{
	char *set;
	int stop;

	if (limits->of[LEDGER_NAMES].burst == 0)
		return 0;
	set = set_of(o);
	stop = visit(ctx, LEDGER_NAMES, set, true);
	free(set);
	return stop;
}

int
ledger_walk(const struct ledger_limits *limits,
    const struct ledger_order *order, ledger_visit *visit, void *ctx)
{
	int stop = walk_names(limits, order, visit, ctx);

	if (stop != 0 || order->is_ari)
		return stop;
	stop = walk_set(limits, order, visit, ctx);
	if (stop != 0 || order->is_renewal)
		return stop;
	for (size_t i = 0; i < order->n_names && stop == 0; i++)
		if (limits->of[LEDGER_DOMAIN].burst > 0 &&
		    !is_repeated(order, i))
			stop = visit(ctx, LEDGER_DOMAIN,
			    registered_domain(order->names[i]), true);
	if (stop == 0 && limits->of[LEDGER_ORDERS].burst > 0)
		stop = visit(ctx, LEDGER_ORDERS, "", true);
	return stop;
}

/* --- a CA's words --------------------------------------------------------- */

enum ledger_rule
ledger_rule_in_words(const struct ledger_limits *limits, const char *detail,
    const char *host, const char **subject)
{
	bool is_of_orders = strstr(detail, "new orders") != NULL;

	if (is_of_orders && limits->of[LEDGER_ORDERS].burst > 0) {
		*subject = "";
		return LEDGER_ORDERS;
	}
	if (strstr(detail, "exact set of identifiers") == NULL &&
	    strstr(detail, "already issued for") != NULL &&
	    limits->of[LEDGER_DOMAIN].burst > 0) {
		*subject = registered_domain(host);
		return LEDGER_DOMAIN;
	}
	*subject = is_of_orders ? "" : bare(host);
	return LEDGER_TOLD;
}
