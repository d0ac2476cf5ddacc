#ifndef ACME_DNS_SIGHT_H
#define ACME_DNS_SIGHT_H
/*
 * What each resolver said of a name, for people and programs: the ground of a
 * verdict, in full.
 */
#include "acme/dns/reach.h"

/*
 * One object for each answer:
 *
 *   {"resolver": "9.9.9.9", "sees": "us", "a": "ok", "aaaa": "ok",
 *    "chain": [{"name": "edge.example.net", "ttl": 300}],
 *    "addresses": [{"type": "A", "address": "192.0.2.10", "ours": true,
 *                   "ttl": 60}],
 *    "ttl": 300, "denial_ttl": null}
 *
 * "sees" is us, both, elsewhere, nothing (there are no addresses), or what
 * went wrong: nxdomain, servfail, bogus (DNSSEC), refused, timeout, loop,
 * malformed.  Seconds are those left in that resolver's cache: "ttl" of what
 * stands at the name itself, "denial_ttl" of its absence (RFC 2308).
 */
json_t *sight_json(const struct dns_answer *answers, size_t n,
    const struct reach_target *target);

#endif
