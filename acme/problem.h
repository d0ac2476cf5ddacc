#ifndef ACME_PROBLEM_H
#define ACME_PROBLEM_H
/*
 * What a CA says went wrong (RFC 8555, 6.7, and the types that came later), as
 * a fault for people and a class for us.  The CA's own words are kept in the
 * sentence.
 */
#include "acme/response.h"
#include "base/json.h"

enum problem_class {
	PROBLEM_NONCE,    /* badNonce: at once, with the nonce it brought */
	PROBLEM_ACCOUNT,  /* it does not know our account: register again */
	PROBLEM_STATE,    /* the order is not where we think: ask, go on */
	PROBLEM_WAIT,     /* until retry_at, which it told */
	PROBLEM_BACK_OFF, /* later, as our own schedule has it */
	PROBLEM_PERSON,   /* nothing will change by itself */
};

/* Of the CA's own words that are kept; larger ones are kept in part. */
#define PROBLEM_SAID_SIZE 2048

struct problem {
	enum problem_class class;
	struct fault fault;
	int64_t retry_at;     /* the CA's word, UTC seconds; 0: none */
	bool is_validation;   /* a challenge failed: counted by the CA */
	bool is_account_wide; /* a limit on all our orders, not on a name */
	/* JSON: the problem document as the CA sent it; "" when the reason is
	 * none of the CA's. */
	char said[PROBLEM_SAID_SIZE];
};

/* An answer with an error status, or none at all (status 0). */
void problem_read(const struct acme_response *r, struct problem *out);

/* The answer is a problem document of this type, "invalidProfile" say. */
bool problem_is(const struct acme_response *r, const char *type);

/* The "error" member of a challenge or an order about `host`. */
void problem_of_error(
    const json_t *error, const char *host, struct problem *out);

/* One of ours: class PROBLEM_BACK_OFF, the rest as fault_set. */
void problem_set(struct problem *out, enum fault_code code, const char *fmt,
    ...) PRINTF(3, 4);

/*
 * When to ask again, from Retry-After (RFC 9110, 10.2.3) at `now`: between now
 * + 1 s and a week; 0 when it is absent or makes no sense.
 */
int64_t problem_retry_at(const char *retry_after, int64_t now);

#endif
