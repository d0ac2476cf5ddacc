#ifndef ACME_CHALLENGE_H
#define ACME_CHALLENGE_H
/*
 * An authorization and the challenge of it that we answer (RFC 8555, 7.1.4 and
 * 8).  Sans-I/O.  Challenges of types that we do not know are passed over,
 * whatever is in them.
 */
#include "acme/problem.h"
#include "base/buf.h"
#include "base/host.h"

#define CHALLENGE_TOKEN_SIZE 256
#define CHALLENGE_DIGEST_MAX 43 /* base64url of SHA-256 */

enum challenge_type {
	CHALLENGE_HTTP_01,     /* RFC 8555, 8.3: a file on port 80 */
	CHALLENGE_TLS_ALPN_01, /* RFC 8737: a certificate on port 443 */
	CHALLENGE_DNS_01,      /* RFC 8555, 8.4: a TXT record */
	CHALLENGE_TYPES
};

const char *challenge_type_text(enum challenge_type type); /* "http-01" */
bool challenge_type_read(const char *text, enum challenge_type *out);

/* The types that may be used, the best first. */
struct challenge_choice {
	enum challenge_type types[CHALLENGE_TYPES];
	size_t n;
};

/* Adds one behind the others, once. */
void challenge_choice_add(struct challenge_choice *c, enum challenge_type type);

void challenge_choice_remove(
    struct challenge_choice *c, enum challenge_type type);

/* `type` was used last for the name: goes to the front when it worked, behind
 * all others when it did not.  One that is not in c stays out. */
void challenge_choice_learn(
    struct challenge_choice *c, enum challenge_type type, bool worked);

/* One of them can be used for this name: a wildcard takes dns-01. */
bool challenge_choice_fits(const struct challenge_choice *c, const char *name);

enum authorization_state {
	AUTHORIZATION_PENDING,
	AUTHORIZATION_VALID,
	AUTHORIZATION_FAILED, /* and problem says why */
};

/* A challenge that could be answered. */
struct challenge_offer {
	enum challenge_type type;
	char token[CHALLENGE_TOKEN_SIZE];
	char url[ACME_URL_MAX + 1]; /* its own, to be posted to */
};

struct authorization {
	enum authorization_state state;
	char host[HOST_SIZE]; /* of a wildcard without "*." */
	bool is_wildcard;
	/* of the challenge to answer */
	enum challenge_type type;
	char token[CHALLENGE_TOKEN_SIZE];
	char url[ACME_URL_MAX + 1]; /* its own, to be posted to */
	bool is_started;            /* the CA is at it: not to be posted */
	/* of a pending one, each type once */
	struct challenge_offer offers[CHALLENGE_TYPES];
	size_t n_offers;
	int64_t expires_at; /* 0: it does not say */
	struct problem problem;
};

/*
 * Reads the answer to POST-as-GET of an authorization.  The challenge is the
 * one the CA has begun with, if any, else the best of `choice` that it offers;
 * for a wildcard it is dns-01 (RFC 8555, 7.1.3).  is_posted: we told the CA to
 * go and look.  From then on a challenge that is still "pending" but has an
 * "error" has failed: such a CA (RFC 8555, 8.2) never makes it "invalid".
 *
 * ERR_SYNTAX and A12 in out->problem: no authorization at all.
 */
enum err MUST_USE authorization_read(struct slice body, bool is_posted,
    const struct challenge_choice *choice, struct authorization *out);

/* The value of dns-01's TXT record: base64url of the SHA-256 of
 * TOKEN.THUMBPRINT (RFC 8555, 8.4). */
enum err MUST_USE challenge_dns_value(
    const char *key_authorization, char out[CHALLENGE_DIGEST_MAX + 1]);

#endif
