#include "certs/x509/der_kind.h"

#include "certs/x509/der.h"

#define DER_CONTEXT_0 0xa0

/* Begins with SEQUENCE { ... }: certificate, request, public or closed key. */
static enum der_kind
kind_by_inner(struct slice first, struct slice rest)
{
	struct der_item item, second;

	if (!der_next(&rest, &second) || !der_next(&first, &item))
		return DER_KIND_UNKNOWN;
	if (item.tag == DER_OID && second.tag == DER_BIT_STRING)
		return DER_KIND_PUBLIC_KEY;
	if (item.tag == DER_OID && second.tag == DER_OCTET_STRING)
		return DER_KIND_ENCRYPTED_KEY;
	if (second.tag != DER_SEQUENCE)
		return DER_KIND_UNKNOWN;
	if (item.tag == DER_CONTEXT_0)
		return DER_KIND_CERTIFICATE;
	/* Version 1 has no version: serial, then the signature's algorithm. */
	if (item.tag != DER_INTEGER || !der_take(&first, DER_SEQUENCE, &item))
		return DER_KIND_UNKNOWN;
	return der_take(&item.content, DER_OID, &second) ? DER_KIND_CERTIFICATE
							 : DER_KIND_REQUEST;
}

/* Begins with a version: a key or PKCS#12. */
static enum der_kind
kind_by_version(struct slice version, struct slice rest)
{
	struct der_item second, oid;

	if (version.n != 1 || !der_next(&rest, &second))
		return DER_KIND_UNKNOWN;
	if (second.tag == DER_INTEGER)
		return DER_KIND_KEY; /* PKCS#1: the modulus */
	if (second.tag == DER_OCTET_STRING)
		return version.p[0] == 1 ? DER_KIND_KEY : DER_KIND_UNKNOWN;
	if (second.tag != DER_SEQUENCE ||
	    !der_take(&second.content, DER_OID, &oid))
		return DER_KIND_UNKNOWN;
	return version.p[0] == 3 ? DER_KIND_PKCS12 : DER_KIND_KEY;
}

/* Some programs write these two in BER, without lengths in front (X.690,
 * 8.1.3.6). */
static enum der_kind
kind_without_length(struct slice bytes)
{
	if (slice_starts_with(bytes,
		SLICE("\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02")))
		return DER_KIND_PKCS7;
	if (slice_starts_with(bytes, SLICE("\x30\x80\x02\x01\x03\x30")))
		return DER_KIND_PKCS12;
	return DER_KIND_UNKNOWN;
}

enum der_kind
der_kind(struct slice bytes)
{
	struct der_item whole, first;

	if (slice_starts_with(bytes, SLICE("\x30\x80")))
		return kind_without_length(bytes);
	if (!der_take(&bytes, DER_SEQUENCE, &whole) ||
	    slice_trim(bytes).n > 0 || !der_next(&whole.content, &first))
		return DER_KIND_UNKNOWN;
	switch (first.tag) {
	case DER_SEQUENCE:
		return kind_by_inner(first.content, whole.content);
	case DER_INTEGER:
		return kind_by_version(first.content, whole.content);
	case DER_OID:
		return DER_KIND_PKCS7;
	}
	return DER_KIND_UNKNOWN;
}
