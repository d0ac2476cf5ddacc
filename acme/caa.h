#ifndef ACME_CAA_H
#define ACME_CAA_H
/*
 * Would a CA be allowed to issue (CAA, RFC 8659, with the parameters of RFC
 * 8657)?  Pure: over the record set that is nearest to the name.
 */
#include "acme/challenge.h"

#define CAA_RECORDS_MAX 32
#define CAA_TAG_SIZE    32
#define CAA_VALUE_SIZE  512

struct caa_record {
	bool is_critical;
	char tag[CAA_TAG_SIZE]; /* lower case */
	char value[CAA_VALUE_SIZE];
};

/* The set that counts: of the name itself or of the nearest parent with one. */
struct caa_set {
	char at[HOST_SIZE]; /* where it stands; "": there is none */
	struct caa_record records[CAA_RECORDS_MAX];
	size_t n;
};

/* Reads the RDATA of one record and adds it.  ERR_SYNTAX, ERR_TOO_BIG. */
enum err MUST_USE caa_add(struct caa_set *s, struct slice rdata);

/* Who asks. */
struct caa_asker {
	const char *const *issuers; /* the CA's names: its directory's
				     * meta.caaIdentities */
	size_t n_issuers;
	const char *account_url;
};

/*
 * Whether the asker may issue for the name, "*.b.c" for a wildcard.  Types of
 * challenges that the set does not allow are taken out of choice.  ERR_DENIED
 * and A15, whose action has the record to create.
 */
enum err MUST_USE caa_judge(const struct caa_set *s, const char *name,
    const struct caa_asker *asker, struct challenge_choice *choice,
    struct fault *f);

/* The record that A15's action asks for. */
struct caa_cure {
	char at[HOST_SIZE];
	char value[CAA_VALUE_SIZE]; /* "0 issue \"letsencrypt.org\"" */
};

/* False: the fault is another one. */
bool caa_cure_of(const struct fault *f, struct caa_cure *out);

#endif
