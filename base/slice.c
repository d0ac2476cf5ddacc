#include "base/slice.h"

#include <strings.h>

bool
slice_eq_nocase(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

bool
slice_starts_with(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n && slice_eq(slice_of(s.p, prefix.n), prefix);
}

bool
slice_ends_with(struct slice s, struct slice suffix)
{
	return s.n >= suffix.n &&
	       slice_eq(slice_of(s.p + (s.n - suffix.n), suffix.n), suffix);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice
slice_trim(struct slice s)
{
	while (s.n > 0 && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct slice
slice_from(struct slice s, size_t from)
{
	if (from > s.n)
		from = s.n;
	return slice_of(s.p == NULL ? NULL : s.p + from, s.n - from);
}

size_t
slice_find(struct slice s, char c)
{
	const char *at = s.n == 0 ? NULL : memchr(s.p, c, s.n);

	return at == NULL ? s.n : (size_t)(at - s.p);
}

bool
slice_cut(struct slice *s, char sep, struct slice *part)
{
	size_t at;

	if (s->p == NULL)
		return false;
	at = slice_find(*s, sep);
	*part = slice_of(s->p, at);
	*s = at == s->n ? slice_of(NULL, 0) : slice_from(*s, at + 1);
	return true;
}

bool
slice_word(struct slice *s, struct slice *word)
{
	size_t n = 0;

	while (s->n > 0 && (s->p[0] == ' ' || s->p[0] == '\t'))
		*s = slice_from(*s, 1);
	while (n < s->n && s->p[n] != ' ' && s->p[n] != '\t')
		n++;
	if (n == 0)
		return false;
	*word = slice_of(s->p, n);
	*s = slice_from(*s, n);
	return true;
}

enum err
slice_to_u64(struct slice s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0)
		return ERR_SYNTAX;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return ERR_SYNTAX;
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return ERR_TOO_BIG;
	}
	*out = v;
	return ERR_OK;
}

enum err
slice_to_str(struct slice s, char *out, size_t size)
{
	out[0] = '\0';
	if (s.n >= size)
		return ERR_TOO_BIG;
	if (s.n == 0)
		return ERR_OK;
	if (memchr(s.p, '\0', s.n) != NULL)
		return ERR_SYNTAX;
	memcpy(out, s.p, s.n);
	out[s.n] = '\0';
	return ERR_OK;
}
