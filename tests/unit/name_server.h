#ifndef TESTS_UNIT_NAME_SERVER_H
#define TESTS_UNIT_NAME_SERVER_H
/*
 * For tests of DNS: a name server of a few lines on the default loop.
 */
#include <ev.h>

#include "acme/dns/dns.h"
#include "base/buf.h"

struct zone_record {
	const char *owner;
	const char *value; /* an address, a target, or a TXT */
	unsigned type;
	uint32_t ttl;
};

struct zone {
	const struct zone_record *records;
	size_t n_records;
	unsigned rcode;
	bool follows;     /* answers with the whole CNAME chain */
	bool is_short;    /* cuts its answers off */
	bool is_bogus;    /* SERVFAIL, but for who does not check DNSSEC */
	uint32_t minimum; /* of its SOA; 0: none is sent */
};

struct name_server {
	ev_io io;
	struct addr addr;
	const struct zone *zone;
	int n_asked;
};

/* On a free port of 127.0.0.1. */
void name_server_start(struct name_server *s, const struct zone *zone);
void name_server_stop(struct name_server *s);

/* A response to a query, and one record of it, as bytes. */
void zone_reply(const struct zone *z, struct slice query, struct buf *out);
void zone_put(struct buf *b, const struct zone_record *rec);

#endif
