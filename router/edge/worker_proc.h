#ifndef ROUTER_EDGE_WORKER_PROC_H
#define ROUTER_EDGE_WORKER_PROC_H
/*
 * `towpathd: worker N`: the process that reads the Internet.  It accepts, ends
 * TLS, routes and proxies; it reads the store and never writes it, and holds no
 * private key of a certificate.
 */
#include <stdint.h>

int worker_main(uint32_t instance); /* returns the exit status */

#endif
