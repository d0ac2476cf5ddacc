#include "router/edge/site_certificate.h"

#include <assert.h>

#include "certs/install.h"

struct tls_certificate *
site_certificate(struct tls_certificates *c, const struct site *s, int64_t now)
{
	struct candidate left[2 * CANDIDATES_MAX];
	size_t n = s->n_candidates;

	assert(n <= 2 * CANDIDATES_MAX);
	memcpy(left, s->candidates, n * sizeof(left[0]));
	while (n > 0) {
		struct choice choice = choose(left, n, now);
		struct tls_certificate *t;

		if (choice.index >= n)
			break;
		t = tls_certificates_get(c, left[choice.index].certificate_id);
		if (t != NULL)
			return t;
		left[choice.index] = left[--n];
	}
	return tls_certificates_placeholder(c);
}
