#ifndef TESTS_UNIT_HELLO_H
#define TESTS_UNIT_HELLO_H
/*
 * ClientHellos as a real client makes them, for tests of what reads them.
 */
#include <gnutls/gnutls.h>

#include "base/buf.h"

#define HELLO_DEFAULT "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* The bytes of a hello for host (NULL: no SNI), with these protocols (NULL at
 * the end; NULL: no ALPN), appended to out. */
void hello_make(const char *priority, const char *host,
    const char *const *protocols, struct buf *out);

/* The handshake message in `records` cut into records of `step` bytes. */
void hello_cut(struct slice records, size_t step, struct buf *out);

#endif
