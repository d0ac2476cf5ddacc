#include "router/edge/random.h"

#include <sys/random.h>

#include <assert.h>
#include <string.h>

#include "base/mem.h"

static void
refill(struct random *r)
{
	size_t got = 0;

	while (got < sizeof(r->bytes)) {
		ssize_t n =
		    getrandom(r->bytes + got, sizeof(r->bytes) - got, 0);

		if (n > 0)
			got += (size_t)n;
		else if (n < 0)
			die("no random bytes from the kernel");
	}
	r->left = sizeof(r->bytes);
}

void
random_bytes(struct random *r, void *out, size_t n)
{
	assert(n <= sizeof(r->bytes));
	if (r->left < n)
		refill(r);
	r->left -= n;
	memcpy(out, r->bytes + r->left, n);
	memset(r->bytes + r->left, 0, n); /* never told twice */
}

uint32_t
random_below(struct random *r, uint32_t bound)
{
	uint32_t v;

	if (bound <= 1)
		return 0;
	random_bytes(r, &v, sizeof(v));
	/* the bias of bound / 2^32 does not matter to who asks */
	return (uint32_t)(((uint64_t)v * bound) >> 32);
}

char *
random_uuid(struct random *r, char out[UUID_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	char *to = out;
	uint8_t b[16];

	random_bytes(r, b, sizeof(b));
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof(b); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		*to++ = digits[b[i] >> 4];
		*to++ = digits[b[i] & 15];
	}
	*to = '\0';
	return out;
}
