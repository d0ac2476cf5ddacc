#include "router/control/domain_status.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

#define CANDIDATES_WITHOUT_MAX 16

/* When an order that was due could not begin, it is looked at again after: */
#define ORDER_AGAIN_S 60

static const char *const statuses[] = {
    [DOMAIN_PENDING_DNS] = "Pending DNS",
    [DOMAIN_CREATING] = "Creating",
    [DOMAIN_IN_USE] = "In use",
    [DOMAIN_NOT_USED] = "Not used",
    [DOMAIN_ACTION_REQUIRED] = "Action required",
};

static const char *const dns_states[] = {
    [DOMAIN_DNS_PENDING] = "pending",
    [DOMAIN_DNS_OK] = "ok",
    [DOMAIN_DNS_LOST] = "lost",
};

const char *
domain_status_text(enum domain_status s)
{
	return statuses[s];
}

const char *
domain_dns_text(enum domain_dns d)
{
	return dns_states[d];
}

enum domain_status
domain_status_of(const char *text)
{
	for (size_t i = 0; i < COUNT_OF(statuses); i++)
		if (strcmp(statuses[i], text) == 0)
			return (enum domain_status)i;
	return DOMAIN_PENDING_DNS;
}

enum domain_dns
domain_dns_of(const char *text)
{
	for (size_t i = 0; i < COUNT_OF(dns_states); i++)
		if (strcmp(dns_states[i], text) == 0)
			return (enum domain_dns)i;
	return DOMAIN_DNS_PENDING;
}

/* What the candidates amount to. */
struct holdings {
	bool has_custom, custom, automatic, wildcard; /* valid now */
	struct choice choice;
};

static struct holdings
look(const struct domain_facts *f)
{
	struct holdings h = {0};

	h.choice = choose(f->candidates, f->n_candidates, f->now);
	for (size_t i = 0; i < f->n_candidates; i++) {
		const struct candidate *c = &f->candidates[i];
		bool valid = c->covers && c->not_before <= f->now &&
			     f->now <= c->not_after;

		h.has_custom |= c->source == CANDIDATE_CUSTOM;
		h.custom |= valid && c->source == CANDIDATE_CUSTOM;
		h.automatic |= valid && c->source == CANDIDATE_AUTOMATIC;
		h.wildcard |= valid && c->source == CANDIDATE_WILDCARD;
	}
	return h;
}

static void
copy_fault(struct fault *out, const struct fault *from)
{
	if (from != NULL && fault_is_set(from))
		*out = *from;
}

/* Nothing blocks an automatic certificate but time.  Else what does. */
static bool
is_blocked(const struct domain_facts *f, enum domain_status *status,
    struct fault *fault)
{
	*status = DOMAIN_ACTION_REQUIRED;
	if (!f->automatic) {
		fault_set(fault, FAULT_A26_AUTOMATIC_OFF, NULL);
	} else if (!f->can_automate) {
		fault_set(fault, FAULT_N14_WILDCARD_NEEDS_DNS01, NULL);
	} else if (!f->terms_agreed) {
		fault_set(fault, FAULT_A10_TERMS_NOT_AGREED, NULL);
	} else if (f->dns != DOMAIN_DNS_OK) {
		*status = DOMAIN_PENDING_DNS;
		copy_fault(fault, f->dns_fault);
	} else if (f->needs_person && !f->order_open) {
		copy_fault(fault, f->order_fault);
	} else {
		return false;
	}
	return true;
}

/* A good certificate is served; what a person should know all the same. */
static void
tell_beside(
    const struct domain_facts *f, const struct holdings *h, struct fault *out)
{
	char date[CLOCK_TEXT_SIZE];

	if (f->dns != DOMAIN_DNS_OK && f->dns_fault != NULL &&
	    fault_is_set(f->dns_fault)) {
		copy_fault(out, f->dns_fault);
	} else if (h->custom) {
		const struct candidate *c = &f->candidates[h->choice.index];

		if (f->expiring_at != 0 && f->now >= f->expiring_at)
			fault_set(out, FAULT_C39_EXPIRING,
			    "The custom certificate expires at %s",
			    clock_format(c->not_after, date));
	} else if (h->has_custom) {
		fault_set(out, FAULT_C34_CUSTOM_EXPIRED, NULL);
	} else {
		copy_fault(out, f->order_fault);
	}
}

static bool
order_is_due(const struct domain_facts *f, const struct holdings *h)
{
	if (f->is_wanted)
		return true;
	if (h->automatic)
		return f->renew_at != 0 && f->now >= f->renew_at;
	/* ahead of time, so that the fallback is there when it is needed */
	if (h->custom)
		return f->expiring_at != 0 && f->now >= f->expiring_at;
	return true;
}

static void
earlier(int64_t *next, int64_t at, int64_t now)
{
	if (at > now && (*next == 0 || at < *next))
		*next = at;
}

static int64_t
next_look(const struct domain_facts *f, bool wants_order)
{
	int64_t next = f->check_at; /* whoever looks moves it on */

	earlier(&next, f->retry_at, f->now);
	earlier(&next, f->renew_at, f->now);
	earlier(&next, f->expiring_at, f->now);
	earlier(&next,
	    choose_changes_at(f->candidates, f->n_candidates, f->now), f->now);
	if (wants_order)
		earlier(&next, f->now + ORDER_AGAIN_S, f->now);
	return next;
}

void
domain_derive(const struct domain_facts *f, struct domain_verdict *out)
{
	struct holdings h = look(f);
	enum domain_status blocked_status;
	struct fault blocked = {0};
	bool is_stuck = is_blocked(f, &blocked_status, &blocked);

	*out = (struct domain_verdict){0};
	out->serving = h.choice.serving;
	out->custom_expired = h.has_custom && !h.custom;
	out->fallback_ready = h.automatic || h.wildcard;
	if (h.custom) {
		out->status = DOMAIN_NOT_USED;
		tell_beside(f, &h, &out->fault);
	} else if (h.automatic ||
		   (h.wildcard && (!f->automatic || !f->can_automate))) {
		out->status = DOMAIN_IN_USE;
		tell_beside(f, &h, &out->fault);
	} else if (is_stuck) {
		out->status = blocked_status;
		out->fault = blocked;
	} else {
		out->status = DOMAIN_CREATING;
		copy_fault(&out->fault, f->order_fault);
	}
	if (!fault_is_set(&out->fault) && h.choice.is_outside_validity)
		fault_set(&out->fault, FAULT_C35_SERVED_NOT_VALID, NULL);
	/* what only a person can change is tried again all the same, daily:
	 * they may have changed it elsewhere, without telling us */
	out->wants_order = f->automatic && f->can_automate && f->terms_agreed &&
			   f->dns == DOMAIN_DNS_OK && !f->order_open &&
			   f->now >= f->retry_at && order_is_due(f, &h);
	out->next_at = next_look(f, out->wants_order);
}

void
domain_fallback(const struct domain_facts *f, struct fault *out)
{
	struct candidate others[CANDIDATES_WITHOUT_MAX];
	struct domain_facts without = *f;
	struct domain_verdict v;

	without.candidates = others;
	without.n_candidates = 0;
	for (size_t i = 0; i < f->n_candidates; i++)
		if (f->candidates[i].source != CANDIDATE_CUSTOM &&
		    without.n_candidates < CANDIDATES_WITHOUT_MAX)
			others[without.n_candidates++] = f->candidates[i];
	domain_derive(&without, &v);
	fault_clear(out);
	if (!v.fallback_ready)
		*out = v.fault;
	if (!v.fallback_ready && v.status == DOMAIN_PENDING_DNS &&
	    !fault_is_set(out))
		fault_set(out, FAULT_D11_NO_ADDRESS,
		    "Nobody has looked yet whether the name reaches us");
}
