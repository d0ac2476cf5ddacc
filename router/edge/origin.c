#include "router/edge/origin.h"

#include "base/addr.h"

#define MARK '~'

bool
origin_is(const char *key)
{
	return key[0] == MARK;
}

void
origin_authority(struct slice backend, char out[ORIGIN_AUTHORITY_SIZE])
{
	bool is_https = slice_starts_with(backend, SLICE("https://"));
	struct slice port = is_https ? SLICE(":443") : SLICE(":80");
	size_t scheme = slice_find(backend, '/');
	struct slice place = backend;
	struct addr addr;

	if (scheme < backend.n && scheme > 0 && backend.p[scheme - 1] == ':' &&
	    slice_starts_with(slice_from(backend, scheme), SLICE("//")))
		place = slice_from(backend, scheme + 2);
	out[0] = '\0';
	if (addr_parse(place, &addr) == ERR_OK ||
	    addr_parse_ip(place, 0, &addr) == ERR_OK)
		return;
	if (slice_ends_with(place, port))
		place.n -= port.n;
	/* what does not fit is no host: it stays as it came */
	(void)!slice_to_str(place, out, ORIGIN_AUTHORITY_SIZE);
}
