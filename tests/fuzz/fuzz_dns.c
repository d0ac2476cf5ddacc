/* A hostile resolver: any bytes as its answer. */
#include "acme/dns/dns_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice message = slice_of(data, size);
	struct dns_walk w;

	dns_walk_start(&w, "www.test");
	(void)dns_walk_on(&w, message, DNS_TYPE_A);
	(void)dns_walk_on(&w, message, DNS_TYPE_AAAA);
	return 0;
}
