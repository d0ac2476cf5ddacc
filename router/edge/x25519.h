#ifndef ROUTER_EDGE_X25519_H
#define ROUTER_EDGE_X25519_H
/*
 * The one multiplication of a handshake that costs most, by libcrypto, which
 * has it in assembly for every processor we run on: 31 us for nettle's 53, of a
 * handshake's 180.  (The other one, of the base point, is nettle's: 22 for 28.)
 *
 * GnuTLS has no way to be told so.  But it takes this function from nettle by
 * its name, and the dynamic linker asks the program first: what is defined here
 * stands in front of nettle's, as a program's own malloc does.  A GnuTLS that
 * one day calls another function loses the speed and nothing else; a test
 * notices.
 *
 * Only ephemeral keys come by here: no key of a certificate is in a worker.
 */
#include <stdint.h>

/* Before the sandbox: makes libcrypto ready, without its configuration file. */
void x25519_set_up(void);

/* nettle/curve25519.h: q = n * p (RFC 7748, 5), constant in time.  Always 1, as
 * nettle's; a point of small order gives 0, which GnuTLS refuses. */
int nettle_curve25519_mul(uint8_t *q, const uint8_t *n, const uint8_t *p);

#endif
