#include "admin-tui/text.h"

#include <stdio.h>

#include "base/mem.h"

struct range {
	uint32_t first, last;
};

/* Sorted.  What takes no column: combining marks and joiners. */
static const struct range zero_width[] = {{0x0300, 0x036f}, {0x0483, 0x0489},
    {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f}, {0x06d6, 0x06dc},
    {0x0900, 0x0902}, {0x093a, 0x093c}, {0x0941, 0x0948}, {0x0e31, 0x0e31},
    {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
    {0x200b, 0x200d}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
    {0xe0100, 0xe01ef}};

/* Sorted.  What takes two: East Asian wide forms and emoji. */
static const struct range two_columns[] = {{0x1100, 0x115f}, {0x231a, 0x231b},
    {0x2329, 0x232a}, {0x23e9, 0x23ec}, {0x2614, 0x2615}, {0x26a1, 0x26a1},
    {0x2705, 0x2705}, {0x274c, 0x274c}, {0x2e80, 0x303e}, {0x3041, 0x33ff},
    {0x3400, 0x4dbf}, {0x4e00, 0x9fff}, {0xa000, 0xa4cf}, {0xa960, 0xa97f},
    {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60},
    {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
    {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

/* Sorted.  What a terminal would obey rather than draw. */
static const struct range unprintable[] = {{0x0000, 0x001f}, {0x007f, 0x009f},
    {0x00ad, 0x00ad}, {0x061c, 0x061c}, {0x180e, 0x180e}, {0x200e, 0x200f},
    {0x2028, 0x202e}, {0x2060, 0x206f}, {0xd800, 0xdfff}, {0xe000, 0xf8ff},
    {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xe00ff},
    {0xf0000, 0xffffffff}};

static bool
in_ranges(uint32_t cp, const struct range *ranges, size_t n)
{
	for (size_t i = 0; i < n && ranges[i].first <= cp; i++)
		if (cp <= ranges[i].last)
			return true;
	return false;
}

/* Length of the sequence that starts with this byte, and its payload bits;
 * 0: no sequence starts so. */
static size_t
sequence_length(unsigned char c, uint32_t *bits)
{
	if (c < 0x80)
		return *bits = c, 1;
	if (c >= 0xc2 && c < 0xe0)
		return *bits = c & 0x1fU, 2;
	if (c >= 0xe0 && c < 0xf0)
		return *bits = c & 0x0fU, 3;
	if (c >= 0xf0 && c < 0xf5)
		return *bits = c & 0x07U, 4;
	return 0;
}

static bool
decode(struct slice s, size_t *length, uint32_t *cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = sequence_length((unsigned char)s.p[0], cp);
	if (n == 0 || n > s.n)
		return false;
	for (size_t i = 1; i < n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if ((c & 0xc0U) != 0x80)
			return false;
		*cp = *cp << 6 | (c & 0x3fU);
	}
	*length = n;
	return *cp >= least[n];
}

bool
text_next(struct slice *s, uint32_t *code_point)
{
	if (s->n == 0)
		return false;
	size_t length = 1;
	if (!decode(*s, &length, code_point)) {
		length = 1;
		*code_point = TEXT_REPLACEMENT;
	} else if (*code_point == '\t') {
		*code_point = ' ';
	} else if (in_ranges(*code_point, unprintable, COUNT_OF(unprintable))) {
		*code_point = TEXT_REPLACEMENT;
	}
	*s = slice_of(s->p + length, s->n - length);
	return true;
}

int
text_columns(uint32_t cp)
{
	if (cp < 0x300)
		return 1;
	if (in_ranges(cp, zero_width, COUNT_OF(zero_width)))
		return 0;
	return in_ranges(cp, two_columns, COUNT_OF(two_columns)) ? 2 : 1;
}

int
text_width(struct slice s)
{
	int width = 0;
	uint32_t cp;
	while (text_next(&s, &cp))
		width += text_columns(cp);
	return width;
}

size_t
text_encode(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	size_t n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--, cp >>= 6)
		out[i] = (char)(0x80U | (cp & 0x3fU));
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	out[0] = (char)(lead[n] | cp);
	return n;
}

size_t
text_prefix(struct slice s, int columns)
{
	struct slice rest = s;
	uint32_t cp;
	int used = 0;
	for (;;) {
		size_t at = s.n - rest.n;
		if (!text_next(&rest, &cp))
			return at;
		used += text_columns(cp);
		if (used > columns)
			return at;
	}
}

size_t
text_suffix(struct slice s, int columns)
{
	int left = text_width(s);
	struct slice rest = s;
	uint32_t cp;
	while (left > columns && text_next(&rest, &cp))
		left -= text_columns(cp);
	return s.n - rest.n;
}

/* Appends s, made printable, as far as whole characters have room. */
static void
append(struct slice s, char *out, size_t size, size_t *at)
{
	uint32_t cp;
	while (text_next(&s, &cp)) {
		char bytes[4];
		size_t n = text_encode(cp, bytes);
		if (*at + n >= size)
			return;
		memcpy(out + *at, bytes, n);
		*at += n;
	}
}

char *
text_fit(struct slice s, int columns, enum text_cut cut, char *out, size_t size)
{
	size_t at = 0;
	if (columns < 0)
		columns = 0;
	if (text_width(s) <= columns) {
		append(s, out, size, &at);
	} else if (columns > 0) {
		int tail = cut == TEXT_CUT_MIDDLE ? columns / 2 : 0;
		size_t head = text_prefix(s, columns - 1 - tail);
		append(slice_of(s.p, head), out, size, &at);
		append(SLICE("\xe2\x80\xa6"), out, size, &at);
		append(slice_from(s, text_suffix(s, tail)), out, size, &at);
	}
	out[at] = '\0';
	return out;
}

char *
text_pad(struct slice s, int columns, char *out, size_t size)
{
	text_fit(s, columns, TEXT_CUT_END, out, size);
	size_t n = strlen(out);
	int used = text_width(slice_of(out, n));
	for (; used < columns && n + 1 < size; used++)
		out[n++] = ' ';
	out[n] = '\0';
	return out;
}

bool
text_wrap(struct slice *s, int columns, struct slice *line)
{
	while (s->n > 0 && s->p[0] == ' ')
		*s = slice_from(*s, 1);
	if (s->n == 0 || columns < 2)
		return false;
	size_t n = text_prefix(*s, columns);
	if (n < s->n && s->p[n] != ' ')
		for (size_t i = n; i > n / 2; i--)
			if (s->p[i - 1] == ' ') {
				n = i;
				break;
			}
	*line = slice_trim(slice_of(s->p, n));
	*s = slice_from(*s, n);
	return true;
}
