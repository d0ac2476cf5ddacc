#ifndef TESTS_UNIT_PEBBLE_H
#define TESTS_UNIT_PEBBLE_H
/*
 * For tests: Debian's pebble as a CA and pebble-challtestsrv as its DNS, each a
 * child on free ports of 127.0.0.1, with certificates made by certtool in a
 * fresh folder.  Every name resolves to 127.0.0.1 but those told otherwise.
 * What goes wrong fails the test.
 */
#include <sys/types.h>

struct pebble {
	char dir[64];
	char ca_file[128];   /* of its HTTPS */
	char directory[128]; /* URL */
	int port, dns_port, dns_management;
	pid_t ca, dns;
};

/* The folder and the DNS; no CA yet. */
void pebble_init(struct pebble *p);
void pebble_clear(struct pebble *p);

/* http_port: where the CA looks for answers; nonce_reject: percent.  A copy of
 * an initialised struct may start a second CA, and stops it itself. */
void pebble_start_ca(struct pebble *p, int http_port, int nonce_reject);
/* At this port, in the place of one that was stopped. */
void pebble_start_ca_at(
    struct pebble *p, int port, int http_port, int nonce_reject);

/* The host's A record; the host ends with a dot. */
void pebble_set_a(
    const struct pebble *p, const char *host, const char *address);

int pebble_free_port(void);
void pebble_stop_child(pid_t *pid);

#endif
