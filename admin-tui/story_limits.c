#include <string.h>

#include "admin-tui/story_inside.h"

/* Told when something of it is used: a name that was never ordered for has
 * nothing to tell. */
static bool
is_worth_telling(const json_t *limit)
{
	return json_int(limit, "used") > 0 ||
	       json_is_null(json_object_get(limit, "allowed"));
}

static void
limit_of(const struct story *t, const json_t *limit)
{
	const char *subject = json_str(limit, "subject");
	char next[STORY_WHEN_SIZE], period[WORDS_SIZE];
	bool has_subject = subject[0] != '\0';
	bool is_used_up = json_int(limit, "left") <= 0;

	story_when(t, limit, "next_at", next);
	if (json_is_null(json_object_get(limit, "allowed"))) {
		story_say(t, STORY_TEXT, 2,
		    "The certificate authority takes nothing%s%s before %s.",
		    has_subject ? " for " : "", subject, next);
		return;
	}
	story_say(t, STORY_TEXT, 2, "%lld of %lld %s%s%s in %s used%s%s.",
	    (long long)json_int(limit, "used"),
	    (long long)json_int(limit, "allowed"), json_str(limit, "title"),
	    has_subject ? " " : "", subject,
	    words_span(json_int(limit, "period"), period),
	    is_used_up ? "; the next one passes at " : "",
	    is_used_up ? next : "");
}

void
story_limits(const struct story *t)
{
	json_t *budget = json_obj(t->all, "budget"), *limits, *limit;
	bool is_begun = false;
	const char *directory;
	size_t i;

	json_object_foreach(budget, directory, limits)
	{
		json_array_foreach(limits, i, limit)
		{
			if (!is_worth_telling(limit))
				continue;
			if (!is_begun)
				story_title(t,
				    "What the next order has to pass: limits "
				    "of the certificate authority");
			is_begun = true;
			limit_of(t, limit);
		}
	}
}
