#ifndef ACME_CHALLENGE_H
#define ACME_CHALLENGE_H
/*
 * An authorization and the challenge of it that we answer (RFC 8555, 7.1.4 and
 * 8).  Sans-I/O.  Challenges of types that we do not know are passed over,
 * whatever is in them.
 */
#include "acme/problem.h"
#include "base/host.h"

#define CHALLENGE_TOKEN_SIZE 256
#define CHALLENGE_TYPE       "http-01"

enum authorization_state {
	AUTHORIZATION_PENDING,
	AUTHORIZATION_VALID,
	AUTHORIZATION_FAILED, /* and problem says why */
};

struct authorization {
	enum authorization_state state;
	char host[HOST_SIZE];
	char token[CHALLENGE_TOKEN_SIZE]; /* of the challenge to answer */
	char url[ACME_URL_MAX + 1];       /* its own, to be posted to */
	bool is_started; /* the CA is at it: not to be posted */
	struct problem problem;
};

/*
 * Reads the answer to POST-as-GET of an authorization.  is_posted: we told the
 * CA to go and look.  From then on a challenge that is still "pending" but has
 * an "error" has failed: such a CA (RFC 8555, 8.2) never makes it "invalid".
 *
 * ERR_SYNTAX and A12 in out->problem: no authorization at all.
 */
enum err MUST_USE authorization_read(
    struct slice body, bool is_posted, struct authorization *out);

#endif
