#ifndef ACME_BY_HAND_H
#define ACME_BY_HAND_H
/*
 * Waits for a challenge that somebody else serves: the answer of http-01 at the
 * host, or the TXT record of dns-01, is looked for until it is there, soon at
 * first and then every few minutes.
 *
 * Owned by: who asks.   Freed by: its end, or by_hand_cancel.
 */
#include "acme/challenge.h"
#include "acme/dns/dns.h"
#include "base/fetch.h"

#define BY_HAND_PORT 80 /* RFC 8555, 8.3 */

struct by_hand_env {
	struct ev_loop *loop;
	struct dns *dns;
	struct fetch *fetch;
	/* beside public ones, where a host may be */
	const struct network *allowed;
	size_t n_allowed;
	uint16_t http_port; /* BY_HAND_PORT */
};

/* What is looked for: loans until by_hand_start returns. */
struct by_hand_goal {
	const char *host; /* without "*." */
	const char *token, *key_authorization;
	enum challenge_type type;
};

struct by_hand;

/* Once, never from within by_hand_start: which of the goals is there, as its
 * number; n_goals: none, and the time is over. */
typedef void by_hand_done(void *ctx, size_t which);

/* At most CHALLENGE_TYPES goals; expires_at 0: without end.  env is a loan. */
struct by_hand *by_hand_start(const struct by_hand_env *env,
    const struct by_hand_goal *goals, size_t n_goals, int64_t expires_at,
    by_hand_done *done, void *ctx);
void by_hand_cancel(struct by_hand *b); /* NULL is allowed */

/* Somebody says that it is there: it is looked for once more, and if none is
 * seen from here the one of this type is taken all the same. */
void by_hand_tell(struct by_hand *b, enum challenge_type type);

#endif
