#ifndef CERTS_X509_DER_H
#define CERTS_X509_DER_H
/*
 * A cursor over DER (X.690), for looking at bytes before a library is given
 * them: what is this file, and which bytes did a signature cover.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum {
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_OID = 0x06,
	DER_SEQUENCE = 0x30,
	DER_SAN_DNS = 0x82, /* dNSName of a GeneralName (RFC 5280, 4.2.1.6) */
};

struct der_item {
	uint8_t tag;
	struct slice content;
	struct slice whole; /* with tag and length */
};

/* Takes the first item off *in.  False, and nothing is taken, at the end or
 * when it is no definite-length item that fits. */
bool der_next(struct slice *in, struct der_item *out);

/* The same if it has this tag. */
bool der_take(struct slice *in, uint8_t tag, struct der_item *out);

#endif
