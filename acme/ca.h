#ifndef ACME_CA_H
#define ACME_CA_H
/*
 * A CA as one talks to it: signed requests over HTTPS on the loop.  Fetches the
 * directory, registers the account (its key is a row before the CA hears of
 * it; so is the one that follows it), keeps nonces, repeats what is refused for
 * its nonce, and registers again when the CA has forgotten us.
 *
 * Owned by: issuer.   Freed by: ca_free.
 */
#include <ev.h>

#include "acme/directory.h"
#include "acme/issuer.h"
#include "acme/problem.h"

struct ca;
struct ca_call; /* one request under way */

struct ca *ca_new(struct ev_loop *loop, struct db *db, struct keyring *keyring,
    struct fetch *fetch, const struct issuer_config *config); /* a loan */
void ca_free(struct ca *ca); /* open calls are dropped, not answered */

/*
 * Called once, never from within ca_post.  Either p is NULL and r is the CA's
 * answer (status 0: none came), or the CA cannot be talked to at all and p says
 * why: no directory, no account, no key to sign with.
 */
typedef void ca_done(
    void *ctx, const struct acme_response *r, const struct problem *p);

/* POST, or POST-as-GET when payload.n == 0 (it is copied).  url NULL: the
 * directory's newOrder. */
struct ca_call *ca_post(struct ca *ca, const char *url, struct slice payload,
    ca_done *done, void *ctx);
/* To what the directory names; A33 when it does not. */
enum ca_place {
	CA_NEW_ORDER,
	CA_KEY_CHANGE,
	CA_REVOKE
};
struct ca_call *ca_post_to(struct ca *ca, enum ca_place place,
    struct slice payload, ca_done *done, void *ctx);
/* Sends nothing: waits until directory and account are there; r is NULL. */
struct ca_call *ca_know(struct ca *ca, ca_done *done, void *ctx);
void ca_cancel(struct ca_call *call); /* done is not called; NULL is allowed */

/*
 * Gives the account another key (RFC 8555, 7.3.5), when nothing is under way
 * any more.  r is NULL: it has it when p is, too; else the one before, or it
 * will be found out before the next request (A11).  Once at a time.  No
 * challenge may be pending: its answer is made of the key.
 */
void ca_roll_over(struct ca *ca, ca_done *done, void *ctx);

/* Forgets the account: the next request makes another one, with another key.
 * Only when nothing is under way.  S19, C37. */
enum err MUST_USE ca_renounce(struct ca *ca, struct fault *f);

/* After a start: takes up what was left in the middle, tells a new contact. */
void ca_resume(struct ca *ca);

/* TOKEN.THUMBPRINT, which the caller frees; NULL before the account is there
 * (after any answer of the CA it is). */
char *ca_key_authorization(const struct ca *ca, const char *token);

/* As it was read last, a loan until the loop; empty before that. */
const struct directory *ca_directory(const struct ca *ca);

/* Its names in CAA records, a loan until the loop; *n is 0 when it does not
 * tell. */
const char *const *ca_issuers(const struct ca *ca, size_t *n);

/* "" until registered. */
const char *ca_account_url(const struct ca *ca);

/* It could not be talked to a moment ago: better not to start anything new.
 * *f (when not NULL) is the reason, also after that moment; none when the last
 * request went well. */
bool ca_is_away(const struct ca *ca, struct fault *f);

#endif
