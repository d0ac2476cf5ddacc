#include "admin-tui/story.h"

#include <stdio.h>

#include "admin-tui/story_inside.h"
#include "base/clock.h"

/* --- saying ---------------------------------------------------------------
 */

void
story_say(const struct story *t, enum story_kind kind, int indent,
    const char *fmt, ...)
{
	struct buf b;
	va_list ap;

	buf_init(&b, STORY_TEXT_MAX);
	va_start(ap, fmt);
	(void)buf_vprintf(&b, fmt, ap);
	va_end(ap);
	(void)buf_add(&b, slice_of("", 1));
	t->line(t->ctx, kind, indent, buf_slice(&b).p);
	buf_clear(&b);
}

void
story_title(const struct story *t, const char *title)
{
	story_say(t, STORY_TITLE, 0, "%s", title);
}

int64_t
story_time(const json_t *o, const char *key)
{
	int64_t at = 0;

	if (clock_parse(slice_str(json_str(o, key)), &at) != ERR_OK)
		return 0;
	return at;
}

char *
story_when(const struct story *t, const json_t *o, const char *key,
    char out[STORY_WHEN_SIZE])
{
	int64_t at = story_time(o, key);
	char when[WORDS_SIZE];

	out[0] = '\0';
	if (at != 0)
		(void)snprintf(out, STORY_WHEN_SIZE, "%s",
		    t->utc ? json_str(o, key) : words_when(at, t->now, when));
	return out;
}

void
story_fault(const struct story *t, int indent, const json_t *fault)
{
	if (fault == NULL)
		return;
	story_say(t, STORY_TEXT, indent, "%s %s", json_str(fault, "code"),
	    json_str(fault, "text"));
	if (json_str(fault, "action")[0] != '\0')
		story_say(t, STORY_TEXT, indent, "What to do: %s",
		    json_str(fault, "action"));
}

/* --- what it comes to -----------------------------------------------------
 */

static void
head(const struct story *t)
{
	const json_t *d = json_obj(t->all, "domain");
	char since[STORY_WHEN_SIZE];

	story_say(t, STORY_HEAD, 0, "%s, of the app %s: %s since %s",
	    json_str(d, "host"), json_str(d, "app"), json_str(d, "status"),
	    story_when(t, d, "status_since", since));
	if (json_obj(d, "fault") == NULL)
		story_say(t, STORY_TEXT, 2, "Nothing is wrong.");
	story_fault(t, 2, json_obj(d, "fault"));
}

/* --- DNS ------------------------------------------------------------------
 */

/* As a zone file has it, where a name without its dot would be a part. */
static void
records(const struct story *t, const json_t *list)
{
	size_t i;
	json_t *r;

	json_array_foreach(list, i, r)
	{
		const char *value = json_str(r, "value");
		const char *was = json_str(r, "was");
		bool is_name = strcmp(json_str(r, "type"), "CNAME") == 0 &&
			       !slice_ends_with(slice_str(value), SLICE("."));

		if (value[0] == '\0')
			story_say(t, STORY_RECORD, 4, "%s %s. %s %s",
			    json_str(r, "do"), json_str(r, "name"),
			    json_str(r, "type"), was);
		else
			story_say(t, STORY_RECORD, 4,
			    "%s %s. %lld %s %s%s%s%s%s", json_str(r, "do"),
			    json_str(r, "name"), (long long)json_int(r, "ttl"),
			    json_str(r, "type"), value, is_name ? "." : "",
			    was[0] != '\0' ? " (was " : "", was,
			    was[0] != '\0' ? ")" : "");
	}
}

static void
looks(const struct story *t, const json_t *dns)
{
	int64_t at = story_time(dns, "checked_at");
	int64_t next = story_time(dns, "check_at");
	char ago[WORDS_SIZE], until[WORDS_SIZE];

	if (at == 0)
		story_say(t, STORY_TEXT, 2, "Nobody has looked yet.");
	else if (next > t->now)
		story_say(t, STORY_TEXT, 2,
		    "Looked %s ago; the next look is in %s.",
		    words_span(t->now - at, ago),
		    words_span(next - t->now, until));
	else
		story_say(t, STORY_TEXT, 2, "Looked %s ago.",
		    words_span(t->now - at, ago));
}

static void
dns(const struct story *t)
{
	const json_t *o = json_obj(t->all, "dns");
	const json_t *fault = json_obj(o, "fault");

	story_title(t, "DNS");
	if (json_bool(o, "reaches"))
		story_say(t, STORY_TEXT, 2, "The name leads to this router.");
	else if (fault == NULL)
		story_say(t, STORY_TEXT, 2,
		    "It is not known yet whether the name leads here.");
	story_fault(t, 2, fault);
	looks(t, o);
	if (json_array_size(json_obj(o, "records")) > 0)
		story_say(
		    t, STORY_TEXT, 2, "Set this at the domain's DNS provider:");
	records(t, json_obj(o, "records"));
	story_resolvers(t);
}

/* --- what was and what comes ----------------------------------------------
 */

static void
events(const struct story *t)
{
	char when[STORY_WHEN_SIZE];
	const json_t *list = json_obj(t->all, "events"), *fault;
	size_t i;
	json_t *e;

	if (json_array_size(list) == 0)
		return;
	story_title(t, "What happened, newest last");
	json_array_foreach(list, i, e)
	{
		fault = json_obj(e, "fault");
		story_say(t, STORY_TEXT, 2, "%s  %s by %s%s%s",
		    story_when(t, e, "at", when), json_str(e, "name"),
		    json_str(e, "by"), fault == NULL ? "" : ", with ",
		    json_str(fault, "code"));
	}
}

static void
next(const struct story *t)
{
	const json_t *list = json_obj(t->all, "next");
	char when[STORY_WHEN_SIZE], span[WORDS_SIZE];
	size_t i;
	json_t *n;

	story_title(t, "What happens next");
	if (json_array_size(list) == 0)
		story_say(
		    t, STORY_TEXT, 2, "Nothing, until something changes.");
	json_array_foreach(list, i, n)
	{
		int64_t at = story_time(n, "at");

		if (at <= t->now)
			story_say(
			    t, STORY_TEXT, 2, "now: %s", json_str(n, "text"));
		else
			story_say(t, STORY_TEXT, 2, "%s, in %s: %s",
			    story_when(t, n, "at", when),
			    words_span(at - t->now, span), json_str(n, "text"));
	}
}

/* --- a host that is no domain ----------------------------------------------
 */

static void
stranger(const struct story *t)
{
	const json_t *answers = json_obj(t->all, "answers");
	const char *host = json_str(t->all, "host");
	const char *by = json_str(answers, "by");
	const char *app = json_str(answers, "app");
	size_t i;
	json_t *command;

	story_say(t, STORY_HEAD, 0, "%s is not a domain here", host);
	if (strcmp(by, "wildcard") == 0)
		story_say(t, STORY_TEXT, 2,
		    "The wildcard %s answers for it, with the app %s.",
		    json_str(answers, "host"), app);
	else if (strcmp(by, "app") == 0)
		story_say(t, STORY_TEXT, 2,
		    "It is the name that the platform gave the app %s, which "
		    "answers.",
		    app);
	else if (strcmp(by, "platform") == 0)
		story_say(t, STORY_TEXT, 2,
		    "It belongs to the platform itself; no app answers.");
	else
		story_say(t, STORY_TEXT, 2,
		    "Whoever visits it here gets T10, No such domain.");
	dns(t);
	story_caa(t);
	story_orders(t);
	events(t);
	story_title(t, "What to type");
	json_array_foreach(json_obj(t->all, "commands"), i, command)
	{
		story_say(t, STORY_RECORD, 2, "%s", json_string_value(command));
	}
}

void
story_tell(const json_t *explained, bool utc, story_line *line, void *ctx)
{
	struct story t = {
	    .all = explained,
	    .now = story_time(explained, "now"),
	    .utc = utc,
	    .line = line,
	    .ctx = ctx,
	};

	if (json_obj(explained, "domain") == NULL) {
		stranger(&t);
		return;
	}
	head(&t);
	dns(&t);
	story_caa(&t);
	story_budget(&t);
	story_orders(&t);
	story_limits(&t);
	story_serving(&t);
	events(&t);
	next(&t);
}
