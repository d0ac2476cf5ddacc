#include "acme/dns/dns_message.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

#define HEADER_SIZE  12
#define CLASS_IN     1
#define POINTER      0xc0u /* the two top bits of a length: RFC 1035, 4.1.4 */
#define POINTERS_MAX 32    /* a name that jumps more often is hostile */
#define RECORDS_MAX  128   /* of one answer section */
#define TTL_MAX      (7 * 86400) /* RFC 8767's sense of sanity */

/* A cursor over the message with a sticky error. */
struct reader {
	const unsigned char *p;
	size_t n, at;
	bool bad;
};

struct record {
	char owner[256];
	unsigned type, class;
	uint32_t ttl;
	size_t data, data_len; /* offset in the message */
};

static unsigned
read_u8(struct reader *r)
{
	if (r->bad || r->at >= r->n) {
		r->bad = true;
		return 0;
	}
	return r->p[r->at++];
}

static unsigned
read_u16(struct reader *r)
{
	unsigned high = read_u8(r);

	return high << 8 | read_u8(r);
}

static uint32_t
read_u32(struct reader *r)
{
	uint32_t high = read_u16(r);

	return high << 16 | read_u16(r);
}

/* Host names are letters, digits, - _ and * in towpath; a name with anything
 * else is read whole, but its odd bytes become '?' and match nothing. */
static char
plain(unsigned c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	    c == '_' || c == '*')
		return (char)c;
	return '?';
}

static void
read_label(struct reader *r, size_t n, char out[256], size_t *used)
{
	if (*used + n + 2 > 256) {
		r->bad = true;
		return;
	}
	if (*used > 0)
		out[(*used)++] = '.';
	for (size_t i = 0; i < n; i++)
		out[(*used)++] = plain(read_u8(r));
}

/* A name in lower case without the last dot; the cursor goes behind it. */
static void
read_name(struct reader *r, char out[256])
{
	size_t used = 0, behind = 0;
	int pointers = 0;

	while (!r->bad) {
		unsigned n = read_u8(r);

		if (n == 0)
			break;
		if (n < 64) {
			read_label(r, n, out, &used);
			continue;
		}
		if ((n & POINTER) != POINTER || ++pointers > POINTERS_MAX) {
			r->bad = true;
			break;
		}
		n = (n & ~POINTER) << 8 | read_u8(r);
		if (behind == 0)
			behind = r->at;
		r->at = n;
	}
	if (behind != 0)
		r->at = behind;
	out[used] = '\0';
}

static void
read_record(struct reader *r, struct record *out)
{
	read_name(r, out->owner);
	out->type = read_u16(r);
	out->class = read_u16(r);
	out->ttl = read_u32(r);
	out->data_len = read_u16(r);
	out->data = r->at;
	if (r->bad || out->data_len > r->n - r->at)
		r->bad = true;
	else
		r->at += out->data_len;
}

void
dns_walk_start(struct dns_walk *w, const char *host)
{
	memset(w, 0, sizeof(*w));
	snprintf(w->name, sizeof(w->name), "%s", host);
	w->ttl_s = -1;
	w->denial_s = -1;
}

/* Returns it, within reason. */
static int
note_ttl(struct dns_walk *w, uint32_t ttl)
{
	int ttl_s = ttl > TTL_MAX ? TTL_MAX : (int)ttl;

	if (w->ttl_s < 0 || ttl_s < w->ttl_s)
		w->ttl_s = ttl_s;
	return ttl_s;
}

static enum dns_result
follow(struct dns_walk *w, const char *target, uint32_t ttl)
{
	if (w->n_chain == DNS_CHAIN_MAX || strcmp(w->name, target) == 0)
		return DNS_LOOP;
	for (size_t i = 0; i < w->n_chain; i++)
		if (strcmp(w->chain[i], target) == 0)
			return DNS_LOOP;
	w->chain_ttl_s[w->n_chain] = note_ttl(w, ttl);
	snprintf(w->chain[w->n_chain++], 256, "%s", target);
	snprintf(w->name, sizeof(w->name), "%s", target);
	return DNS_OK;
}

static bool
is_at(const struct dns_walk *w, const struct record *rec, unsigned type)
{
	return rec->class == CLASS_IN && rec->type == type &&
	       strcmp(rec->owner, w->name) == 0;
}

/* One step along a CNAME; *moved says whether there was one. */
static enum dns_result
step(struct dns_walk *w, const struct reader *message,
    const struct record *records, size_t n, bool *moved)
{
	char target[256];

	*moved = false;
	for (size_t i = 0; i < n; i++) {
		struct reader r = *message;

		if (!is_at(w, &records[i], DNS_TYPE_CNAME))
			continue;
		r.at = records[i].data;
		read_name(&r, target);
		if (r.bad || r.at != records[i].data + records[i].data_len)
			return DNS_MALFORMED;
		*moved = true;
		return follow(w, target, records[i].ttl);
	}
	return DNS_OK;
}

static enum dns_result
take_address(
    struct dns_walk *w, const struct reader *message, const struct record *rec)
{
	struct addr *a = &w->addresses[w->n_addresses];
	const unsigned char *data = message->p + rec->data;

	if (w->n_addresses == DNS_ADDRESSES_MAX)
		return DNS_OK;
	memset(a, 0, sizeof(*a));
	if (rec->type == DNS_TYPE_A && rec->data_len == 4) {
		a->u.in4.sin_family = AF_INET;
		memcpy(&a->u.in4.sin_addr, data, 4);
		a->len = sizeof(a->u.in4);
	} else if (rec->type == DNS_TYPE_AAAA && rec->data_len == 16) {
		a->u.in6.sin6_family = AF_INET6;
		memcpy(&a->u.in6.sin6_addr, data, 16);
		a->len = sizeof(a->u.in6);
	} else {
		return DNS_MALFORMED;
	}
	w->address_ttl_s[w->n_addresses++] = note_ttl(w, rec->ttl);
	return DNS_OK;
}

/* The header and the question; then follow *answers records of the answer and
 * *others of the authority section. */
static void
read_head(struct reader *r, unsigned *answers, unsigned *others)
{
	char name[256];
	unsigned questions;

	r->at = 4;
	questions = read_u16(r);
	*answers = read_u16(r);
	*others = read_u16(r);
	r->at = HEADER_SIZE;
	while (questions-- > 0 && !r->bad) {
		read_name(r, name);
		read_u32(r);
	}
}

/* To the end of the CNAMEs that are there. */
static enum dns_result
walk_chain(struct dns_walk *w, const struct reader *message,
    const struct record *records, size_t n)
{
	enum dns_result result;
	bool moved;

	do
		result = step(w, message, records, n, &moved);
	while (result == DNS_OK && moved);
	return result;
}

static enum dns_result
walk_records(struct dns_walk *w, const struct reader *message,
    const struct record *records, size_t n, unsigned type)
{
	enum dns_result result = walk_chain(w, message, records, n);

	for (size_t i = 0; result == DNS_OK && i < n; i++)
		if (is_at(w, &records[i], type))
			result = take_address(w, message, &records[i]);
	return result;
}

/* A denial is remembered for the lesser of the SOA's own TTL and its last
 * field, MINIMUM (RFC 2308, 5).  The cursor stands at the authority section. */
static void
note_denial(struct dns_walk *w, struct reader *r, unsigned n)
{
	struct record rec;
	uint32_t minimum;

	while (n-- > 0) {
		read_record(r, &rec);
		if (r->bad)
			return;
		if (rec.type != DNS_TYPE_SOA || rec.data_len < 4)
			continue;
		r->at -= 4;
		minimum = read_u32(r);
		w->denial_s =
		    note_ttl(w, rec.ttl < minimum ? rec.ttl : minimum);
		return;
	}
}

/* The answer section; NULL: malformed.  The cursor goes behind it. */
static struct record *
read_answers(struct reader *r, size_t *n, unsigned *others)
{
	struct record *records;
	unsigned answers;

	read_head(r, &answers, others);
	if (answers > RECORDS_MAX)
		return NULL;
	records = xcalloc(answers + 1, sizeof(*records));
	for (*n = 0; *n < answers && !r->bad; (*n)++)
		read_record(r, &records[*n]);
	if (!r->bad)
		return records;
	free(records);
	return NULL;
}

enum dns_result
dns_walk_on(struct dns_walk *w, struct slice message, unsigned type)
{
	struct reader r = {
	    .p = (const unsigned char *)message.p, .n = message.n};
	enum dns_result result;
	unsigned others;
	size_t n;
	struct record *records = read_answers(&r, &n, &others);

	if (records == NULL)
		return DNS_MALFORMED;
	result = walk_records(w, &r, records, n, type);
	if (result == DNS_OK && w->n_addresses == 0)
		note_denial(w, &r, others);
	free(records);
	return result;
}

/* The name that a record holds: it may point into the rest of the message. */
static bool
take_name(const struct reader *message, const struct record *rec,
    struct dns_records *out)
{
	struct reader r = *message;

	if (out->n_names == DNS_NAMES_MAX)
		return true;
	r.at = rec->data;
	read_name(&r, out->names[out->n_names++]);
	return !r.bad && r.at == rec->data + rec->data_len;
}

static enum dns_result
take_records(const struct dns_walk *w, const struct reader *message,
    const struct record *records, size_t n, unsigned type,
    struct dns_records *out)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_at(w, &records[i], type))
			continue;
		if (out->n == DNS_RECORDS_MAX)
			return DNS_MALFORMED;
		out->rdata[out->n++] =
		    slice_of(message->p + records[i].data, records[i].data_len);
		if (type == DNS_TYPE_NS &&
		    !take_name(message, &records[i], out))
			return DNS_MALFORMED;
	}
	return DNS_OK;
}

enum dns_result
dns_message_records(struct slice message, const char *name, unsigned type,
    struct dns_records *out)
{
	struct reader r = {
	    .p = (const unsigned char *)message.p, .n = message.n};
	struct dns_walk w;
	unsigned others;
	size_t n;
	struct record *records = read_answers(&r, &n, &others);

	*out = (struct dns_records){.result = DNS_MALFORMED};
	if (records == NULL)
		return out->result;
	dns_walk_start(&w, name);
	out->result = walk_chain(&w, &r, records, n);
	if (out->result == DNS_OK)
		out->result = take_records(&w, &r, records, n, type, out);
	free(records);
	return out->result;
}
