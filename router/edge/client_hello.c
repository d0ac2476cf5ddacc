#include "router/edge/client_hello.h"

#define RECORD_HEADER      5
#define RECORD_BODY_MAX    16384
#define RECORD_HANDSHAKE   22
#define HANDSHAKE_HEADER   4
#define HANDSHAKE_HELLO    1

#define VERSION_TLS12      0x0303
#define VERSION_TLS13      0x0304

#define EXT_SERVER_NAME    0
#define EXT_ALPN           16
#define EXT_SESSION_TICKET 35
#define EXT_PRE_SHARED_KEY 41
#define EXT_VERSIONS       43

#define SERVER_NAME_HOST   0

/* A cursor with a sticky error: read on, ask once. */
struct cursor {
	const uint8_t *p, *end;
	bool bad;
};

static struct cursor
cursor_of(struct slice s)
{
	const uint8_t *p = (const uint8_t *)s.p;

	return (struct cursor){p, p + s.n, false};
}

static size_t
left(const struct cursor *c)
{
	return c->bad ? 0 : (size_t)(c->end - c->p);
}

static struct slice
take(struct cursor *c, size_t n)
{
	struct slice s = {(const char *)c->p, n};

	if (n > left(c)) {
		c->bad = true;
		return SLICE("");
	}
	c->p += n;
	return s;
}

static uint32_t
number(struct cursor *c, size_t bytes)
{
	struct slice s = take(c, bytes);
	uint32_t v = 0;

	for (size_t i = 0; i < s.n; i++)
		v = v << 8 | (uint8_t)s.p[i];
	return v;
}

/* A vector: its length in `bytes` bytes, at least `min`, then the content. */
static struct cursor
vector(struct cursor *c, size_t bytes, size_t min)
{
	size_t n = number(c, bytes);
	struct cursor inner = cursor_of(take(c, n));

	if (c->bad || n < min) {
		c->bad = true;
		inner.bad = true;
	}
	return inner;
}

/* --- extensions ----------------------------------------------------------- */

static bool
read_server_name(struct cursor c, struct client_hello *out)
{
	struct cursor names = vector(&c, 2, 1);

	while (left(&names) > 0) {
		uint32_t type = number(&names, 1);
		struct cursor name = vector(&names, 2, 1);
		struct slice host = {(const char *)name.p, left(&name)};

		if (names.bad || type != SERVER_NAME_HOST || out->has_sni)
			return false; /* RFC 6066, 3: one of each type */
		out->has_sni = true;
		/* what is no host name is merely one that we do not know */
		if (slice_find(host, ':') < host.n ||
		    host_canonical(host, out->host) != ERR_OK)
			out->host[0] = '\0';
	}
	return !names.bad && left(&c) == 0 && !c.bad;
}

static bool
read_alpn(struct cursor c, struct client_hello *out)
{
	struct cursor list = vector(&c, 2, 2);

	out->has_alpn = true;
	while (left(&list) > 0) {
		struct cursor item = vector(&list, 1, 1);
		struct slice name = {(const char *)item.p, left(&item)};

		if (slice_eq(name, SLICE("http/1.1")))
			out->offers_http11 = true;
		else if (slice_eq(name, SLICE("h2")))
			out->offers_h2 = true;
		else if (slice_eq(name, SLICE("acme-tls/1")))
			out->offers_acme_tls = true;
	}
	return !list.bad && left(&c) == 0 && !c.bad;
}

static bool
read_versions(struct cursor c, struct client_hello *out)
{
	struct cursor list = vector(&c, 1, 2);

	out->offers_tls12 = false; /* the extension decides alone */
	while (left(&list) > 0) {
		uint32_t version = number(&list, 2);

		if (version == VERSION_TLS12)
			out->offers_tls12 = true;
		else if (version == VERSION_TLS13)
			out->offers_tls13 = true;
	}
	return !list.bad && left(&c) == 0 && !c.bad;
}

static void
keep_ticket(struct client_hello *out, const struct cursor *ticket)
{
	if (out->has_ticket || left(ticket) < TICKET_KEY_NAME_MAX)
		return;
	out->has_ticket = true;
	memcpy(out->ticket_key_name, ticket->p, TICKET_KEY_NAME_MAX);
}

/* Only the first identity counts: GnuTLS' clients and browsers send one. */
static bool
read_pre_shared_key(struct cursor c, struct client_hello *out)
{
	struct cursor identities = vector(&c, 2, 7);
	struct cursor first = vector(&identities, 2, 1);

	if (identities.bad)
		return false;
	keep_ticket(out, &first);
	return true;
}

static bool
read_extension(uint32_t type, struct cursor body, struct client_hello *out)
{
	switch (type) {
	case EXT_SERVER_NAME:
		return read_server_name(body, out);
	case EXT_ALPN:
		return read_alpn(body, out);
	case EXT_VERSIONS:
		return read_versions(body, out);
	case EXT_SESSION_TICKET:
		keep_ticket(out, &body); /* empty: it wants one */
		return true;
	case EXT_PRE_SHARED_KEY:
		return read_pre_shared_key(body, out);
	default:
		return true;
	}
}

/* Twice the same extension is illegal (RFC 8446, 4.2); of those that we do
 * not read GnuTLS is the judge. */
static bool
read_extensions(struct cursor list, struct client_hello *out)
{
	uint64_t seen = 0;

	while (left(&list) > 0) {
		uint32_t type = number(&list, 2);
		struct cursor body = vector(&list, 2, 0);

		if (list.bad || (type < 64 && (seen >> type & 1) != 0))
			return false;
		if (type < 64)
			seen |= (uint64_t)1 << type;
		if (!read_extension(type, body, out))
			return false;
	}
	return !list.bad;
}

static bool
read_message(struct slice message, struct client_hello *out)
{
	struct cursor c = cursor_of(message);
	struct cursor suites, extensions;
	uint32_t version = number(&c, 2);

	out->offers_tls12 = version >= VERSION_TLS12;
	(void)take(&c, 32); /* random */
	if (left(&c) > 0 && *c.p > 32)
		return false; /* session id */
	(void)vector(&c, 1, 0);
	suites = vector(&c, 2, 2);
	(void)vector(&c, 1, 1); /* compression methods */
	if (c.bad || left(&suites) % 2 != 0 || version < 0x0300)
		return false;
	if (left(&c) == 0)
		return true; /* an old client without extensions */
	extensions = vector(&c, 2, 0);
	return !c.bad && left(&c) == 0 && read_extensions(extensions, out);
}

/* --- records -------------------------------------------------------------- */

/* The next handshake record's content off *in.  ERR_AGAIN: part is *piece. */
static enum err
next_record(struct slice *in, struct slice *piece)
{
	const uint8_t *p = (const uint8_t *)in->p;
	size_t n;

	*piece = SLICE("");
	if ((in->n > 0 && p[0] != RECORD_HANDSHAKE) || (in->n > 1 && p[1] != 3))
		return ERR_SYNTAX;
	if (in->n < RECORD_HEADER)
		return ERR_AGAIN;
	n = (size_t)p[3] << 8 | p[4];
	if (n == 0 || n > RECORD_BODY_MAX)
		return ERR_SYNTAX;
	*in = slice_from(*in, RECORD_HEADER);
	*piece = (struct slice){in->p, n < in->n ? n : in->n};
	*in = slice_from(*in, piece->n);
	return piece->n < n ? ERR_AGAIN : ERR_OK;
}

/* Length of the whole message once its header is there, else 0.  */
static enum err
message_size(const char *p, size_t n, size_t *size)
{
	const uint8_t *b = (const uint8_t *)p;

	*size = 0;
	if (n > 0 && b[0] != HANDSHAKE_HELLO)
		return ERR_SYNTAX;
	if (n < HANDSHAKE_HEADER)
		return ERR_OK;
	*size =
	    HANDSHAKE_HEADER + ((size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3]);
	return *size > CLIENT_HELLO_MAX ? ERR_TOO_BIG : ERR_OK;
}

enum err
client_hello_read(struct slice in, struct client_hello *out)
{
	char joined[CLIENT_HELLO_MAX];
	size_t n = 0, size = 0;
	enum err e = ERR_OK, sized;

	bool is_cut = in.n >= CLIENT_HELLO_INPUT;

	/* behind the hello there may be early data, which is not our concern */
	if (is_cut)
		in.n = CLIENT_HELLO_INPUT;
	*out = (struct client_hello){0};
	while (e == ERR_OK && (size == 0 || n < size)) {
		struct slice piece;

		e = next_record(&in, &piece);
		if (e != ERR_OK && e != ERR_AGAIN)
			return e;
		if (piece.n > sizeof(joined) - n)
			piece.n = sizeof(joined) - n; /* what is behind it */
		memcpy(joined + n, piece.p, piece.n);
		n += piece.n;
		sized = message_size(joined, n, &size);
		if (sized != ERR_OK)
			return sized;
	}
	if (size == 0 || n < size)
		return is_cut ? ERR_TOO_BIG : ERR_AGAIN;
	return read_message(
		   slice_of(joined + HANDSHAKE_HEADER, size - HANDSHAKE_HEADER),
		   out)
		   ? ERR_OK
		   : ERR_SYNTAX;
}
