#include "base/addr.h"

#include <stdio.h>

#include <arpa/inet.h>

/* Every IP address as IPv6 writes it, IPv4 mapped (RFC 4291, 2.5.5.2): one
 * form to compare and to match networks in. */
#define MAPPED_BITS 96

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool
ip_bytes(const struct addr *a, uint8_t out[16])
{
	if (a->u.sa.sa_family == AF_INET) {
		memcpy(out, mapped, sizeof(mapped));
		memcpy(out + sizeof(mapped), &a->u.in4.sin_addr, 4);
		return true;
	}
	if (a->u.sa.sa_family == AF_INET6) {
		memcpy(out, &a->u.in6.sin6_addr, 16);
		return true;
	}
	return false;
}

static bool
bits_eq(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned bytes = bits / 8, rest = bits % 8;

	if (memcmp(a, b, bytes) != 0)
		return false;
	return rest == 0 || (a[bytes] ^ b[bytes]) >> (8 - rest) == 0;
}

static enum err
parse_unix(struct slice path, struct addr *out)
{
	struct addr a = {0};

	if (path.n == 0 || path.p[0] != '/' ||
	    slice_to_str(path, a.u.un.sun_path, sizeof(a.u.un.sun_path)) !=
		ERR_OK)
		return ERR_SYNTAX;
	a.u.un.sun_family = AF_UNIX;
	a.len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.n + 1);
	*out = a;
	return ERR_OK;
}

static enum err
parse_port(struct slice s, uint16_t *out)
{
	uint64_t port;

	if (s.n > 5 || slice_to_u64(s, &port) != ERR_OK || port == 0 ||
	    port > UINT16_MAX)
		return ERR_SYNTAX;
	*out = (uint16_t)port;
	return ERR_OK;
}

static enum err
parse_in4(struct slice s, uint16_t port, struct addr *out)
{
	struct addr a = {.len = sizeof(a.u.in4)};
	char text[INET_ADDRSTRLEN];

	if (slice_to_str(s, text, sizeof(text)) != ERR_OK ||
	    inet_pton(AF_INET, text, &a.u.in4.sin_addr) != 1)
		return ERR_SYNTAX;
	a.u.in4.sin_family = AF_INET;
	a.u.in4.sin_port = htons(port);
	*out = a;
	return ERR_OK;
}

static enum err
parse_in6(struct slice s, uint16_t port, struct addr *out)
{
	struct addr a = {.len = sizeof(a.u.in6)};
	char text[INET6_ADDRSTRLEN];

	if (slice_to_str(s, text, sizeof(text)) != ERR_OK ||
	    inet_pton(AF_INET6, text, &a.u.in6.sin6_addr) != 1)
		return ERR_SYNTAX;
	a.u.in6.sin6_family = AF_INET6;
	a.u.in6.sin6_port = htons(port);
	*out = a;
	return ERR_OK;
}

enum err
addr_parse(struct slice s, struct addr *out)
{
	bool is_in6 = s.n > 0 && s.p[0] == '[';
	struct slice unix_prefix = SLICE("unix:"), ip, rest;
	uint16_t port;
	size_t end;

	if (slice_starts_with(s, unix_prefix))
		return parse_unix(slice_from(s, unix_prefix.n), out);
	end = slice_find(s, is_in6 ? ']' : ':');
	ip = slice_of(s.p, end);
	rest = slice_from(s, is_in6 ? end + 1 : end);
	if (rest.n == 0 || rest.p[0] != ':' ||
	    parse_port(slice_from(rest, 1), &port) != ERR_OK)
		return ERR_SYNTAX;
	return is_in6 ? parse_in6(slice_from(ip, 1), port, out)
		      : parse_in4(ip, port, out);
}

enum err
addr_parse_ip(struct slice s, uint16_t default_port, struct addr *out)
{
	if (slice_find(s, ':') == s.n)
		return parse_in4(s, default_port, out);
	if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
		s = slice_of(s.p + 1, s.n - 2);
	return parse_in6(s, default_port, out);
}

char *
addr_format(const struct addr *a, char out[ADDR_TEXT_SIZE])
{
	char ip[INET6_ADDRSTRLEN] = "?";
	size_t n;

	switch (a->u.sa.sa_family) {
	case AF_INET:
		(void)inet_ntop(AF_INET, &a->u.in4.sin_addr, ip, sizeof(ip));
		(void)snprintf(out, ADDR_TEXT_SIZE, "%s:%u", ip, addr_port(a));
		break;
	case AF_INET6:
		(void)inet_ntop(AF_INET6, &a->u.in6.sin6_addr, ip, sizeof(ip));
		(void)snprintf(
		    out, ADDR_TEXT_SIZE, "[%s]:%u", ip, addr_port(a));
		break;
	case AF_UNIX:
		/* the kernel need not terminate a path (unix(7)) */
		n = a->len - offsetof(struct sockaddr_un, sun_path);
		if (a->len < offsetof(struct sockaddr_un, sun_path))
			n = 0;
		(void)snprintf(
		    out, ADDR_TEXT_SIZE, "unix:%.*s", (int)n, a->u.un.sun_path);
		break;
	default:
		(void)snprintf(out, ADDR_TEXT_SIZE, "?");
	}
	return out;
}

char *
addr_format_ip(const struct addr *a, char out[ADDR_TEXT_SIZE])
{
	uint8_t ip[16];

	if (!ip_bytes(a, ip))
		return addr_format(a, out);
	if (bits_eq(ip, mapped, MAPPED_BITS))
		(void)inet_ntop(
		    AF_INET, ip + sizeof(mapped), out, ADDR_TEXT_SIZE);
	else
		(void)inet_ntop(AF_INET6, ip, out, ADDR_TEXT_SIZE);
	return out;
}

uint16_t
addr_port(const struct addr *a)
{
	if (a->u.sa.sa_family == AF_INET)
		return ntohs(a->u.in4.sin_port);
	if (a->u.sa.sa_family == AF_INET6)
		return ntohs(a->u.in6.sin6_port);
	return 0;
}

void
addr_set_port(struct addr *a, uint16_t port)
{
	if (a->u.sa.sa_family == AF_INET)
		a->u.in4.sin_port = htons(port);
	else if (a->u.sa.sa_family == AF_INET6)
		a->u.in6.sin6_port = htons(port);
}

bool
addr_eq(const struct addr *a, const struct addr *b)
{
	if (a->u.sa.sa_family == AF_UNIX && b->u.sa.sa_family == AF_UNIX)
		return a->len == b->len && memcmp(&a->u, &b->u, a->len) == 0;
	return addr_eq_ip(a, b) && addr_port(a) == addr_port(b);
}

bool
addr_eq_ip(const struct addr *a, const struct addr *b)
{
	uint8_t x[16], y[16];

	return ip_bytes(a, x) && ip_bytes(b, y) && memcmp(x, y, 16) == 0;
}

/* IANA's special-purpose registry for IPv4 and what else is no unicast. */
static bool
in4_is_special(const uint8_t ip[4])
{
	static const struct {
		uint8_t base[4];
		uint8_t prefix;
	} special[] = {
	    {{0}, 8},             /* this network */
	    {{10}, 8},            /* private */
	    {{100, 64}, 10},      /* carrier NAT */
	    {{127}, 8},           /* loopback */
	    {{169, 254}, 16},     /* link-local */
	    {{172, 16}, 12},      /* private */
	    {{192, 0, 0}, 24},    /* protocol assignments */
	    {{192, 0, 2}, 24},    /* documentation */
	    {{192, 88, 99}, 24},  /* 6to4 relays, dead */
	    {{192, 168}, 16},     /* private */
	    {{198, 18}, 15},      /* benchmarks */
	    {{198, 51, 100}, 24}, /* documentation */
	    {{203, 0, 113}, 24},  /* documentation */
	    {{224}, 3},           /* multicast, reserved, broadcast */
	};

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (bits_eq(ip, special[i].base, special[i].prefix))
			return true;
	return false;
}

/* Only 2000::/3 is global unicast; parts of it are not meant for hosts. */
static bool
in6_is_special(const uint8_t ip[16])
{
	static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};
	static const struct {
		uint8_t base[4];
		uint8_t prefix;
	} special[] = {
	    {{0x20, 0x01}, 23},             /* protocols, Teredo */
	    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
	    {{0x20, 0x02}, 16},             /* 6to4: an IPv4 in disguise */
	    {{0x3f, 0xff}, 20},             /* documentation */
	};

	if (bits_eq(ip, mapped, MAPPED_BITS) || bits_eq(ip, nat64, MAPPED_BITS))
		return in4_is_special(ip + 12);
	if (ip[0] >> 5 != 1)
		return true;
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (bits_eq(ip, special[i].base, special[i].prefix))
			return true;
	return false;
}

bool
addr_is_special(const struct addr *a)
{
	uint8_t ip[16];

	return !ip_bytes(a, ip) || in6_is_special(ip);
}

bool
addr_is_link_local(const struct addr *a)
{
	static const uint8_t in4[2] = {169, 254}, in6[2] = {0xfe, 0x80};
	uint8_t ip[16];

	if (!ip_bytes(a, ip))
		return false;
	if (bits_eq(ip, mapped, MAPPED_BITS))
		return bits_eq(ip + 12, in4, 16);
	return bits_eq(ip, in6, 10);
}

enum err
network_parse(struct slice s, struct network *out)
{
	struct network net = {0};
	size_t slash = slice_find(s, '/');
	uint64_t prefix, widest;

	if (addr_parse_ip(slice_of(s.p, slash), 0, &net.base) != ERR_OK)
		return ERR_SYNTAX;
	widest = net.base.u.sa.sa_family == AF_INET ? 32 : 128;
	prefix = widest;
	if (slash < s.n &&
	    (slice_to_u64(slice_from(s, slash + 1), &prefix) != ERR_OK ||
		prefix > widest))
		return ERR_SYNTAX;
	net.prefix = (unsigned)prefix;
	*out = net;
	return ERR_OK;
}

bool
network_has(const struct network *net, const struct addr *a)
{
	uint8_t base[16], ip[16];
	unsigned bits = net->prefix;

	if (!ip_bytes(&net->base, base) || !ip_bytes(a, ip))
		return false;
	if (net->base.u.sa.sa_family == AF_INET)
		bits += MAPPED_BITS;
	/* ::/0 is all of IPv6, not IPv4 in its mapped form */
	else if (bits < MAPPED_BITS && bits_eq(ip, mapped, MAPPED_BITS))
		return false;
	return bits_eq(base, ip, bits);
}
