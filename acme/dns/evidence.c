#include "acme/dns/evidence.h"

enum family
address_family(const struct addr *a)
{
	return a->u.sa.sa_family == AF_INET6 ? FAMILY_AAAA : FAMILY_A;
}

static bool
is_among(const struct addr *a, const struct addr *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (addr_eq_ip(a, &list[i]))
			return true;
	return false;
}

bool
evidence_is_ours(const struct addr *a, const struct reach_target *t)
{
	return is_among(a, t->addresses, t->n_addresses) ||
	       is_among(a, t->resolved, t->n_resolved) ||
	       is_among(a, t->retired, t->n_retired);
}

static void
add_address(struct evidence *e, const struct addr *a, bool ours)
{
	struct evidence_address *slot;
	enum family family = address_family(a);

	for (size_t i = 0; i < e->n_addresses; i++)
		if (addr_eq_ip(a, &e->addresses[i].addr))
			return;
	if (e->n_addresses == EVIDENCE_ADDRESSES_MAX)
		return;
	slot = &e->addresses[e->n_addresses++];
	*slot = (struct evidence_address){*a, family, ours};
	if (ours)
		e->n_ours[family]++;
	else
		e->n_foreign[family]++;
}

/* How much a failure tells of the name, rather than of the way to it. */
static int
telling(enum dns_result r)
{
	switch (r) {
	case DNS_OK:
		return 0;
	case DNS_TIMEOUT:
		return 1;
	case DNS_MALFORMED:
		return 2;
	case DNS_REFUSED:
		return 3;
	case DNS_SERVFAIL:
		return 4;
	case DNS_BOGUS:
		return 5;
	case DNS_NXDOMAIN:
		return 6;
	case DNS_LOOP:
		return 7;
	}
	return 0;
}

static void
add_failure(struct evidence *e, enum dns_result r)
{
	if (telling(r) > telling(e->failure))
		e->failure = r;
}

static void
add_answer(struct evidence *e, const struct dns_answer *answer,
    const struct reach_target *target)
{
	bool is_whole = answer->a == DNS_OK && answer->aaaa == DNS_OK;
	bool has_foreign = false;

	for (size_t i = 0; i < answer->n_addresses; i++) {
		bool ours = evidence_is_ours(&answer->addresses[i], target);

		has_foreign |= !ours;
		add_address(e, &answer->addresses[i], ours);
	}
	if (e->cname[0] == '\0' && answer->n_chain > 0) {
		e->cname = answer->chain[0];
		e->end = answer->chain[answer->n_chain - 1];
	}
	if (has_foreign &&
	    (e->wrong == NULL || answer->kept_s > e->wrong->kept_s))
		e->wrong = answer;
	if (is_whole && answer->n_addresses > 0) {
		e->is_seen = true;
		if (!has_foreign && e->right == NULL)
			e->right = answer;
	} else if (is_whole) {
		e->is_empty = true;
	}
	if (answer->kept_s > e->cached_s)
		e->cached_s = answer->kept_s;
	e->is_bogus |= answer->a == DNS_BOGUS || answer->aaaa == DNS_BOGUS;
	add_failure(e, answer->a);
	add_failure(e, answer->aaaa);
}

void
evidence_collect(const struct dns_answer *answers, size_t n_answers,
    const struct reach_target *target, struct evidence *out)
{
	*out = (struct evidence){.cname = "", .end = ""};
	for (size_t i = 0; i < n_answers; i++)
		add_answer(out, &answers[i], target);
	if (n_answers == 0)
		out->failure = DNS_TIMEOUT;
}
