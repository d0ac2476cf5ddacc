#ifndef BASE_ADDR_H
#define BASE_ADDR_H
/*
 * Socket addresses and networks, numeric only: names are resolved elsewhere.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>

#include "base/fault.h"
#include "base/slice.h"

struct addr {
	union {
		struct sockaddr sa;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
		struct sockaddr_storage storage;
	} u;
	socklen_t len;
};

struct network {
	struct addr base;
	unsigned prefix; /* bits */
};

/* "192.0.2.1:80", "[2001:db8::1]:80", "unix:/run/x".  ERR_SYNTAX. */
enum err MUST_USE addr_parse(struct slice s, struct addr *out);

/* The address without a port; default_port is put in.  ERR_SYNTAX. */
enum err MUST_USE addr_parse_ip(
    struct slice s, uint16_t default_port, struct addr *out);

#define ADDR_TEXT_SIZE 128
/* As addr_parse reads it; returns out. */
char *addr_format(const struct addr *a, char out[ADDR_TEXT_SIZE]);
/* Without port: "192.0.2.1", "2001:db8::1"; IPv4-mapped is shown as IPv4. */
char *addr_format_ip(const struct addr *a, char out[ADDR_TEXT_SIZE]);

uint16_t addr_port(const struct addr *a); /* 0 for a Unix socket */
void addr_set_port(struct addr *a, uint16_t port);
bool addr_eq(const struct addr *a, const struct addr *b);
bool addr_eq_ip(const struct addr *a, const struct addr *b); /* no ports */

/* Loopback, private, link-local, multicast, reserved: not on the Internet. */
bool addr_is_special(const struct addr *a);
bool addr_is_link_local(const struct addr *a);

/* "10.0.0.0/8" or one address. */
enum err MUST_USE network_parse(struct slice s, struct network *out);
bool network_has(const struct network *net, const struct addr *a);

#endif
