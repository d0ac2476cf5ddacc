#include "admin-tui/story_inside.h"

/* --- what each resolver said ----------------------------------------------
 */

static void
add_link(struct buf *b, const json_t *link)
{
	(void)buf_printf(b, ", CNAME to %s", json_str(link, "name"));
}

static void
add_address(struct buf *b, const json_t *a)
{
	(void)buf_printf(b, ", %s %s%s", json_str(a, "type"),
	    json_str(a, "address"), json_bool(a, "ours") ? "" : " (not ours)");
}

static void
resolver(const struct story *t, const json_t *r)
{
	const json_t *ttl = json_object_get(r, "ttl");
	struct buf b;
	size_t i;
	json_t *part;

	buf_init(&b, STORY_TEXT_MAX);
	json_array_foreach(json_obj(r, "chain"), i, part)
	{
		add_link(&b, part);
	}
	json_array_foreach(json_obj(r, "addresses"), i, part)
	{
		add_address(&b, part);
	}
	if (json_is_integer(ttl))
		(void)buf_printf(&b, ", remembered for %lld s at most",
		    (long long)json_integer_value(ttl));
	story_say(t, STORY_TEXT, 4, "%s sees %s%" SLICE_FMT,
	    json_str(r, "resolver"), json_str(r, "sees"),
	    SLICE_ARG(buf_slice(&b)));
	buf_clear(&b);
}

void
story_resolvers(const struct story *t)
{
	const json_t *list = json_obj(json_obj(t->all, "dns"), "resolvers");
	size_t i;
	json_t *r;

	if (json_array_size(list) == 0)
		return;
	story_say(t, STORY_TEXT, 2, "What each resolver said then:");
	json_array_foreach(list, i, r)
	{
		resolver(t, r);
	}
}

/* --- CAA ------------------------------------------------------------------
 */

static void
verdict(const struct story *t, const json_t *o)
{
	const char *ca = json_str(o, "ca");

	if (ca[0] == '\0')
		ca = json_str(o, "directory");
	if (json_bool(o, "allowed"))
		story_say(t, STORY_TEXT, 2, "%s may issue for it.", ca);
	else if (json_obj(o, "fault") == NULL)
		story_say(t, STORY_TEXT, 2,
		    "%s does not say (yet) by which name CAA records would "
		    "allow it.",
		    ca);
	story_fault(t, 2, json_obj(o, "fault"));
}

void
story_caa(const struct story *t)
{
	const json_t *list = json_obj(t->all, "caa");
	size_t i;
	json_t *o;

	if (json_array_size(list) == 0)
		return;
	story_title(t, "CAA records, asked for just now");
	json_array_foreach(list, i, o)
	{
		verdict(t, o);
	}
}

/* --- limits of the CA -----------------------------------------------------
 */

static bool
limit(const struct story *t, const json_t *o)
{
	const char *subject = json_str(o, "subject");
	long long left = (long long)json_int(o, "left");
	int64_t next = story_time(o, "next_at");
	char when[STORY_WHEN_SIZE];

	if (json_int(o, "used") == 0 && next <= t->now)
		return false;
	story_say(t, STORY_TEXT, 2, "%s%s%s: %lld left%s%s",
	    json_str(o, "title"), subject[0] == '\0' ? "" : ", ", subject, left,
	    next > t->now ? ", the next one from " : "",
	    next > t->now ? story_when(t, o, "next_at", when) : "");
	return true;
}

void
story_budget(const struct story *t)
{
	const json_t *all = json_obj(t->all, "budget");
	const char *directory;
	bool is_any = false;
	json_t *list, *o;
	size_t i;

	if (json_object_size(all) == 0)
		return;
	story_title(t, "Limits of the certificate authority");
	json_object_foreach((json_t *)all, directory, list)
	{
		json_array_foreach(list, i, o)
		{
			is_any |= limit(t, o);
		}
	}
	if (!is_any)
		story_say(
		    t, STORY_TEXT, 2, "Nothing of them is used by this name.");
}
