#ifndef TESTS_UNIT_KEYS_CHILD_H
#define TESTS_UNIT_KEYS_CHILD_H
/*
 * A real keys process beside a test, served to a keyring in it.
 */
#include <sys/types.h>

#include "base/channel.h"
#include "certs/keyring.h"

struct keys {
	pid_t pid;
	struct channel *channel;
	struct keyring *keyring; /* kept over a stop and another start */
};

/* served: ROLE_CONTROL or ROLE_WORKER. */
void keys_start(struct keys *k, enum role served);
void keys_stop(struct keys *k); /* kill -9 */
void keys_end(struct keys *k);  /* and the keyring */

#endif
