#ifndef ROUTER_EDGE_PROXY_HEADER_H
#define ROUTER_EDGE_PROXY_HEADER_H
/*
 * The PROXY protocol, versions 1 and 2 (haproxy's proxy-protocol.txt): what a
 * balancer in front says of the client before the client's first byte, and we
 * to a backend.  Sans-I/O, strict, bounded.
 */
#include "base/addr.h"
#include "base/buf.h"

#define PROXY_HEADER_MAX 2048 /* with all that version 2 may append */

/*
 * `in` is all that was received.  ERR_AGAIN: more is needed; ERR_OK: *used
 * bytes were the header, and *source is who connected, unless *is_known is
 * false (the balancer's own check, or another family: the peer counts then);
 * ERR_SYNTAX: no such header.
 */
enum err MUST_USE proxy_header_read(
    struct slice in, struct addr *source, bool *is_known, size_t *used);

/*
 * Adds a header: of a connection from source to dest.  Addresses of two
 * families are both told as IPv6; what is no IP address makes it unknown.
 */
void proxy_header_write_v1(
    struct buf *b, const struct addr *source, const struct addr *dest);
void proxy_header_write_v2(
    struct buf *b, const struct addr *source, const struct addr *dest);

#endif
