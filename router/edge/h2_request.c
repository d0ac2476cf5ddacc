#include "router/edge/h2_request.h"

#include <ctype.h>

#include "base/mem.h"
#include "router/edge/h2_limits.h"
#include "router/edge/trailers.h"

#define FIELD_OVERHEAD 32 /* RFC 9113, 6.5.2 */
#define FIELDS_FIRST   16 /* room; it doubles */

/* --- gathering ------------------------------------------------------------ */

/* Where a pseudo-header goes; NULL: it is none of them. */
static struct slice *
pseudo(struct h2_head *h, struct slice name)
{
	if (slice_eq(name, SLICE(":method")))
		return &h->method;
	if (slice_eq(name, SLICE(":path")))
		return &h->path;
	if (slice_eq(name, SLICE(":authority")))
		return &h->authority;
	if (slice_eq(name, SLICE(":scheme")))
		return &h->scheme;
	if (slice_eq(name, SLICE(":protocol")))
		return &h->protocol;
	return NULL;
}

static bool
make_room(struct headers *fields, struct arena *a)
{
	struct headers more;

	if (fields->n < fields->max)
		return true;
	more =
	    headers_new(a, fields->max == 0 ? FIELDS_FIRST : fields->max * 2);
	if (more.items == NULL)
		return false;
	if (fields->n > 0)
		memcpy(more.items, fields->items,
		    fields->n * sizeof(*fields->items));
	more.n = fields->n;
	*fields = more;
	return true;
}

/* Name and value in one piece of the arena. */
static bool
add_field(
    struct h2_head *h, struct arena *a, struct slice name, struct slice value)
{
	char *p = arena_alloc(a, name.n + value.n + 1);

	if (p == NULL || !make_room(&h->fields, a))
		return false;
	memcpy(p, name.p, name.n);
	if (value.n > 0)
		memcpy(p + name.n, value.p, value.n);
	headers_add(
	    &h->fields, slice_of(p, name.n), slice_of(p + name.n, value.n));
	return true;
}

static bool
keep(struct h2_head *h, struct arena *a, struct slice name, struct slice value)
{
	struct slice *to = NULL;

	if (name.p[0] == ':')
		to = pseudo(h, name);
	else if (slice_eq(name, SLICE("host")))
		to = &h->host;
	if (to == NULL) {
		h->n_cookies += slice_eq(name, SLICE("cookie"));
		return add_field(h, a, name, value);
	}
	*to = arena_copy(a, value);
	return to->p != NULL;
}

bool
h2_head_add(
    struct h2_head *h, struct arena *a, struct slice name, struct slice value)
{
	h->size += name.n + value.n + FIELD_OVERHEAD;
	h->n_fields++;
	if (h->size > (size_t)2 * H2_HEAD_MAX ||
	    h->n_fields > (size_t)2 * H2_FIELDS_MAX)
		return false;
	if (h->is_too_large || h->size > H2_HEAD_MAX ||
	    h->n_fields > H2_FIELDS_MAX || name.n == 0 ||
	    !keep(h, a, name, value))
		h->is_too_large = true;
	return true;
}

/* --- what it is ----------------------------------------------------------- */

/* A target goes into a line of HTTP/1.1 as it is: only what a URI may hold
 * (RFC 3986), and no fragment, which nobody should send. */
static bool
is_target(struct slice path)
{
	for (size_t i = 0; i < path.n; i++)
		if (path.p[i] <= ' ' || path.p[i] >= 0x7f || path.p[i] == '#')
			return false;
	return (path.n > 0 && path.p[0] == '/') || slice_eq(path, SLICE("*"));
}

/* Crumbs as the one field that HTTP/1.1 knows (RFC 9113, 8.2.3), in the place
 * of the first. */
static bool
join_cookies(struct h2_head *h, struct arena *a)
{
	struct headers *fields = &h->fields;
	size_t n = 0, to = 0, first = fields->n;
	char *p = arena_alloc(a, h->size), *start = p;

	if (p == NULL)
		return false;
	for (size_t i = 0; i < fields->n; i++) {
		struct header f = fields->items[i];

		if (!slice_eq(f.name, SLICE("cookie"))) {
			fields->items[to++] = f;
			continue;
		}
		if (n++ == 0) {
			first = to++;
		} else {
			*p++ = ';';
			*p++ = ' ';
		}
		if (f.value.n > 0)
			memcpy(p, f.value.p, f.value.n);
		p += f.value.n;
	}
	fields->items[first] = (struct header){
	    SLICE("cookie"), slice_of(start, (size_t)(p - start))};
	fields->n = to;
	return true;
}

static void
read_expect(const struct headers *fields, struct request *out)
{
	struct slice expect = headers_find(fields, SLICE("expect"));

	if (expect.p == NULL)
		return;
	out->expects_continue = slice_eq_nocase(expect, SLICE("100-continue"));
	out->expects_other = !out->expects_continue;
}

/* nghttp2 saw to it that there is one at most, and of digits. */
static int64_t
read_length(const struct headers *fields)
{
	struct slice text = headers_find(fields, SLICE("content-length"));
	uint64_t n;

	if (text.p == NULL || slice_to_u64(text, &n) != ERR_OK || n > INT64_MAX)
		return -1;
	return (int64_t)n;
}

/* What :protocol may ask for: a token, as it goes into a field of HTTP/1.1; and
 * never HTTP/2, whose requests would be seen by the backend alone. */
static bool
is_protocol(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!isalnum((unsigned char)name.p[i]) &&
		    strchr("-._", name.p[i]) == NULL)
			return false;
	return name.n > 0 && !slice_eq_nocase(name, SLICE("h2c")) &&
	       !slice_eq_nocase(name, SLICE("h2"));
}

static const char *
judge(const struct h2_head *h)
{
	bool is_plain_connect =
	    h->protocol.p == NULL && slice_eq(h->method, SLICE("CONNECT"));

	if (is_plain_connect)
		return NULL; /* refused like HTTP/1.1's; it has no target */
	if (!slice_eq_nocase(h->scheme, SLICE("https")) &&
	    !slice_eq_nocase(h->scheme, SLICE("http")))
		return "unknown scheme";
	if (!is_target(h->path))
		return "bad target";
	if (h->protocol.p != NULL && !is_protocol(h->protocol))
		return "unknown protocol";
	if (h->authority.p != NULL && h->host.p != NULL &&
	    !slice_eq_nocase(h->authority, h->host))
		return "host unlike authority";
	return NULL;
}

const char *
h2_head_request(
    struct h2_head *h, struct arena *a, struct request *out, int *status)
{
	const char *cause;

	*out = (struct request){
	    .method = h->method,
	    .target = h->path,
	    .host = h->authority.p != NULL ? h->authority : h->host,
	    .content_length = -1,
	};
	*status = 431;
	if (h->is_too_large || (h->n_cookies > 1 && !join_cookies(h, a)))
		return "head too large";
	*status = 400;
	if ((cause = judge(h)) != NULL)
		return cause;
	out->headers = h->fields;
	out->content_length = read_length(&h->fields);
	out->takes_trailers = headers_find(&h->fields, SLICE("te")).p != NULL;
	read_expect(&h->fields, out);
	if (h->protocol.p != NULL) {
		out->method = SLICE("GET");
		out->upgrade = h->protocol;
	}
	return NULL;
}

struct headers
h2_head_trailers(struct h2_head *h)
{
	struct headers *fields = &h->fields;
	size_t n = 0;

	for (size_t i = 0; i < fields->n; i++)
		if (trailer_may_pass(fields->items[i].name))
			fields->items[n++] = fields->items[i];
	fields->n = n;
	return *fields;
}
