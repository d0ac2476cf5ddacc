#ifndef ROUTER_CONTROL_BACKEND_ADDRESS_H
#define ROUTER_CONTROL_BACKEND_ADDRESS_H
/*
 * BACKEND as people write it: ADDRESS:PORT, [IPv6]:PORT or unix:/PATH, with
 * h2c:// or https:// in front for the protocol and *N behind for the weight.
 */
#include "base/addr.h"
#include "base/fault.h"

#define BACKEND_ADDRESS_SIZE 160
#define BACKEND_WEIGHT_MAX   1000

enum backend_protocol {
	BACKEND_HTTP1,
	BACKEND_H2C,
	BACKEND_HTTPS
};

struct backend_address {
	enum backend_protocol protocol;
	struct addr addr;
	int weight;                      /* 1 when not given */
	char text[BACKEND_ADDRESS_SIZE]; /* as stored: without the weight, and
					  * the same for equal addresses */
};

/* ERR_SYNTAX and N19.  A name where an address is wanted is told so. */
enum err MUST_USE backend_address_parse(
    struct slice s, struct backend_address *out, struct fault *f);

/* What a request must not be sent back to. */
struct backend_own {
	const struct addr *sockets; /* where towpath listens */
	size_t n_sockets;
	const struct addr *addresses; /* the platform's, any port of ours */
	size_t n_addresses;
	const char *control_socket; /* path */
};

/* ERR_DENIED and N19: one of our own sockets, a link-local, multicast or
 * unspecified address. */
enum err MUST_USE backend_address_check(const struct backend_address *a,
    const struct backend_own *own, struct fault *f);

#endif
