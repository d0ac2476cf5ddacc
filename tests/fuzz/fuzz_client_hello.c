/*
 * The first bytes of a hostile client.  However they are cut into pieces on
 * their way, the reader must say the same of them: more is wanted until the
 * piece that decides, and then for good.
 */
#include <stdlib.h>

#include "router/edge/client_hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool
is_same(const struct client_hello *a, const struct client_hello *b)
{
	return a->has_sni == b->has_sni && strcmp(a->host, b->host) == 0 &&
	       a->has_alpn == b->has_alpn &&
	       a->offers_http11 == b->offers_http11 &&
	       a->offers_tls12 == b->offers_tls12 &&
	       a->offers_tls13 == b->offers_tls13 &&
	       a->has_ticket == b->has_ticket &&
	       memcmp(a->ticket_key_name, b->ticket_key_name,
		   sizeof(a->ticket_key_name)) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct client_hello whole, part;
	enum err e = client_hello_read(slice_of(data, n), &whole), early;
	size_t step = 1 + n / 64;

	if (e == ERR_OK && strlen(whole.host) > HOST_MAX)
		abort();
	for (size_t k = 0; k < n; k += step) {
		early = client_hello_read(slice_of(data, k), &part);
		if (early == ERR_AGAIN)
			continue;
		/* decided by a part: then what follows changes nothing */
		if (early != e || (e == ERR_OK && !is_same(&whole, &part)))
			abort();
	}
	return 0;
}
