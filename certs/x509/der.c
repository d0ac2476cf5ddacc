#include "certs/x509/der.h"

bool
der_next(struct slice *in, struct der_item *out)
{
	const uint8_t *p = (const uint8_t *)in->p;
	size_t head = 2, n;

	if (in->n < 2 || (p[0] & 0x1f) == 0x1f)
		return false;
	n = p[1];
	if (n >= 0x80) {
		size_t n_bytes = n & 0x7f;

		if (n_bytes < 1 || n_bytes > 4 || in->n < 2 + n_bytes)
			return false;
		n = 0;
		for (size_t i = 0; i < n_bytes; i++)
			n = n << 8 | p[2 + i];
		head += n_bytes;
	}
	if (n > in->n - head)
		return false;
	out->tag = p[0];
	out->content = slice_of(in->p + head, n);
	out->whole = slice_of(in->p, head + n);
	*in = slice_from(*in, head + n);
	return true;
}

bool
der_take(struct slice *in, uint8_t tag, struct der_item *out)
{
	return in->n > 0 && (uint8_t)in->p[0] == tag && der_next(in, out);
}
