#include <stdio.h>

#include "admin-tui/story_inside.h"

/* --- orders ---------------------------------------------------------------
 */

/* The part of a directory's URL that people know it by. */
static struct slice
host_of(const char *url)
{
	struct slice rest = slice_str(url), part;

	if (slice_starts_with(rest, SLICE("https://")))
		rest = slice_from(rest, 8);
	return slice_cut(&rest, '/', &part) ? part : rest;
}

static void
names(const struct story *t, const json_t *order)
{
	const json_t *list = json_obj(order, "names");
	struct buf b;
	size_t i;
	json_t *name;

	if (json_array_size(list) < 2)
		return;
	buf_init(&b, STORY_TEXT_MAX);
	json_array_foreach(list, i, name)
	{
		(void)buf_printf(
		    &b, "%s%s", i == 0 ? "" : ", ", json_string_value(name));
	}
	story_say(
	    t, STORY_TEXT, 4, "For %" SLICE_FMT ".", SLICE_ARG(buf_slice(&b)));
	buf_clear(&b);
}

static void
said(const struct story *t, const json_t *order)
{
	const json_t *o = json_obj(order, "said");
	size_t i;
	json_t *sub;

	if (o == NULL)
		return;
	story_say(t, STORY_TEXT, 4, "The CA said: \"%s\" (%s)",
	    json_str(o, "detail"), json_str(o, "type"));
	json_array_foreach(json_obj(o, "subproblems"), i, sub)
	{
		story_say(t, STORY_TEXT, 6, "of %s: \"%s\" (%s)",
		    json_str(json_obj(sub, "identifier"), "value"),
		    json_str(sub, "detail"), json_str(sub, "type"));
	}
	if (json_str(order, "said_url")[0] != '\0')
		story_say(
		    t, STORY_TEXT, 4, "At %s", json_str(order, "said_url"));
}

/* "after 3 s", "for 12 s so far" */
static void
lasted(const struct story *t, const json_t *o, char *out, size_t size)
{
	int64_t begun = story_time(o, "created_at");
	int64_t ended = story_time(o, "ended_at");
	char span[WORDS_SIZE];

	if (ended == 0)
		(void)snprintf(out, size, "for %s so far",
		    words_span(t->now - begun, span));
	else
		(void)snprintf(
		    out, size, "after %s", words_span(ended - begun, span));
}

static void
challenges(const struct story *t, const json_t *order)
{
	size_t i;
	json_t *c;

	json_array_foreach(json_obj(order, "challenges"), i, c)
	{
		story_say(t, STORY_TEXT, 4, "The CA may look at %s by %s now.",
		    json_str(c, "host"), json_str(c, "type"));
	}
}

static void
order(const struct story *t, const json_t *o)
{
	const char *challenge = json_str(o, "challenge");
	char when[STORY_WHEN_SIZE], span[64];

	lasted(t, o, span, sizeof(span));
	story_say(t, STORY_TEXT, 2, "%s  %s %s%s%s, at %" SLICE_FMT,
	    story_when(t, o, "created_at", when), json_str(o, "state"), span,
	    challenge[0] == '\0' ? "" : ", by ", challenge,
	    SLICE_ARG(host_of(json_str(o, "directory"))));
	names(t, o);
	challenges(t, o);
	story_fault(t, 4, json_obj(o, "fault"));
	said(t, o);
}

void
story_orders(const struct story *t)
{
	const json_t *list = json_obj(t->all, "orders");
	size_t i;
	json_t *o;

	if (json_array_size(list) == 0 && json_obj(t->all, "domain") == NULL)
		return;
	story_title(t, "Orders for an automatic certificate, newest first");
	if (json_array_size(list) == 0)
		story_say(t, STORY_TEXT, 2, "There was none.");
	json_array_foreach(list, i, o)
	{
		order(t, o);
	}
}

/* --- what is served -------------------------------------------------------
 */

static void
candidate(const struct story *t, const json_t *o)
{
	const json_t *c = json_obj(o, "certificate");
	char until[STORY_WHEN_SIZE];

	story_say(t, STORY_TEXT, 2,
	    "%s the %s one%s, number %lld, of %s, until "
	    "%s: %s.",
	    json_bool(o, "chosen") ? "Served:" : "Not:", json_str(o, "from"),
	    strcmp(json_str(o, "from"), "wildcard") == 0 ? "'s" : "",
	    (long long)json_int(c, "number"), json_str(c, "issuer"),
	    story_when(t, c, "not_after", until), json_str(o, "why"));
}

static void
fallback(const struct story *t)
{
	const json_t *o = json_obj(t->all, "fallback");
	const json_t *d = json_obj(t->all, "domain");

	story_title(t, "If the custom certificate ends or is removed");
	if (json_bool(o, "ready"))
		story_say(t, STORY_TEXT, 2, "The automatic one is ready.");
	else if (json_obj(o, "fault") != NULL)
		story_say(t, STORY_TEXT, 2, "Nothing could take over now:");
	else if (json_bool(d, "automatic"))
		story_say(t, STORY_TEXT, 2,
		    "An automatic one can be had, and is ordered ahead of "
		    "time.");
	story_fault(t, 4, json_obj(o, "fault"));
}

static void
history(const struct story *t)
{
	const json_t *list = json_obj(t->all, "history");
	char from[STORY_WHEN_SIZE], to[STORY_WHEN_SIZE];
	size_t i;
	json_t *c;

	if (json_array_size(list) == 0)
		return;
	story_title(t, "Certificates so far, newest first");
	json_array_foreach(list, i, c)
	{
		story_when(t, c, "removed_at", to);
		story_say(t, STORY_TEXT, 2,
		    "%lld  %s, of %s, from %s%s%s, by %s",
		    (long long)json_int(c, "number"), json_str(c, "source"),
		    json_str(c, "issuer"),
		    story_when(t, c, "installed_at", from),
		    to[0] == '\0' ? "" : " to ", to,
		    json_str(c, "installed_by"));
	}
}

void
story_serving(const struct story *t)
{
	const json_t *o = json_obj(t->all, "serving");
	const json_t *list = json_obj(o, "candidates");
	const char *serving = json_str(o, "serving");
	size_t i;
	json_t *c;

	story_title(t, "What visitors get");
	if (strcmp(serving, "placeholder") == 0)
		story_say(t, STORY_TEXT, 2,
		    "A placeholder, so browsers warn: there is no certificate "
		    "for this name.");
	json_array_foreach(list, i, c)
	{
		candidate(t, c);
	}
	if (strcmp(serving, "custom") == 0)
		fallback(t);
	history(t);
}
