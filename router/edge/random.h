#ifndef ROUTER_EDGE_RANDOM_H
#define ROUTER_EDGE_RANDOM_H
/*
 * The kernel's random bytes, fetched a page at a time: request ids and the
 * balancer need a few for every request, and no system call each.
 *
 * Owned by: whoever embeds it (zeroed).   Freed by: nothing to free.
 */
#include <stddef.h>
#include <stdint.h>

struct random {
	uint8_t bytes[2048];
	size_t left;
};

void random_bytes(struct random *r, void *out, size_t n); /* n <= 2048 */
uint32_t random_below(struct random *r, uint32_t bound);  /* 0: 0 */

#define UUID_TEXT_SIZE 37
/* Version 4 (RFC 9562), lower case; returns out. */
char *random_uuid(struct random *r, char out[UUID_TEXT_SIZE]);

#endif
