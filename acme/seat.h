#ifndef ACME_SEAT_H
#define ACME_SEAT_H
/*
 * A CA as an issuer has it: its configuration, what orders there share, and
 * whether it is worth asking.  An issuer has one or two (acme/ca_choice.h).
 *
 * Owned by: issuer.   Freed by: seat_clear.
 */
#include "acme/ca_choice.h"
#include "acme/issuance.h"

struct seat {
	bool is_there;               /* else nothing below is set */
	struct issuer_config config; /* own copies of the strings */
	struct ca *ca;
	struct issuance_env env;
	size_t n_running;
	struct problem limit;  /* of the whole account, until its retry_at */
	struct fault refusal;  /* why it takes no order of any name... */
	int64_t refuses_until; /* ...before; UTC */
};

/* env is the other seat's or the issuer's; ca and config are set here. */
void seat_open(struct seat *s, const struct issuer_config *config,
    const struct issuance_env *env, struct fetch *fetch);
void seat_clear(struct seat *s); /* also of one that is not there */

/* As an order for these names ([0] is the domain) sees it now. */
struct ca_view seat_view(
    const struct seat *s, const char *const *names, size_t n_names);

/* Why it is not able to take an order for them: A10, A27. */
enum err MUST_USE seat_check(const struct seat *s, const char *const *names,
    size_t n_names, struct fault *f);

/* An order ended there with p: when the reason was the CA's own, how long it
 * is not asked again. */
struct ca_shun seat_note(struct seat *s, const struct problem *p);

/* Its limit of all orders is reached: the others need not ask to be refused. */
bool seat_is_limited(const struct seat *s);

#endif
