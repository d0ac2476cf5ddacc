#include "certs/x509/pem.h"

#define LINE_WIDTH 64 /* RFC 7468, section 2 */

static const char begin_mark[] = "-----BEGIN ";
static const char end_mark[] = "-----END ";
static const char dashes[] = "-----";
static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Offset of what in s, or s.n. */
static size_t
find(struct slice s, const char *what)
{
	const char *p = NULL;

	if (s.n > 0) /* an empty slice may point nowhere */
		p = memmem(s.p, s.n, what, strlen(what));
	return p == NULL ? s.n : (size_t)(p - s.p);
}

static struct slice
step_over(struct slice s, const char *what)
{
	return slice_from(s, strlen(what));
}

static bool
is_label(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if ((c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != ' ' &&
		    c != '#')
			return false;
	}
	return s.n > 0 && s.n < LINE_WIDTH;
}

/* Steps over "-----BEGIN LABEL-----". */
static enum err
take_begin(struct slice *text, struct slice *label)
{
	for (;;) {
		size_t at = find(*text, begin_mark);
		struct slice rest = slice_from(*text, at);

		if (rest.n == 0)
			return ERR_NOT_FOUND;
		rest = step_over(rest, begin_mark);
		*label = slice_of(rest.p, find(rest, dashes));
		*text = rest;
		if (is_label(*label) && label->n < rest.n) {
			*text = step_over(slice_from(rest, label->n), dashes);
			return ERR_OK;
		}
	}
}

/* Headers, if there are any, end at an empty line (RFC 1421, 4.4). */
static void
split_headers(struct slice inner, struct pem_block *out)
{
	struct slice rest = inner, line;
	bool was_header = false;

	out->headers = slice_of(inner.p, 0);
	out->body = inner;
	if (slice_find(inner, ':') == inner.n)
		return;
	while (slice_cut(&rest, '\n', &line) && rest.p != NULL) {
		bool is_empty = slice_trim(line).n == 0;

		if (is_empty && was_header)
			break;
		was_header = was_header || !is_empty;
	}
	if (rest.p == NULL)
		return;
	out->headers =
	    slice_trim(slice_of(inner.p, (size_t)(rest.p - inner.p)));
	out->body = rest;
}

enum err
pem_next(struct slice *text, struct pem_block *out)
{
	struct slice inner, after;
	enum err e = take_begin(text, &out->label);

	if (e != ERR_OK)
		return e;
	inner = slice_of(text->p, find(*text, end_mark));
	after = slice_from(*text, inner.n);
	*text = slice_of("", 0);
	if (after.n == 0 || find(inner, begin_mark) < inner.n)
		return ERR_SYNTAX;
	after = step_over(after, end_mark);
	if (!slice_starts_with(after, out->label))
		return ERR_SYNTAX;
	after = slice_from(after, out->label.n);
	if (!slice_starts_with(after, slice_str(dashes)))
		return ERR_SYNTAX;
	*text = step_over(after, dashes);
	split_headers(inner, out);
	return ERR_OK;
}

static int
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

enum err
base64_decode(struct slice text, struct buf *out)
{
	char *p = buf_room(out, text.n / 4 * 3 + 3);
	size_t n = 0, digits = 0, padding = 0;
	uint32_t bits = 0;

	if (p == NULL)
		return ERR_TOO_BIG;
	for (size_t i = 0; i < text.n; i++) {
		int v = value_of(text.p[i]);

		if (v >= 0 && padding == 0) {
			bits = bits << 6 | (uint32_t)v;
			if (++digits % 4 != 1)
				p[n++] = (char)(bits >>
						(6 - 2 * ((digits - 1) % 4)));
		} else if (text.p[i] == '=') {
			padding++;
		} else if (strchr(" \t\r\n", text.p[i]) == NULL ||
			   text.p[i] == '\0') {
			return ERR_SYNTAX;
		}
	}
	if (digits % 4 == 1 || padding > 2)
		return ERR_SYNTAX;
	buf_added(out, n);
	return ERR_OK;
}

void
base64_add(struct buf *out, struct slice bytes)
{
	const uint8_t *p = (const uint8_t *)bytes.p;

	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t left = bytes.n - i;
		uint32_t v = (uint32_t)p[i] << 16 |
			     (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
			     (left > 2 ? (uint32_t)p[i + 2] : 0);
		const char digits[] = {alphabet[v >> 18],
		    alphabet[v >> 12 & 63],
		    left > 1 ? alphabet[v >> 6 & 63] : '=',
		    left > 2 ? alphabet[v & 63] : '='};

		buf_add(out, slice_of(digits, sizeof(digits)));
	}
}

static void
write_lines(struct buf *out, struct slice bytes)
{
	for (; bytes.n > 0; bytes = slice_from(bytes, LINE_WIDTH / 4 * 3)) {
		struct slice line = bytes;

		if (line.n > LINE_WIDTH / 4 * 3)
			line.n = LINE_WIDTH / 4 * 3;
		base64_add(out, line);
		buf_add_char(out, '\n');
	}
}

static void
write_mark(struct buf *out, const char *mark, struct slice label)
{
	buf_add_str(out, mark);
	buf_add(out, label);
	buf_add_str(out, "-----\n");
}

void
pem_write(struct buf *out, struct slice label, struct slice headers,
    struct slice bytes)
{
	struct slice line;

	/* In one piece, so that no half of a key is left behind by growing. */
	(void)buf_room(out, bytes.n / 2 * 3 + headers.n + 4 * LINE_WIDTH);
	write_mark(out, begin_mark, label);
	if (headers.n > 0) {
		while (slice_cut(&headers, '\n', &line)) {
			buf_add(out, slice_trim(line));
			buf_add_char(out, '\n');
		}
		buf_add_char(out, '\n');
	}
	write_lines(out, bytes);
	write_mark(out, end_mark, label);
}
