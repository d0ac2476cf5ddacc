#ifndef BASE_HOST_H
#define BASE_HOST_H
/*
 * Host names, in the one form that is stored and compared: lower-case
 * A-labels, no trailing dot, no port (RFC 5890, RFC 1123).  libidn2's door.
 */
#include <stdbool.h>

#include "base/fault.h"
#include "base/slice.h"

#define HOST_MAX  253
#define HOST_SIZE (HOST_MAX + 1)

/*
 * Reads a name as a person or DNS writes it (Unicode, upper case, a trailing
 * dot; one leading "*." label) into the stored form.  Labels of 1 to 63 of
 * a-z 0-9 - (and _ inside, as hosts in the field have it), at least two labels.
 * An IP address, a port, a bare TLD or anything else: ERR_SYNTAX and fault N10.
 */
enum err MUST_USE host_normalise(
    struct slice in, char out[HOST_SIZE], struct fault *f);

/*
 * The hot path: a Host header or SNI into the stored form without IDN: cuts a
 * port and a trailing dot, lowers ASCII, refuses bytes no host has.  A one
 * label name and an IP address are let through (they are merely unknown).
 */
enum err MUST_USE host_canonical(struct slice in, char out[HOST_SIZE]);

bool host_is_wildcard(struct slice host); /* "*.example.com" */

/* The name of which `host` would be a wildcard's match: its first label put
 * off.  "a.b.c" gives "b.c"; empty when there is no dot. */
struct slice host_parent(struct slice host);

/* RFC 6125: equal, or pattern "*.x" and host has exactly one label before x. */
bool host_matches(struct slice pattern, struct slice host);

/* A-labels to Unicode for people; falls back to the input.  Returns out. */
#define HOST_TEXT_SIZE 1024
char *host_display(struct slice host, char out[HOST_TEXT_SIZE]);

#endif
