#include "router/control/url.h"

#include <string.h>

bool
url_match(struct slice path, const char *pattern,
    struct slice params[URL_PARAMS_MAX], size_t *n)
{
	struct slice left = slice_str(pattern), want, have;

	*n = 0;
	while (slice_cut(&left, '/', &want)) {
		if (!slice_cut(&path, '/', &have))
			return false;
		if (slice_starts_with(want, SLICE("{"))) {
			if (have.n == 0 || *n == URL_PARAMS_MAX)
				return false;
			params[(*n)++] = have;
		} else if (!slice_eq(want, have)) {
			return false;
		}
	}
	return !slice_cut(&path, '/', &have);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum err
url_decode(struct slice in, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		if (c == '%') {
			bool whole = i + 2 < in.n;
			int high = whole ? hex_digit(in.p[i + 1]) : -1;
			int low = whole ? hex_digit(in.p[i + 2]) : -1;

			if (high < 0 || low < 0)
				goto bad;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (c == '\0')
			goto bad;
		if (n + 1 >= size) {
			out[0] = '\0';
			return ERR_TOO_BIG;
		}
		out[n++] = c;
	}
	out[n] = '\0';
	return ERR_OK;
bad:
	out[0] = '\0';
	return ERR_SYNTAX;
}

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~*:", c));
}

void
url_encode(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (is_plain(s.p[i]))
			(void)buf_add_char(b, s.p[i]);
		else
			(void)buf_printf(b, "%%%02X", (unsigned char)s.p[i]);
	}
}

enum err
url_query(struct slice query, const char *name, char *out, size_t size)
{
	struct slice pair, key;

	out[0] = '\0';
	while (slice_cut(&query, '&', &pair)) {
		slice_cut(&pair, '=', &key);
		if (!slice_eq(key, slice_str(name)))
			continue;
		/* a form writes a blank as + */
		char text[1024];

		if (pair.n >= sizeof(text))
			return ERR_TOO_BIG;
		for (size_t i = 0; i < pair.n; i++)
			text[i] = pair.p[i] == '+' ? ' ' : pair.p[i];
		return url_decode(slice_of(text, pair.n), out, size);
	}
	return ERR_NOT_FOUND;
}
