/* Any bytes as answers of Route 53's API. */
#include "acme/dns/route53_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice xml = slice_of(data, size);
	struct route53_set set = {0};
	char id[ROUTE53_ID_SIZE], code[64], message[256];
	bool is_in_sync;

	(void)route53_read_zone(xml, "example.com", id);
	if (route53_read_set(xml, "_acme-challenge.example.com", "TXT", &set) ==
	    ERR_OK)
		route53_set_clear(&set);
	(void)route53_read_change(xml, id, &is_in_sync);
	(void)route53_read_error(
	    xml, code, sizeof(code), message, sizeof(message));
	return 0;
}
