#ifndef ACME_DIRECTORY_H
#define ACME_DIRECTORY_H
/*
 * A CA's directory (RFC 8555, 7.1.1): where everything is.  Sans-I/O.
 *
 * Owned by: whoever embeds it.   Freed by: directory_clear.
 */
#include "acme/problem.h"

#define DIRECTORY_ISSUERS_MAX  8
#define DIRECTORY_PROFILES_MAX 16

struct directory {
	char *new_nonce, *new_account, *new_order; /* URLs */
	char *terms;        /* of service, a URL; "" when it has none */
	bool wants_binding; /* an external account is required */
	/* Its names in CAA records (meta.caaIdentities). */
	char *issuers[DIRECTORY_ISSUERS_MAX];
	size_t n_issuers;
	char *renewal_info;        /* RFC 9773; "" when it has none */
	char *key_change, *revoke; /* the same */
	/* Names of the profiles that may be asked for (meta.profiles). */
	char *profiles[DIRECTORY_PROFILES_MAX];
	size_t n_profiles;
	bool is_known; /* the fields above are set */
};

/* From the answer to GET; out is replaced, or left alone on failure.
 * ERR_SYNTAX and A12; what problem_read says of an error status. */
enum err MUST_USE directory_read(const struct acme_response *r,
    struct directory *out, struct problem *problem);
void directory_clear(struct directory *d);

bool directory_has_profile(const struct directory *d, const char *name);
/* "classic, shortlived" cut to size; returns out. */
char *directory_profiles_text(
    const struct directory *d, char *out, size_t size);

/* An https (or http, for a CA on one's own network) URL of sane length. */
bool acme_url_is_sane(const char *url);

#endif
