#include "base/logfmt.h"

static bool
is_word(char c)
{
	return c != ' ' && c != '"' && c != '=';
}

/* The length of what is before the closing quote; s.n: there is none. */
static size_t
quoted_length(struct slice s)
{
	size_t i = 0;

	while (i < s.n && s.p[i] != '"')
		i += s.p[i] == '\\' ? 2 : 1;
	return i < s.n ? i : s.n;
}

static bool
take_quoted(struct slice *line, struct logfmt_field *out)
{
	struct slice rest = slice_from(*line, 1);
	size_t n = quoted_length(rest);

	if (n == rest.n)
		return false;
	out->value = slice_of(rest.p, n);
	out->is_quoted = true;
	*line = slice_from(rest, n + 1);
	return true;
}

bool
logfmt_next(struct slice *line, struct logfmt_field *out)
{
	size_t n = 0;

	*out = (struct logfmt_field){0};
	while (line->n > 0 && line->p[0] == ' ')
		*line = slice_from(*line, 1);
	while (n < line->n && is_word(line->p[n]))
		n++;
	if (n == 0)
		return false;
	out->value = slice_of(line->p, n);
	*line = slice_from(*line, n);
	if (line->n == 0 || line->p[0] != '=')
		return true;
	out->key = out->value;
	*line = slice_from(*line, 1);
	if (line->n > 0 && line->p[0] == '"')
		return take_quoted(line, out);
	out->value = slice_of(line->p, slice_find(*line, ' '));
	*line = slice_from(*line, out->value.n);
	return true;
}

static unsigned
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	return (unsigned)((c | 0x20) - 'a') + 10;
}

/* What is behind the backslash; returns how many bytes of it were used. */
static size_t
add_escaped(struct buf *b, struct slice s)
{
	static const char letters[] = "nrtbf", meant[] = "\n\r\t\b\f";
	const char *at = s.p[0] == '\0' ? NULL : strchr(letters, s.p[0]);

	if (at != NULL) {
		(void)buf_add_char(b, meant[at - letters]);
		return 1;
	}
	if (s.p[0] != 'u' || s.n < 5) {
		(void)buf_add_char(b, s.p[0]);
		return 1;
	}
	/* we write control bytes so, and nothing beyond */
	(void)buf_add_char(
	    b, (char)((hex_digit(s.p[3]) & 7) << 4 | (hex_digit(s.p[4]) & 15)));
	return 5;
}

void
logfmt_add_value(struct buf *b, const struct logfmt_field *f)
{
	struct slice left = f->value;

	while (left.n > 0) {
		size_t n = f->is_quoted ? slice_find(left, '\\') : left.n;

		(void)buf_add(b, slice_of(left.p, n));
		left = slice_from(left, n + 1);
		if (left.n > 0)
			left = slice_from(left, add_escaped(b, left));
	}
}
