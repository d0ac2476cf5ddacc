#ifndef BASE_REGISTERED_H
#define BASE_REGISTERED_H
/*
 * Registered domains: what stands right under a public suffix
 * (publicsuffix.org) and is what a person rents.  "shop.co.uk" of
 * "www.shop.co.uk".  CAs count by it, and no CNAME may stand there.  libpsl's
 * door.
 */
#include "base/slice.h"

/*
 * Reads the machine's own list, newer than the one that libpsl brings along;
 * once, before the sandbox.  Without it (or the file) libpsl's serves.
 */
void registered_load(void);
void registered_unload(void);

/*
 * A part of host, which is in the stored form (base/host.h) and ends with a
 * NUL;
 * "*." counts as not there.  A name that is a public suffix itself, or has one
 * label, is its own.
 */
const char *registered_domain(const char *host);

#endif
