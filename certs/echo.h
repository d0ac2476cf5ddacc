#ifndef CERTS_ECHO_H
#define CERTS_ECHO_H
/*
 * Does a request for a name come to this platform's workers, though the name's
 * addresses are not ours?  Control asks for /.well-known/towpath/NONCE through
 * them; any worker answers what only we can know:
 *
 *   HMAC-SHA256(master, "towpath-echo" NONCE), its first half as hex
 *
 * with the newest ticket master, which they share (base/shared.h).  Tickets are
 * made with another function, so that no answer tells anything of their keys.
 */
#include "base/shared.h"

#define ECHO_PATH       "/.well-known/towpath/"
#define ECHO_NONCE_SIZE 33 /* 32 digits, NUL */
#define ECHO_SIZE       33

/* From the system's random bytes. */
void echo_nonce(char out[ECHO_NONCE_SIZE]);
bool echo_is_nonce(struct slice text);

/* Returns out; NULL: GnuTLS could not. */
char *echo_answer(const struct ticket_master *master, struct slice nonce,
    char out[ECHO_SIZE]);

#endif
