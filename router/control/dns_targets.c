#include "router/control/dns_targets.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

/* Nothing is asked again within seconds, nor believed for long. */
#define FRESH_MIN_S     5
#define FRESH_MAX_S     300
#define FRESH_FAILURE_S 2

void
dns_targets_init(struct dns_targets *t)
{
	map_init(&t->entries, DNS_TARGETS_MAX);
}

void
dns_targets_clear(struct dns_targets *t)
{
	struct slice key;
	void *value;
	size_t at = 0;

	while (map_next(&t->entries, &at, &key, &value))
		free(value);
	map_clear(&t->entries);
}

const struct dns_target *
dns_targets_get(const struct dns_targets *t, const char *name)
{
	const struct dns_target *e = map_get(&t->entries, slice_str(name));

	return e != NULL && clock_now() < e->until ? e : NULL;
}

static bool
has(const struct dns_target *e, const struct addr *a)
{
	for (size_t i = 0; i < e->n; i++)
		if (addr_eq_ip(&e->addresses[i], a))
			return true;
	return false;
}

static void
add_answer(struct dns_target *e, const struct dns_answer *a)
{
	for (size_t i = 0; i < a->n_addresses; i++)
		if (e->n < DNS_ADDRESSES_MAX && !has(e, &a->addresses[i]))
			e->addresses[e->n++] = a->addresses[i];
}

void
dns_targets_put(struct dns_targets *t, const char *name,
    const struct dns_answer *answers, size_t n)
{
	struct dns_target *e = map_get(&t->entries, slice_str(name));
	int64_t fresh_s = FRESH_MAX_S;

	if (e == NULL) {
		e = xcalloc(1, sizeof(*e));
		if (map_put(&t->entries, slice_str(name), e) != ERR_OK) {
			/* full: forget all, they are quickly asked again */
			dns_targets_clear(t);
			dns_targets_init(t);
			if (map_put(&t->entries, slice_str(name), e) !=
			    ERR_OK) {
				free(e);
				return;
			}
		}
	}
	e->n = 0;
	for (size_t i = 0; i < n; i++) {
		add_answer(e, &answers[i]);
		if (answers[i].ttl_s > 0 && answers[i].ttl_s < fresh_s)
			fresh_s = answers[i].ttl_s;
	}
	if (fresh_s < FRESH_MIN_S)
		fresh_s = FRESH_MIN_S;
	e->until = clock_now() + (e->n == 0 ? FRESH_FAILURE_S : fresh_s);
}
