#include "router/edge/proxy_header.h"

#include <arpa/inet.h>

#include "base/mem.h"

#define V1_MAX       107 /* bytes of the longest line, as the text says */
#define V2_HEAD      16
#define V2_LOCAL     0x20
#define V2_PROXY     0x21
#define V2_TCP4      0x11
#define V2_TCP4_SIZE 12
#define V2_TCP6      0x21
#define V2_TCP6_SIZE 36

static const struct slice v1_mark = {"PROXY ", 6};
static const struct slice v2_mark = {"\r\n\r\n\0\r\nQUIT\n", 12};

/* "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443", without the line's end. */
static enum err
read_line(struct slice line, struct addr *source, bool *is_known)
{
	struct slice words[6];
	uint64_t port, local_port;
	struct addr local;
	bool is_v6;
	size_t n = 0;

	while (n < COUNT_OF(words) && slice_cut(&line, ' ', &words[n]))
		n++;
	if (n >= 2 && slice_eq(words[1], SLICE("UNKNOWN"))) {
		*is_known = false; /* whatever follows */
		return ERR_OK;
	}
	is_v6 = n >= 2 && slice_eq(words[1], SLICE("TCP6"));
	if (n != COUNT_OF(words) || line.p != NULL ||
	    (!is_v6 && !slice_eq(words[1], SLICE("TCP4"))))
		return ERR_SYNTAX;
	if (slice_to_u64(words[4], &port) != ERR_OK || port > UINT16_MAX ||
	    slice_to_u64(words[5], &local_port) != ERR_OK ||
	    local_port > UINT16_MAX ||
	    addr_parse_ip(words[2], (uint16_t)port, source) != ERR_OK ||
	    addr_parse_ip(words[3], (uint16_t)local_port, &local) != ERR_OK)
		return ERR_SYNTAX;
	*is_known = true;
	return source->u.sa.sa_family == (is_v6 ? AF_INET6 : AF_INET)
		   ? ERR_OK
		   : ERR_SYNTAX;
}

static enum err
read_v1(struct slice in, struct addr *source, bool *is_known, size_t *used)
{
	size_t end = slice_find(in, '\n');

	if (end == in.n)
		return in.n >= V1_MAX ? ERR_SYNTAX : ERR_AGAIN;
	if (end >= V1_MAX || in.p[end - 1] != '\r')
		return ERR_SYNTAX;
	*used = end + 1;
	return read_line((struct slice){in.p, end - 1}, source, is_known);
}

static void
set_ip4(struct addr *a, const char *ip, const char *port)
{
	*a = (struct addr){.len = sizeof(a->u.in4)};
	a->u.in4.sin_family = AF_INET;
	memcpy(&a->u.in4.sin_addr, ip, 4);
	memcpy(&a->u.in4.sin_port, port, 2);
}

static void
set_ip6(struct addr *a, const char *ip, const char *port)
{
	*a = (struct addr){.len = sizeof(a->u.in6)};
	a->u.in6.sin6_family = AF_INET6;
	memcpy(&a->u.in6.sin6_addr, ip, 16);
	memcpy(&a->u.in6.sin6_port, port, 2);
}

static enum err
read_v2(struct slice in, struct addr *source, bool *is_known, size_t *used)
{
	const uint8_t *head = (const uint8_t *)in.p;
	const char *body = in.p + V2_HEAD;
	size_t n;

	if (in.n < V2_HEAD)
		return ERR_AGAIN;
	n = (size_t)head[14] << 8 | head[15];
	if ((head[12] != V2_LOCAL && head[12] != V2_PROXY) ||
	    n > PROXY_HEADER_MAX - V2_HEAD)
		return ERR_SYNTAX;
	if (in.n < V2_HEAD + n)
		return ERR_AGAIN;
	*used = V2_HEAD + n;
	*is_known = false;
	if (head[12] == V2_LOCAL)
		return ERR_OK;
	if ((head[13] == V2_TCP4 && n < V2_TCP4_SIZE) ||
	    (head[13] == V2_TCP6 && n < V2_TCP6_SIZE))
		return ERR_SYNTAX;
	/* source, destination, source port, destination port */
	if (head[13] == V2_TCP4)
		set_ip4(source, body, body + 8);
	else if (head[13] == V2_TCP6)
		set_ip6(source, body, body + 32);
	*is_known = head[13] == V2_TCP4 || head[13] == V2_TCP6;
	return ERR_OK;
}

/* Whether `in` begins like the mark; ERR_AGAIN: so far. */
static enum err
begins_with(struct slice in, struct slice mark)
{
	size_t n = in.n < mark.n ? in.n : mark.n;

	if (!slice_eq((struct slice){in.p, n}, (struct slice){mark.p, n}))
		return ERR_SYNTAX;
	return n < mark.n ? ERR_AGAIN : ERR_OK;
}

enum err
proxy_header_read(
    struct slice in, struct addr *source, bool *is_known, size_t *used)
{
	enum err e = begins_with(in, v2_mark);

	if (e == ERR_OK)
		return read_v2(in, source, is_known, used);
	if (e == ERR_AGAIN)
		return e;
	e = begins_with(in, v1_mark);
	return e == ERR_OK ? read_v1(in, source, is_known, used) : e;
}

/* --- writing -------------------------------------------------------------- */

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool
is_ip4(const struct addr *a)
{
	return a->u.sa.sa_family == AF_INET;
}

static bool
is_ip(const struct addr *a)
{
	return is_ip4(a) || a->u.sa.sa_family == AF_INET6;
}

/* As IPv6, where one of them is; how long either is then. */
static size_t
ip_bytes(const struct addr *a, bool both_ip4, uint8_t out[16])
{
	if (both_ip4) {
		memcpy(out, &a->u.in4.sin_addr, 4);
		return 4;
	}
	if (is_ip4(a)) {
		memcpy(out, mapped, sizeof(mapped));
		memcpy(out + sizeof(mapped), &a->u.in4.sin_addr, 4);
	} else {
		memcpy(out, &a->u.in6.sin6_addr, 16);
	}
	return 16;
}

static void
put_text(struct buf *b, const struct addr *a, bool both_ip4)
{
	char text[INET6_ADDRSTRLEN] = "";
	uint8_t bytes[16];

	(void)ip_bytes(a, both_ip4, bytes);
	(void)inet_ntop(
	    both_ip4 ? AF_INET : AF_INET6, bytes, text, sizeof(text));
	(void)buf_printf(b, " %s", text);
}

void
proxy_header_write_v1(
    struct buf *b, const struct addr *source, const struct addr *dest)
{
	bool both_ip4 = is_ip4(source) && is_ip4(dest);

	if (!is_ip(source) || !is_ip(dest)) {
		(void)buf_add_str(b, "PROXY UNKNOWN\r\n");
		return;
	}
	(void)buf_add_str(b, both_ip4 ? "PROXY TCP4" : "PROXY TCP6");
	put_text(b, source, both_ip4);
	put_text(b, dest, both_ip4);
	(void)buf_printf(b, " %u %u\r\n", addr_port(source), addr_port(dest));
}

static void
put_port(struct buf *b, uint16_t port)
{
	(void)buf_add_char(b, (char)(port >> 8));
	(void)buf_add_char(b, (char)(port & 0xff));
}

void
proxy_header_write_v2(
    struct buf *b, const struct addr *source, const struct addr *dest)
{
	bool both_ip4 = is_ip4(source) && is_ip4(dest);
	uint8_t from[16], to[16];
	size_t n;

	(void)buf_add(b, v2_mark);
	(void)buf_add_char(b, V2_PROXY);
	if (!is_ip(source) || !is_ip(dest)) {
		(void)buf_add(b, slice_of("\0\0\0", 3)); /* unspecified */
		return;
	}
	n = ip_bytes(source, both_ip4, from);
	(void)ip_bytes(dest, both_ip4, to);
	(void)buf_add_char(b, both_ip4 ? V2_TCP4 : V2_TCP6);
	put_port(b, (uint16_t)(2 * n + 4)); /* the length behind it */
	(void)buf_add(b, slice_of((char *)from, n));
	(void)buf_add(b, slice_of((char *)to, n));
	put_port(b, addr_port(source));
	put_port(b, addr_port(dest));
}
