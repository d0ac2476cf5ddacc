#include "certs/x509/text.h"

#include <assert.h>

/* Bytes of the UTF-8 character at the head of s (RFC 3629); 0: it is none. */
static size_t
character_length(struct slice s, uint32_t *value)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const uint8_t *p = (const uint8_t *)s.p;
	size_t n;

	if (p[0] < 0x80) {
		*value = p[0];
		return 1;
	}
	if (p[0] >= 0xf0 && p[0] < 0xf5)
		n = 4;
	else if (p[0] >= 0xe0 && p[0] < 0xf0)
		n = 3;
	else if (p[0] >= 0xc2 && p[0] < 0xe0)
		n = 2;
	else
		return 0;
	if (s.n < n)
		return 0;
	*value = p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*value = *value << 6 | (p[i] & 0x3f);
	}
	if (*value < least[n] || *value > 0x10ffff ||
	    (*value >= 0xd800 && *value < 0xe000))
		return 0;
	return n;
}

static bool
is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) ||
	       (c >= 0x202a && c <= 0x202e) || /* writing direction */
	       (c >= 0x2066 && c <= 0x2069);
}

void
text_copy(char *out, size_t size, struct slice in)
{
	size_t at = 0;

	assert(size > 0);
	while (in.n > 0) {
		uint32_t value = 0;
		size_t n = character_length(in, &value);
		bool is_good = n > 0 && !is_control(value);
		size_t n_out = is_good ? n : 1;

		if (at + n_out >= size)
			break;
		if (is_good)
			memcpy(out + at, in.p, n);
		else
			out[at] = '?';
		at += n_out;
		in = slice_from(in, n == 0 ? 1 : n);
	}
	out[at] = '\0';
}
