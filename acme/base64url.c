#include "acme/base64url.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

enum err
base64url_add(struct buf *b, struct slice bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.p;

	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t left = bytes.n - i;
		uint32_t three = (uint32_t)p[i] << 16;
		char four[4];

		if (left > 1)
			three |= (uint32_t)p[i + 1] << 8;
		if (left > 2)
			three |= p[i + 2];
		for (int at = 0; at < 4; at++)
			four[at] = alphabet[three >> (18 - 6 * at) & 63];
		buf_add(b, slice_of(four, left > 2 ? 4 : left + 1));
	}
	return buf_failed(b) ? ERR_TOO_BIG : ERR_OK;
}

enum err
base64url_decode(struct slice text, struct buf *out)
{
	uint32_t bits = 0;
	int n_bits = 0;

	if (text.n % 4 == 1)
		return ERR_SYNTAX;
	for (size_t i = 0; i < text.n; i++) {
		const char *at =
		    text.p[i] == '\0' ? NULL : strchr(alphabet, text.p[i]);

		if (at == NULL)
			return ERR_SYNTAX;
		bits = bits << 6 | (uint32_t)(at - alphabet);
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		buf_add_char(out, (char)(bits >> n_bits & 0xff));
	}
	return buf_failed(out) ? ERR_TOO_BIG : ERR_OK;
}
