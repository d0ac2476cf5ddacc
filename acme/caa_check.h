#ifndef ACME_CAA_CHECK_H
#define ACME_CAA_CHECK_H
/*
 * Asks DNS whether CAA lets a CA issue for some names, before the CA does: each
 * name and its parents up to the first that has CAA records (RFC 8659, 3).
 */
#include "acme/caa.h"
#include "acme/dns/dns.h"

struct caa_check;

/* Once, never from within caa_check_start.  f NULL: it may, by the challenges
 * of choice; else A15, or A19 when DNS does not say. */
typedef void caa_check_done(
    void *ctx, const struct fault *f, const struct challenge_choice *choice);

struct caa_question {
	const char *const *names; /* loans that outlive the check */
	size_t n_names;
	struct caa_asker asker; /* copied */
	struct challenge_choice choice;
};

struct caa_check *caa_check_start(struct dns *dns,
    const struct caa_question *question, caa_check_done *done, void *ctx);
void caa_check_cancel(struct caa_check *c); /* NULL is allowed */

#endif
