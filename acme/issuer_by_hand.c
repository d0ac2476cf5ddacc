/* The part of acme/issuer.h for orders whose challenges somebody else serves.
 */
#include "acme/issuer_inside.h"
#include "base/mem.h"

void
issuer_on_waits(void *ctx, struct issuance *i, bool waits)
{
	struct issuer *is = ctx;

	if (waits == i->is_waiting_for_hands)
		return;
	i->is_waiting_for_hands = waits;
	i->seat->n_running += waits ? (size_t)-1 : 1;
	is->n_running += waits ? (size_t)-1 : 1;
	issuer_kick(is, 0);
}

bool
issuer_waits_for_hands(const struct issuer *is, const char *host)
{
	const struct issuance *i = map_get(&is->by_host, slice_str(host));

	return i != NULL && i->is_waiting_for_hands && !i->is_told;
}

bool
issuer_tell(struct issuer *is, const char *host, enum challenge_type type)
{
	struct issuance *i = map_get(&is->by_host, slice_str(host));

	if (i == NULL || (i->order != NULL && !i->order->by_hand) ||
	    (i->is_told && i->by_hand == NULL))
		return false;
	i->is_told = true; /* it may not have come so far again */
	i->told = type;
	if (i->by_hand != NULL)
		by_hand_tell(i->by_hand, type);
	return true;
}
