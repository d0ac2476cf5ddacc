#include "router/control/backend_address.h"

#include <stdio.h>

static const struct {
	const char *prefix;
	enum backend_protocol protocol;
} protocols[] = {
    {"h2c://", BACKEND_H2C},
    {"https://", BACKEND_HTTPS},
    {"http://", BACKEND_HTTP1},
    {"", BACKEND_HTTP1},
};

static enum err
refuse(struct fault *f, struct slice s, const char *why)
{
	fault_set(f, FAULT_N19_BACKEND_INVALID,
	    "\"%.*s\" cannot be a backend: %s", s.n > 120 ? 120 : (int)s.n, s.p,
	    why);
	return ERR_SYNTAX;
}

/* Cuts "*N" off the end. */
static enum err
take_weight(struct slice *s, int *weight)
{
	size_t star = slice_find(*s, '*');
	uint64_t n;

	*weight = 1;
	if (star == s->n)
		return ERR_OK;
	if (slice_to_u64(slice_from(*s, star + 1), &n) != ERR_OK || n == 0 ||
	    n > BACKEND_WEIGHT_MAX)
		return ERR_SYNTAX;
	*weight = (int)n;
	s->n = star;
	return ERR_OK;
}

static bool
has_letter(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z')
			return true;
	return false;
}

/* A name of one label ("localhost", "app") is good where it is resolved. */
static enum err
read_host(struct slice s, char out[HOST_SIZE])
{
	if (slice_find(s, '.') < s.n)
		return host_normalise(s, out, NULL) == ERR_OK &&
			       !host_is_wildcard(slice_str(out))
			   ? ERR_OK
			   : ERR_SYNTAX;
	if (!has_letter(s) || s.n > 63 || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return ERR_SYNTAX;
	return host_canonical(s, out);
}

/* "app.internal:3000"; .addr of the place is left alone. */
static enum err
read_host_port(struct slice s, struct backend_address *out)
{
	size_t colon = slice_find(s, ':');
	struct slice digits = slice_from(s, colon + 1);
	uint64_t port = 443;

	if (colon == s.n && out->protocol != BACKEND_HTTPS)
		return ERR_SYNTAX;
	if (colon < s.n && (slice_to_u64(digits, &port) != ERR_OK ||
			       port == 0 || port > UINT16_MAX))
		return ERR_SYNTAX;
	out->port = (uint16_t)port;
	return read_host(slice_of(s.p, colon), out->host);
}

/* One spelling for one socket: no //, /./ or /../ in a path, and no blank. */
static bool
is_plain_path(struct slice path)
{
	struct slice part;

	for (size_t i = 0; i < path.n; i++)
		if ((unsigned char)path.p[i] <= ' ' || path.p[i] == 0x7f)
			return false;
	if (!slice_cut(&path, '/', &part)) /* before the first slash */
		return false;
	while (slice_cut(&path, '/', &part))
		if (part.n == 0 || slice_eq(part, SLICE(".")) ||
		    slice_eq(part, SLICE("..")))
			return false;
	return true;
}

/* Where it is; `shown` is that in its one spelling. */
static enum err
read_place(struct slice s, struct backend_address *out,
    char shown[BACKEND_ADDRESS_SIZE], const char **why)
{
	char text[ADDR_TEXT_SIZE];

	if (addr_parse(s, &out->addr) == ERR_OK ||
	    (out->protocol == BACKEND_HTTPS &&
		addr_parse_ip(s, 443, &out->addr) == ERR_OK)) {
		(void)snprintf(shown, BACKEND_ADDRESS_SIZE, "%s",
		    addr_format(&out->addr, text));
		*why = "write the path without //, ., .. and blanks";
		return out->addr.u.sa.sa_family != AF_UNIX ||
			       is_plain_path(slice_from(s, strlen("unix:")))
			   ? ERR_OK
			   : ERR_SYNTAX;
	}
	*why = "it is neither HOST:PORT, [IPv6]:PORT nor unix:/PATH";
	if (read_host_port(s, out) != ERR_OK)
		return ERR_SYNTAX;
	(void)snprintf(
	    shown, BACKEND_ADDRESS_SIZE, "%s:%u", out->host, out->port);
	return ERR_OK;
}

enum err
backend_address_parse(
    struct slice s, struct backend_address *out, struct fault *f)
{
	struct slice rest = slice_trim(s);
	const char *prefix = "", *why;
	char shown[BACKEND_ADDRESS_SIZE];

	*out = (struct backend_address){0};
	if (take_weight(&rest, &out->weight) != ERR_OK)
		return refuse(f, s, "the weight behind * is 1 to 1000");
	for (size_t i = 0;; i++) {
		if (!slice_starts_with(rest, slice_str(protocols[i].prefix)))
			continue;
		out->protocol = protocols[i].protocol;
		rest = slice_from(rest, strlen(protocols[i].prefix));
		if (out->protocol != BACKEND_HTTP1)
			prefix = protocols[i].prefix;
		break;
	}
	if (read_place(rest, out, shown, &why) != ERR_OK)
		return refuse(f, s, why);
	(void)snprintf(out->text, sizeof(out->text), "%s%s", prefix, shown);
	return ERR_OK;
}

static bool
is_unspecified(const struct addr *a)
{
	static const struct in6_addr any;

	if (a->u.sa.sa_family == AF_INET)
		return a->u.in4.sin_addr.s_addr == 0;
	return a->u.sa.sa_family == AF_INET6 &&
	       memcmp(&a->u.in6.sin6_addr, &any, sizeof(any)) == 0;
}

static bool
is_loopback(const struct addr *a)
{
	struct network net;

	return (network_parse(SLICE("127.0.0.0/8"), &net) == ERR_OK &&
		   network_has(&net, a)) ||
	       (network_parse(SLICE("::1"), &net) == ERR_OK &&
		   network_has(&net, a));
}

static bool
is_multicast(const struct addr *a)
{
	struct network net;

	return (network_parse(SLICE("224.0.0.0/3"), &net) == ERR_OK &&
		   network_has(&net, a)) ||
	       (network_parse(SLICE("ff00::/8"), &net) == ERR_OK &&
		   network_has(&net, a));
}

/* A socket on every address is reached through any of this machine's. */
static bool
reaches(const struct addr *a, const struct addr *socket,
    const struct backend_own *own)
{
	if (addr_port(a) != addr_port(socket))
		return false;
	if (!is_unspecified(socket))
		return addr_eq_ip(a, socket);
	if (is_loopback(a))
		return true;
	for (size_t i = 0; i < own->n_addresses; i++)
		if (addr_eq_ip(a, &own->addresses[i]))
			return true;
	return false;
}

enum err
backend_address_check(const struct backend_address *a,
    const struct backend_own *own, struct fault *f)
{
	struct slice text = slice_str(a->text);
	const struct addr *addr = &a->addr;
	enum err e = ERR_OK;

	if (a->host[0] != '\0')
		return ERR_OK;
	if (addr->u.sa.sa_family == AF_UNIX) {
		if (own->control_socket != NULL &&
		    strcmp(addr->u.un.sun_path, own->control_socket) == 0)
			e = refuse(f, text, "it is towpath's control socket");
		return e == ERR_OK ? ERR_OK : ERR_DENIED;
	}
	if (addr_is_link_local(addr))
		e = refuse(f, text, "it is a link-local address");
	else if (is_unspecified(addr) || is_multicast(addr))
		e = refuse(f, text, "it is no address of one machine");
	for (size_t i = 0; i < own->n_sockets && e == ERR_OK; i++)
		if (reaches(addr, &own->sockets[i], own))
			e = refuse(f, text, "towpath itself listens there");
	return e == ERR_OK ? ERR_OK : ERR_DENIED;
}
