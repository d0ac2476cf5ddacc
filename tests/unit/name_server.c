#include "tests/unit/name_server.h"

#include <stdio.h>
#include <unistd.h>

#include "acme/dns/dns_message.h"
#include "base/mem.h"
#include "tests/unit/test.h"

#define FLAGS_AT 3    /* the second byte of flags... */
#define FLAG_CD  0x10 /* ..."checking disabled" of it */
#define SERVFAIL 2

static void
put16(struct buf *b, unsigned v)
{
	buf_add_char(b, (char)(v >> 8));
	buf_add_char(b, (char)(v & 0xff));
}

static void
put32(struct buf *b, uint32_t v)
{
	put16(b, v >> 16);
	put16(b, v & 0xffff);
}

static void
put_name(struct buf *b, const char *name)
{
	struct slice rest = slice_str(name), label;

	while (slice_cut(&rest, '.', &label)) {
		buf_add_char(b, (char)label.n);
		buf_add(b, label);
	}
	buf_add_char(b, 0);
}

void
zone_put(struct buf *b, const struct zone_record *rec)
{
	struct buf data;
	struct addr a;

	buf_init(&data, 512);
	if (rec->type == DNS_TYPE_CNAME || rec->type == DNS_TYPE_NS) {
		put_name(&data, rec->value);
	} else if (rec->type == DNS_TYPE_TXT) {
		buf_add_char(&data, (char)strlen(rec->value));
		buf_add(&data, slice_str(rec->value));
	} else {
		assert_int_equal(
		    addr_parse_ip(slice_str(rec->value), 0, &a), ERR_OK);
		if (rec->type == DNS_TYPE_A)
			buf_add(&data, slice_of(&a.u.in4.sin_addr, 4));
		else
			buf_add(&data, slice_of(&a.u.in6.sin6_addr, 16));
	}
	put_name(b, rec->owner);
	put16(b, rec->type);
	put16(b, 1);
	put32(b, rec->ttl);
	put16(b, (unsigned)data.len);
	buf_add(b, buf_slice(&data));
	buf_clear(&data);
}

static void
put_soa(struct buf *b, uint32_t minimum)
{
	put_name(b, "test");
	put16(b, DNS_TYPE_SOA);
	put16(b, 1);
	put32(b, 3600);
	put16(b, 2 + 5 * 4);
	buf_add_char(b, 0);
	buf_add_char(b, 0);
	for (int i = 0; i < 4; i++)
		put32(b, 7);
	put32(b, minimum);
}

/* Appends what the zone has for the name; returns how many records. */
static unsigned
put_answers(
    struct buf *b, const struct zone *z, const char *name, unsigned type)
{
	unsigned n = 0;

	for (size_t i = 0; i < z->n_records; i++) {
		const struct zone_record *rec = &z->records[i];
		bool is_cname = rec->type == DNS_TYPE_CNAME;

		if (strcmp(rec->owner, name) != 0 ||
		    (rec->type != type && !is_cname))
			continue;
		zone_put(b, rec);
		n++;
		if (is_cname && z->follows)
			return n + put_answers(b, z, rec->value, type);
	}
	return n;
}

void
zone_reply(const struct zone *z, struct slice query, struct buf *out)
{
	char name[256] = "";
	size_t at = 12, used = 0;
	unsigned type, n, rcode = z->rcode;
	struct buf answers;

	while (query.p[at] != 0) {
		size_t len = (unsigned char)query.p[at++];

		used += (size_t)snprintf(name + used, sizeof(name) - used,
		    "%s%.*s", used == 0 ? "" : ".", (int)len, query.p + at);
		at += len;
	}
	type = (unsigned char)query.p[at + 2];
	buf_init(&answers, 8192);
	if (z->is_bogus && (query.p[FLAGS_AT] & FLAG_CD) == 0)
		rcode = SERVFAIL;
	n = rcode == SERVFAIL ? 0 : put_answers(&answers, z, name, type);
	buf_add(out, slice_of(query.p, 2));
	put16(out, 0x8180 | rcode);
	put16(out, 1);
	put16(out, n);
	put16(out, z->minimum > 0);
	put16(out, 0);
	buf_add(out, slice_of(query.p + 12, at + 5 - 12));
	buf_add(out, buf_slice(&answers));
	if (z->minimum > 0)
		put_soa(out, z->minimum);
	buf_clear(&answers);
}

static void
on_query(struct ev_loop *loop, ev_io *w, int revents)
{
	struct name_server *s = container_of(w, struct name_server, io);
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	char query[1500];
	struct buf out;
	ssize_t n = recvfrom(
	    w->fd, query, sizeof(query), 0, (struct sockaddr *)&peer, &len);

	(void)loop;
	(void)revents;
	assert_true(n > 12);
	s->n_asked++;
	buf_init(&out, 8192);
	zone_reply(s->zone, slice_of(query, (size_t)n), &out);
	if (s->zone->is_short)
		out.len -= 6;
	sendto(w->fd, buf_slice(&out).p, out.len, 0, (struct sockaddr *)&peer,
	    len);
	buf_clear(&out);
}

void
name_server_start(struct name_server *s, const struct zone *zone)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memset(s, 0, sizeof(*s));
	s->zone = zone;
	assert_int_equal(
	    addr_parse_ip(SLICE("127.0.0.1"), 0, &s->addr), ERR_OK);
	assert_int_equal(bind(fd, &s->addr.u.sa, s->addr.len), 0);
	s->addr.len = sizeof(s->addr.u.storage);
	assert_int_equal(getsockname(fd, &s->addr.u.sa, &s->addr.len), 0);
	ev_io_init(&s->io, on_query, fd, EV_READ);
	ev_io_start(EV_DEFAULT, &s->io);
}

void
name_server_stop(struct name_server *s)
{
	ev_io_stop(EV_DEFAULT, &s->io);
	close(s->io.fd);
}
