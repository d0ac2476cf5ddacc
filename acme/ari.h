#ifndef ACME_ARI_H
#define ACME_ARI_H
/*
 * Renewal information (RFC 9773): when a CA wants a certificate to be renewed.
 * Pure; who asks and keeps the answer is acme/renewal.h.
 */
#include "acme/problem.h"
#include "certs/x509/certificate.h"

/* Key identifier and serial number, each of at most 64 octets, in base64url. */
#define ARI_ID_SIZE    192

#define ARI_POLL_MIN_S 60    /* Retry-After is kept within these */
#define ARI_POLL_MAX_S 86400 /* (RFC 9773, 4.3.2) */
#define ARI_LONG_S     21600 /* after what will not pass by itself soon */

/* "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE" (4.1).  ERR_NOT_FOUND when the
 * certificate does not name its issuer's key. */
enum err MUST_USE ari_id(const struct certificate *leaf, char out[ARI_ID_SIZE]);

struct ari_window {
	int64_t start_at, end_at; /* 0: not known */
	char explanation[512];    /* a URL; "" when none is given */
};

/*
 * What was answered to a question at r->now.  ERR_OK: the window.  Else *why
 * says what was wrong.  *poll_at is when to ask again in any case; `failures`
 * counts those in a row before this one.
 */
enum err MUST_USE ari_read(const struct acme_response *r, int failures,
    struct ari_window *out, int64_t *poll_at, struct fault *why);

/* An instant of the window, evenly chosen by 64 random bits (4.2). */
int64_t ari_choose(const struct ari_window *w, uint64_t random);

#endif
