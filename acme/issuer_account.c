/* The part of acme/issuer.h that is about the CAs themselves: accounts,
 * revocation, how they are. */
#include "acme/base64url.h"
#include "acme/issuer_inside.h"
#include "base/clock.h"
#include "base/json.h"

#define REVOKE_MAX ((size_t)64 * 1024)

enum err
issuer_roll_over(struct issuer *is, const struct rollover_wish *wish,
    issuer_told *done, void *ctx, struct fault *f)
{
	struct seat *seat = &is->seats[wish->ca];
	enum err e;

	if (!seat->is_there) {
		fault_set(f, FAULT_P11_FIELD_INVALID,
		    "There is no such certificate authority: [acme.fallback] "
		    "names no directory");
		return ERR_NOT_FOUND;
	}
	e = seat_roll_over(seat, wish->new_account, done, ctx, f);
	if (e == ERR_OK)
		issuer_kick(is, 0);
	return e;
}

/* --- revocation ---------------------------------------------------------- */

static bool
is_revoked_already(const struct acme_response *r)
{
	static const char type[] = "urn:ietf:params:acme:error:alreadyRevoked";
	json_t *o = NULL;
	bool is = json_parse(r->body, &o, NULL) == ERR_OK &&
		  strcmp(json_str(o, "type"), type) == 0;

	json_decref(o);
	return is;
}

static void
on_revoked(void *ctx, const struct acme_response *r, const struct problem *p)
{
	struct seat *seat = ctx;
	issuer_told *done = seat->revocation.done;
	struct problem told;
	struct fault f;

	seat->revocation.done = NULL;
	if (p == NULL && (r->status == 200 || is_revoked_already(r))) {
		done(seat->revocation.ctx, NULL);
		return;
	}
	if (p == NULL) {
		problem_read(r, &told);
		p = &told;
	}
	if (p->fault.code == FAULT_A33_NOT_OFFERED)
		f = p->fault;
	else
		fault_set(&f, FAULT_A35_NOT_REVOKED,
		    "The certificate authority has not revoked it: %s",
		    p->fault.text);
	done(seat->revocation.ctx, &f);
}

enum err
issuer_revoke(struct issuer *is, const struct revocation_wish *wish,
    issuer_told *done, void *ctx, struct fault *f)
{
	struct seat *seat = issuer_seat_of(is, wish->directory);
	struct buf payload;

	if (seat == NULL) {
		fault_set(f, FAULT_A35_NOT_REVOKED,
		    "It was issued by %s, which is no longer configured",
		    wish->directory);
		return ERR_NOT_FOUND;
	}
	if (seat->revocation.done != NULL) {
		fault_set(f, FAULT_A34_ACCOUNT_BUSY,
		    "Another certificate is being revoked");
		return ERR_AGAIN;
	}
	seat->revocation.done = done;
	seat->revocation.ctx = ctx;
	buf_init(&payload, REVOKE_MAX);
	buf_add_str(&payload, "{\"certificate\":\"");
	base64url_add(&payload, wish->certificate);
	buf_printf(&payload, "\",\"reason\":%d}", wish->reason);
	(void)ca_post_to(
	    seat->ca, CA_REVOKE, buf_slice(&payload), on_revoked, seat);
	buf_clear(&payload);
	return ERR_OK;
}

/* --- how they are --------------------------------------------------------- */

static void
seat_status(const struct seat *s, struct issuer_ca_status *out)
{
	*out = (struct issuer_ca_status){
	    .is_there = s->is_there, .directory = "", .account_url = ""};
	if (!s->is_there)
		return;
	out->directory = s->config.directory;
	out->limits = s->ledger.limits;
	out->agree_terms = s->config.agree_terms;
	out->account_url = ca_account_url(s->ca);
	out->in_flight = s->n_running;
	out->is_resting = s->rollover.done != NULL;
	(void)ca_is_away(s->ca, &out->fault);
	if (s->refuses_until <= clock_now())
		return;
	out->refuses_until = s->refuses_until;
	if (!fault_is_set(&out->fault))
		out->fault = s->refusal;
}

void
issuer_status(const struct issuer *is, struct issuer_status *out)
{
	*out = (struct issuer_status){
	    .in_flight = is->n_running, .waiting = is->n_waiting};
	for (int i = 0; i < CA_SEATS; i++)
		seat_status(&is->seats[i], &out->ca[i]);
	out->directory = out->ca[CA_FIRST].directory;
	out->account_url = out->ca[CA_FIRST].account_url;
	out->fault = out->ca[CA_FIRST].fault;
}
