#include "base/addr.h"

#include <assert.h>
#include <stdio.h>

#include <arpa/inet.h>

static enum err
parse_ip(struct slice s, uint16_t port, struct addr *out)
{
	char text[64];
	enum err e = slice_to_str(s, text, sizeof(text));

	*out = (struct addr){0};
	if (e != ERR_OK)
		return ERR_SYNTAX;
	if (inet_pton(AF_INET, text, &out->u.in4.sin_addr) == 1) {
		out->u.in4.sin_family = AF_INET;
		out->u.in4.sin_port = htons(port);
		out->len = sizeof(out->u.in4);
		return ERR_OK;
	}
	if (inet_pton(AF_INET6, text, &out->u.in6.sin6_addr) == 1) {
		out->u.in6.sin6_family = AF_INET6;
		out->u.in6.sin6_port = htons(port);
		out->len = sizeof(out->u.in6);
		return ERR_OK;
	}
	return ERR_SYNTAX;
}

static enum err
parse_unix(struct slice path, struct addr *out)
{
	*out = (struct addr){0};
	if (path.n == 0 || path.p[0] != '/' ||
	    slice_to_str(
		path, out->u.un.sun_path, sizeof(out->u.un.sun_path)) != ERR_OK)
		return ERR_SYNTAX;
	out->u.un.sun_family = AF_UNIX;
	out->len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.n + 1);
	return ERR_OK;
}

enum err
addr_parse(struct slice s, struct addr *out)
{
	struct slice ip;
	uint64_t port;
	size_t colon;

	if (slice_starts_with(s, SLICE("unix:")))
		return parse_unix(slice_from(s, 5), out);
	if (s.n > 0 && s.p[0] == '[') {
		size_t end = slice_find(s, ']');

		if (end + 1 >= s.n || s.p[end + 1] != ':' ||
		    memchr(s.p, ':', end) == NULL)
			return ERR_SYNTAX;
		ip = slice_of(s.p + 1, end - 1);
		colon = end + 1;
	} else {
		colon = slice_find(s, ':');
		if (colon == s.n)
			return ERR_SYNTAX;
		ip = slice_of(s.p, colon);
	}
	if (slice_to_u64(slice_from(s, colon + 1), &port) != ERR_OK ||
	    port == 0 || port > 65535)
		return ERR_SYNTAX;
	return parse_ip(ip, (uint16_t)port, out);
}

enum err
addr_parse_ip(struct slice s, uint16_t default_port, struct addr *out)
{
	return parse_ip(s, default_port, out);
}

/* The IPv4 address inside an IPv4-mapped one, else false. */
static bool
as_ipv4(const struct addr *a, struct in_addr *out)
{
	if (a->u.sa.sa_family == AF_INET) {
		*out = a->u.in4.sin_addr;
		return true;
	}
	if (a->u.sa.sa_family == AF_INET6 &&
	    IN6_IS_ADDR_V4MAPPED(&a->u.in6.sin6_addr)) {
		memcpy(out, a->u.in6.sin6_addr.s6_addr + 12, 4);
		return true;
	}
	return false;
}

char *
addr_format_ip(const struct addr *a, char out[ADDR_TEXT_SIZE])
{
	struct in_addr ip4;

	out[0] = '\0';
	if (as_ipv4(a, &ip4))
		inet_ntop(AF_INET, &ip4, out, ADDR_TEXT_SIZE);
	else if (a->u.sa.sa_family == AF_INET6)
		inet_ntop(AF_INET6, &a->u.in6.sin6_addr, out, ADDR_TEXT_SIZE);
	else if (a->u.sa.sa_family == AF_UNIX)
		(void)snprintf(
		    out, ADDR_TEXT_SIZE, "unix:%s", a->u.un.sun_path);
	return out;
}

char *
addr_format(const struct addr *a, char out[ADDR_TEXT_SIZE])
{
	char ip[ADDR_TEXT_SIZE];
	struct in_addr ip4;

	addr_format_ip(a, ip);
	if (a->u.sa.sa_family == AF_UNIX)
		(void)snprintf(out, ADDR_TEXT_SIZE, "%s", ip);
	else if (as_ipv4(a, &ip4))
		(void)snprintf(
		    out, ADDR_TEXT_SIZE, "%.100s:%u", ip, addr_port(a));
	else
		(void)snprintf(
		    out, ADDR_TEXT_SIZE, "[%.100s]:%u", ip, addr_port(a));
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

bool
addr_eq_ip(const struct addr *a, const struct addr *b)
{
	struct in_addr x, y;
	bool a4 = as_ipv4(a, &x), b4 = as_ipv4(b, &y);

	if (a4 || b4)
		return a4 && b4 && x.s_addr == y.s_addr;
	if (a->u.sa.sa_family != b->u.sa.sa_family)
		return false;
	if (a->u.sa.sa_family == AF_UNIX)
		return strcmp(a->u.un.sun_path, b->u.un.sun_path) == 0;
	return memcmp(&a->u.in6.sin6_addr, &b->u.in6.sin6_addr,
		   sizeof(a->u.in6.sin6_addr)) == 0;
}

bool
addr_eq(const struct addr *a, const struct addr *b)
{
	return addr_eq_ip(a, b) && addr_port(a) == addr_port(b);
}

/* IANA's special-purpose registries (RFC 6890 and its successors). */
static const char *const special_networks[] = {"0.0.0.0/8", "10.0.0.0/8",
    "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
    "240.0.0.0/4", "::/128", "::1/128", "64:ff9b::/96", "64:ff9b:1::/48",
    "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fc00::/7",
    "fe80::/10", "ff00::/8"};

static bool
is_in(const struct addr *a, const char *network)
{
	struct network net;
	enum err e = network_parse(slice_str(network), &net);

	assert(e == ERR_OK);
	return network_has(&net, a);
}

bool
addr_is_special(const struct addr *a)
{
	if (a->u.sa.sa_family == AF_UNIX)
		return true;
	for (size_t i = 0;
	     i < sizeof(special_networks) / sizeof(special_networks[0]); i++)
		if (is_in(a, special_networks[i]))
			return true;
	return false;
}

bool
addr_is_link_local(const struct addr *a)
{
	return is_in(a, "169.254.0.0/16") || is_in(a, "fe80::/10");
}

enum err
network_parse(struct slice s, struct network *out)
{
	size_t slash = slice_find(s, '/');
	uint64_t prefix;
	unsigned most;

	if (parse_ip(slice_of(s.p, slash), 0, &out->base) != ERR_OK)
		return ERR_SYNTAX;
	most = out->base.u.sa.sa_family == AF_INET ? 32 : 128;
	if (slash == s.n) {
		out->prefix = most;
		return ERR_OK;
	}
	if (slice_to_u64(slice_from(s, slash + 1), &prefix) != ERR_OK ||
	    prefix > most)
		return ERR_SYNTAX;
	out->prefix = (unsigned)prefix;
	return ERR_OK;
}

static bool
same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

bool
network_has(const struct network *net, const struct addr *a)
{
	struct in_addr ip4;

	if (net->base.u.sa.sa_family == AF_INET)
		return as_ipv4(a, &ip4) &&
		       same_bits((const uint8_t *)&ip4,
			   (const uint8_t *)&net->base.u.in4.sin_addr,
			   net->prefix);
	return a->u.sa.sa_family == AF_INET6 &&
	       same_bits(a->u.in6.sin6_addr.s6_addr,
		   net->base.u.in6.sin6_addr.s6_addr, net->prefix);
}
