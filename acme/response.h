#ifndef ACME_RESPONSE_H
#define ACME_RESPONSE_H
/*
 * A CA's answer as the protocol's files see it: bytes and a moment, no socket
 * and no clock.  Everything is a loan for the time of a call.
 */
#include "base/fault.h"
#include "base/slice.h"

#define ACME_BODY_MAX  ((size_t)1024 * 1024)
#define ACME_URL_MAX   2000
#define ACME_LINKS_MAX 16

struct acme_response {
	int status; /* 0: none came, and fault says why */
	struct slice body;
	const char *location;              /* header fields; "" when absent */
	const char *retry_after;           /* as sent: seconds, or a date */
	const char *links[ACME_LINKS_MAX]; /* each Link field */
	size_t n_links;
	const struct fault *fault; /* of status 0 */
	int64_t now;               /* UTC seconds when it came */
	int64_t mono_ms;           /* the same on the monotonic clock */
};

#endif
