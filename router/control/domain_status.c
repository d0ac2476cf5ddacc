#include "router/control/domain_status.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "certs/lifetime.h"

/* When an order that was due could not begin, it is looked at again after: */
#define ORDER_AGAIN_S 60

/* How long after it might have been tried again a failed order still says what
 * would happen today. */
#define LATELY_S INT64_C(86400)
#define DAY_S    INT64_C(86400)

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

/* What the last order failed by, unless that is long ago: since then what was
 * seen from outside counts for more. */
static bool
failed_lately(const struct domain_facts *f)
{
	return f->order_fault != NULL && fault_is_set(f->order_fault) &&
	       (f->needs_person || f->now < f->retry_at + LATELY_S);
}

/* Nothing stands by: what would keep an automatic one from being issued. */
static void
find_obstacle(const struct domain_facts *f, struct fault *out)
{
	enum domain_status status;

	if (is_blocked(f, &status, out)) {
		if (!fault_is_set(out))
			fault_set(out, FAULT_D11_NO_ADDRESS,
			    "Nobody has looked yet whether the name reaches "
			    "us");
	} else if (failed_lately(f)) {
		*out = *f->order_fault;
	} else {
		copy_fault(out, f->fallback_fault);
	}
}

/* The custom certificate ends and nothing could follow it. */
static void
tell_no_replacement(const struct candidate *custom, int64_t now,
    const struct fault *why, struct fault *out)
{
	char left[LIFETIME_TEXT_SIZE];

	fault_set(out, FAULT_C42_NO_REPLACEMENT,
	    "The custom certificate ends %s and nothing could replace it: %s",
	    lifetime_text(custom->not_after, now, left), why->text);
	fault_action(out, "%s%sor upload a renewed certificate in time",
	    why->action, why->action[0] == '\0' ? "" : "; ");
}

static void
tell_expiring(const struct candidate *custom, int64_t now, bool stands_by,
    struct fault *out)
{
	char date[CLOCK_TEXT_SIZE], left[LIFETIME_TEXT_SIZE];

	fault_set(out, FAULT_C39_EXPIRING,
	    "The custom certificate ends %s, at %s; %s",
	    lifetime_text(custom->not_after, now, left),
	    clock_format(custom->not_after, date),
	    stands_by ? "an automatic one stands by"
		      : "an automatic one is being obtained");
}

/* Visitors get a custom certificate. */
static void
tell_beside_custom(
    const struct domain_facts *f, const struct holdings *h, struct fault *out)
{
	const struct candidate *custom = &f->candidates[h->choice.index];
	bool is_expiring = f->expiring_at != 0 && f->now >= f->expiring_at;
	bool stands_by = h->automatic || h->wildcard;
	/* who never asked for one need not be told so before the end */
	bool is_wanted = f->automatic && f->can_automate && f->terms_agreed;
	struct fault why = {0};

	if (!stands_by)
		find_obstacle(f, &why);
	if (fault_is_set(&why) &&
	    (is_expiring || (is_wanted && f->dns == DOMAIN_DNS_OK)))
		tell_no_replacement(custom, f->now, &why, out);
	else if (is_expiring)
		tell_expiring(custom, f->now, stands_by, out);
	else if (f->dns != DOMAIN_DNS_OK)
		copy_fault(out, f->dns_fault);
}

/* A good certificate is served; what a person should know all the same. */
static void
tell_beside(
    const struct domain_facts *f, const struct holdings *h, struct fault *out)
{
	if (h->custom)
		tell_beside_custom(f, h, out);
	else if (f->dns_fault != NULL && fault_is_set(f->dns_fault))
		copy_fault(out, f->dns_fault);
	else if (h->has_custom)
		fault_set(out, FAULT_C34_CUSTOM_EXPIRED, NULL);
	else
		copy_fault(out, f->order_fault);
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

/* The custom candidate that is served; NULL: none is. */
static const struct candidate *
served_custom(const struct domain_facts *f, const struct holdings *h)
{
	return h->custom ? &f->candidates[h->choice.index] : NULL;
}

static bool
warning_is_due(const struct domain_facts *f, const struct candidate *custom)
{
	int64_t mark;

	if (custom == NULL)
		return false;
	mark =
	    lifetime_mark_before(custom->not_before, custom->not_after, f->now);
	return mark != 0 && mark > f->warned_at;
}

/* What is said of it changes: a mark is passed, or a day goes by. */
static void
earlier_for_custom(
    int64_t *next, const struct domain_facts *f, const struct candidate *custom)
{
	int64_t days = (custom->not_after - f->now) / DAY_S;

	earlier(next,
	    lifetime_mark_after(custom->not_before, custom->not_after, f->now),
	    f->now);
	if (f->expiring_at != 0 && f->now >= f->expiring_at)
		earlier(next, custom->not_after - days * DAY_S + 1, f->now);
}

static int64_t
next_look(
    const struct domain_facts *f, const struct holdings *h, bool wants_order)
{
	const struct candidate *custom = served_custom(f, h);
	int64_t next = f->check_at; /* whoever looks moves it on */

	earlier(&next, f->retry_at, f->now);
	earlier(&next, f->renew_at, f->now);
	earlier(&next, f->expiring_at, f->now);
	earlier(&next,
	    choose_changes_at(f->candidates, f->n_candidates, f->now), f->now);
	if (custom != NULL)
		earlier_for_custom(&next, f, custom);
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
	out->warns = warning_is_due(f, served_custom(f, &h));
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
	out->next_at = next_look(f, &h, out->wants_order);
}

void
domain_fallback(const struct domain_facts *f, struct fault *out)
{
	struct holdings h = look(f);

	fault_clear(out);
	if (!h.automatic && !h.wildcard)
		find_obstacle(f, out);
}
