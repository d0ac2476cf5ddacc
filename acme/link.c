#include "acme/link.h"

/* What is left of a field value is in *s; each of these takes some of it. */

static void
skip(struct slice *s, const char *bytes)
{
	while (s->n > 0 && strchr(bytes, s->p[0]) != NULL)
		*s = slice_from(*s, 1);
}

static struct slice
take_until(struct slice *s, const char *ends)
{
	size_t n = 0;
	struct slice taken;

	while (n < s->n && strchr(ends, s->p[n]) == NULL)
		n++;
	taken = slice_of(s->p, n);
	*s = slice_from(*s, n);
	return taken;
}

/* A token, or a quoted string without its quotes. */
static struct slice
take_value(struct slice *s)
{
	struct slice value;

	if (s->n == 0 || s->p[0] != '"')
		return slice_trim(take_until(s, ";,"));
	*s = slice_from(*s, 1);
	value = take_until(s, "\"");
	if (s->n > 0)
		*s = slice_from(*s, 1);
	return value;
}

/* rel may be several words. */
static bool
has_word(struct slice words, const char *word)
{
	struct slice one;

	while (slice_word(&words, &one))
		if (slice_eq_nocase(one, slice_str(word)))
			return true;
	return false;
}

/* The parameters of one link, up to the comma behind it. */
static bool
is_related(struct slice *s, const char *relation)
{
	bool found = false;

	for (;;) {
		struct slice name, value = {NULL, 0};

		skip(s, " \t");
		if (s->n == 0 || s->p[0] != ';')
			return found;
		skip(s, "; \t");
		name = slice_trim(take_until(s, "=;,"));
		if (s->n > 0 && s->p[0] == '=') {
			skip(s, "= \t");
			value = take_value(s);
		}
		if (slice_eq_nocase(name, SLICE("rel")))
			found |= has_word(value, relation);
	}
}

static bool
is_absolute(struct slice url)
{
	return slice_starts_with(url, SLICE("https://")) ||
	       slice_starts_with(url, SLICE("http://"));
}

void
links_each(const struct acme_response *r, const char *relation,
    link_visit *visit, void *ctx)
{
	for (size_t i = 0; i < r->n_links; i++) {
		struct slice s = slice_str(r->links[i]), url;

		for (;;) {
			skip(&s, " \t,");
			if (s.n == 0 || s.p[0] != '<')
				break; /* the end, or no link */
			s = slice_from(s, 1);
			url = take_until(&s, ">");
			if (s.n > 0)
				s = slice_from(s, 1);
			if (is_related(&s, relation) && is_absolute(url))
				visit(ctx, url);
			(void)take_until(&s, ",");
		}
	}
}
