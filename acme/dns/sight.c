#include "acme/dns/sight.h"

#include "acme/dns/evidence.h"

#define DNS_PORT 53

static json_t *
chain_json(const struct dns_answer *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->n_chain; i++) {
		json_t *o = json_object();

		json_put_str(o, "name", a->chain[i]);
		json_put_int(o, "ttl", a->chain_ttl_s[i]);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *
addresses_json(const struct dns_answer *a, const struct reach_target *target)
{
	json_t *list = json_array();
	char text[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < a->n_addresses; i++) {
		const struct addr *at = &a->addresses[i];
		json_t *o = json_object();

		json_put_str(o, "type",
		    address_family(at) == FAMILY_AAAA ? "AAAA" : "A");
		json_put_str(o, "address", addr_format_ip(at, text));
		json_put_bool(o, "ours", evidence_is_ours(at, target));
		json_put_int(o, "ttl", a->address_ttl_s[i]);
		json_array_append_new(list, o);
	}
	return list;
}

static const char *
sees(const struct dns_answer *a, const struct reach_target *target)
{
	size_t ours = 0;

	for (size_t i = 0; i < a->n_addresses; i++)
		ours += evidence_is_ours(&a->addresses[i], target);
	if (ours < a->n_addresses)
		return ours == 0 ? "elsewhere" : "both";
	if (a->a != DNS_OK || a->aaaa != DNS_OK)
		return dns_result_name(a->a != DNS_OK ? a->a : a->aaaa);
	return ours == 0 ? "nothing" : "us";
}

static void
put_seconds(json_t *o, const char *key, int s)
{
	json_put(o, key, s > 0 ? json_integer(s) : json_null());
}

static json_t *
answer_json(const struct dns_answer *a, const struct reach_target *target)
{
	char text[ADDR_TEXT_SIZE];
	json_t *o = json_object();

	json_put_str(o, "resolver",
	    addr_port(&a->resolver) == DNS_PORT
		? addr_format_ip(&a->resolver, text)
		: addr_format(&a->resolver, text));
	json_put_str(o, "sees", sees(a, target));
	json_put_str(o, "a", dns_result_name(a->a));
	json_put_str(o, "aaaa", dns_result_name(a->aaaa));
	json_put(o, "chain", chain_json(a));
	json_put(o, "addresses", addresses_json(a, target));
	put_seconds(o, "ttl", a->kept_s);
	put_seconds(o, "denial_ttl", a->denial_s);
	return o;
}

json_t *
sight_json(const struct dns_answer *answers, size_t n,
    const struct reach_target *target)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, answer_json(&answers[i], target));
	return list;
}
