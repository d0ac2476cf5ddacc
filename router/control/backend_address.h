#ifndef ROUTER_CONTROL_BACKEND_ADDRESS_H
#define ROUTER_CONTROL_BACKEND_ADDRESS_H
/*
 * BACKEND as people write it: HOST:PORT, ADDRESS:PORT, [IPv6]:PORT or
 * unix:/PATH, with h2c:// or https:// in front for the protocol and *N behind
 * for the weight.  https:// may leave out the port, which is 443 then.
 */
#include "base/addr.h"
#include "base/fault.h"
#include "base/host.h"

#define BACKEND_ADDRESS_SIZE (HOST_SIZE + 32)
#define BACKEND_WEIGHT_MAX   1000

enum backend_protocol {
	BACKEND_HTTP1,
	BACKEND_H2C,
	BACKEND_HTTPS
};

struct backend_address {
	enum backend_protocol protocol;
	char host[HOST_SIZE]; /* to be resolved; "": addr says where it is */
	uint16_t port;        /* of host */
	struct addr addr;     /* when there is no host */
	int weight;           /* 1 when not given */
	char text[BACKEND_ADDRESS_SIZE]; /* as stored: without the weight, and
					  * the same for equal addresses */
};

/* ERR_SYNTAX and N19. */
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
 * unspecified address.  A host is only what it resolves to: addresses found
 * for it are to be asked about one by one, as .addr without a .host. */
enum err MUST_USE backend_address_check(const struct backend_address *a,
    const struct backend_own *own, struct fault *f);

#endif
