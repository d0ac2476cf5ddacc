#ifndef CERTS_KEYS_PROC_H
#define CERTS_KEYS_PROC_H
/*
 * `towpathd: keys N`: the process that holds private keys.  No network, no
 * files, nothing but our own messages (base/messages.h).  The one that serves
 * control may make, import, export and open every purpose; the others serve
 * one worker each, open only KEY_TLS and sign only what a TLS server signs.
 */
#include <stdint.h>

int keys_main(uint32_t instance); /* returns the exit status */

#endif
