#include "router/edge/headers.h"

#include "router/edge/decimal.h"

#define REQUEST_ID_MIN 20
#define REQUEST_ID_MAX 200

bool
header_is_hop_by_hop(const struct headers *all, struct slice name)
{
	if (header_name_is_hop_by_hop(name))
		return true;
	for (size_t i = 0; i < all->n; i++) {
		struct slice list = all->items[i].value, token;

		if (!slice_eq_nocase(all->items[i].name, SLICE("connection")))
			continue;
		while (slice_cut(&list, ',', &token))
			if (slice_eq_nocase(slice_trim(token), name))
				return true;
	}
	return false;
}

/* A Connection field is rare beyond "keep-alive" and "close": when none names
 * a field, the walk over all of them for every field is saved. */
static bool
names_fields(const struct headers *all)
{
	for (size_t i = 0; i < all->n; i++) {
		struct slice value = all->items[i].value;

		if (slice_eq_nocase(all->items[i].name, SLICE("connection")) &&
		    !slice_eq_nocase(value, SLICE("keep-alive")) &&
		    !slice_eq_nocase(value, SLICE("close")))
			return true;
	}
	return false;
}

static bool
passes(const struct headers *all, bool named, struct slice name)
{
	return named ? !header_is_hop_by_hop(all, name)
		     : !header_name_is_hop_by_hop(name);
}

/* --- where it came from --------------------------------------------------- */

static bool
is_trusted(const struct origin *o, struct slice text)
{
	struct addr a;

	if (addr_parse_ip(text, 0, &a) != ERR_OK)
		return false;
	for (size_t i = 0; i < o->n_trusted; i++)
		if (network_has(&o->trusted[i], &a))
			return true;
	return false;
}

/* All X-Forwarded-For fields as one list, oldest first (RFC 9110, 5.3). */
static struct slice
join_chain(struct arena *a, const struct request *r)
{
	struct slice chain = SLICE("");

	for (size_t i = 0; i < r->headers.n; i++) {
		const struct header *h = &r->headers.items[i];

		if (!slice_eq_nocase(h->name, SLICE("x-forwarded-for")) ||
		    h->value.n == 0)
			continue;
		chain = chain.n == 0
			    ? h->value
			    : arena_printf(a, "%" SLICE_FMT ", %" SLICE_FMT,
				  SLICE_ARG(chain), SLICE_ARG(h->value));
	}
	return chain.p == NULL ? SLICE("") : chain;
}

/* A hop's bare address, of what some proxies write: "192.0.2.1:4000",
 * "[2001:db8::1]", "[2001:db8::1]:4000"; what is none stays as it is. */
static struct slice
bare_address(struct slice hop)
{
	struct addr a;

	if (addr_parse_ip(hop, 0, &a) != ERR_OK &&
	    (addr_parse(hop, &a) != ERR_OK || a.u.sa.sa_family == AF_UNIX))
		return hop;
	if (a.u.sa.sa_family == AF_INET)
		return slice_of(hop.p, slice_find(hop, ':'));
	if (hop.p[0] == '[')
		return slice_of(hop.p + 1, slice_find(hop, ']') - 1);
	return hop;
}

/* From the newest hop back: the first that is not one of our proxies. */
static struct slice
last_untrusted(const struct origin *o, struct slice chain)
{
	struct slice client = o->peer;

	while (chain.n > 0) {
		size_t at = chain.n;
		struct slice hop;

		while (at > 0 && chain.p[at - 1] != ',')
			at--;
		hop = slice_trim(slice_from(chain, at));
		chain.n = at > 0 ? at - 1 : 0;
		if (hop.n == 0)
			continue;
		hop = bare_address(hop);
		client = hop;
		if (!is_trusted(o, hop))
			break;
	}
	return client;
}

struct forwarded
headers_origin(struct arena *a, const struct request *r, const struct origin *o)
{
	struct forwarded f = {o->peer, o->peer, r->host, o->is_tls};
	struct slice chain = join_chain(a, r);
	struct slice proto;

	if (chain.n > 0)
		f.chain = arena_printf(a, "%" SLICE_FMT ", %" SLICE_FMT,
		    SLICE_ARG(chain), SLICE_ARG(o->peer));
	if (f.chain.p == NULL)
		f.chain = o->peer;
	if (!o->peer_is_trusted)
		return f;
	f.client = last_untrusted(o, chain);
	proto = headers_find(&r->headers, SLICE("x-forwarded-proto"));
	if (proto.p != NULL)
		f.is_https = slice_eq_nocase(proto, SLICE("https"));
	return f;
}

struct slice
headers_request_id(const struct request *r)
{
	static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz0123456789+/=-";
	struct slice none = {NULL, 0};
	struct slice id = headers_find(&r->headers, SLICE("x-request-id"));

	if (id.n < REQUEST_ID_MIN || id.n > REQUEST_ID_MAX)
		return none;
	for (size_t i = 0; i < id.n; i++)
		if (memchr(good, id.p[i], sizeof(good) - 1) == NULL)
			return none;
	return id;
}

/* --- what goes on --------------------------------------------------------- */

/* A trusted proxy's own word where it gave one, else ours. */
static struct slice
theirs_or(const struct request *r, const struct origin *o, struct slice name,
    struct slice value)
{
	struct slice told = {NULL, 0};

	if (o->peer_is_trusted)
		told = headers_find(&r->headers, name);
	return told.p == NULL ? value : told;
}

/* "t=1763733748114"; .p == NULL past the arena's limit. */
static struct slice
start_text(struct arena *a, int64_t ms)
{
	char digits[DECIMAL_SIZE];
	struct slice number = decimal((uint64_t)ms, digits);
	char *p = arena_alloc(a, number.n + 2);

	if (p == NULL)
		return (struct slice){NULL, 0};
	p[0] = 't';
	p[1] = '=';
	memcpy(p + 2, number.p, number.n);
	return slice_of(p, number.n + 2);
}

struct headers
headers_to_backend(struct arena *a, const struct request *r,
    const struct origin *o, const struct forwarded *f, struct slice request_id,
    int64_t now_ms)
{
	struct headers out = headers_new(a, r->headers.n + HEADER_NAMES_OURS);
	bool named = names_fields(&r->headers);
	char digits[DECIMAL_SIZE];
	struct slice port = arena_copy(a, decimal(o->port, digits));
	struct slice start = start_text(a, now_ms);
	struct slice host;

	if (out.items == NULL || port.p == NULL || start.p == NULL)
		return (struct headers){0};
	headers_add(&out, SLICE("Host"), f->host);
	for (size_t i = 0; i < r->headers.n; i++) {
		const struct header *h = &r->headers.items[i];

		if (!header_name_is_ours(h->name) &&
		    passes(&r->headers, named, h->name))
			headers_add(&out, h->name, h->value);
	}
	host = theirs_or(r, o, SLICE("x-forwarded-host"), r->host);
	headers_add(&out, SLICE("X-Forwarded-For"), f->chain);
	headers_add(&out, SLICE("X-Forwarded-Proto"),
	    f->is_https ? SLICE("https") : SLICE("http"));
	headers_add(&out, SLICE("X-Forwarded-Port"),
	    theirs_or(r, o, SLICE("x-forwarded-port"), port));
	headers_add(&out, SLICE("X-Forwarded-Host"), host);
	headers_add(&out, SLICE("X-Towpath-Forwarded-Host"), host);
	headers_add(&out, SLICE("X-Forwarded-IP"), f->client);
	headers_add(&out, SLICE("X-Real-IP"), f->client);
	headers_add(&out, SLICE("X-Request-Id"), request_id);
	headers_add(&out, SLICE("X-Request-Start"), start);
	headers_add(&out, SLICE("Via"), SLICE(VIA_TEXT));
	return out;
}

/* --- an app's own rules --------------------------------------------------- */

static void
remove_all(struct headers *h, struct slice name)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->n; i++)
		if (!slice_eq_nocase(h->items[i].name, name))
			h->items[kept++] = h->items[i];
	h->n = kept;
}

struct headers
headers_ruled(struct arena *a, const struct headers *from,
    const struct header_rules *rules)
{
	struct headers out;

	if (rules->n == 0)
		return *from;
	out = headers_new(a, from->n + rules->n);
	if (out.items == NULL)
		return out;
	for (size_t i = 0; i < from->n; i++)
		headers_add(&out, from->items[i].name, from->items[i].value);
	for (size_t i = 0; i < rules->n; i++) {
		const struct header_rule *rule = &rules->items[i];

		if (rule->op != HEADER_RULE_ADD)
			remove_all(&out, rule->name);
		if (rule->op != HEADER_RULE_REMOVE)
			headers_add(&out, rule->name, rule->value);
	}
	return out;
}

int64_t
headers_head_size(const struct request *r)
{
	/* "GET / HTTP/1.1\r\n", then "Name: value\r\n" each, then "\r\n" */
	size_t n = r->method.n + r->target.n + strlen("  HTTP/1.1\r\n\r\n");

	for (size_t i = 0; i < r->headers.n; i++)
		n += r->headers.items[i].name.n + r->headers.items[i].value.n +
		     strlen(": \r\n");
	return (int64_t)n;
}

/* --- to the client -------------------------------------------------------- */

void
headers_add_hsts(struct arena *a, struct headers *h, int64_t hsts_s)
{
	struct slice name = SLICE("Strict-Transport-Security");
	struct slice value;

	if (hsts_s <= 0 || headers_find(h, name).p != NULL)
		return;
	value = arena_printf(a, "max-age=%lld", (long long)hsts_s);
	if (value.p != NULL)
		headers_add(h, name, value);
}

struct headers
headers_to_client(struct arena *a, const struct headers *from,
    struct slice request_id, int64_t hsts_s)
{
	struct headers out = headers_new(a, from->n + 4);
	bool named = names_fields(from);

	if (out.items == NULL)
		return out;
	for (size_t i = 0; i < from->n; i++) {
		const struct header *h = &from->items[i];

		if (!slice_eq_nocase(h->name, SLICE("x-request-id")) &&
		    passes(from, named, h->name))
			headers_add(&out, h->name, h->value);
	}
	headers_add(&out, SLICE("Via"), SLICE(VIA_TEXT));
	headers_add(&out, SLICE("X-Request-Id"), request_id);
	headers_add_hsts(a, &out, hsts_s);
	return out;
}
