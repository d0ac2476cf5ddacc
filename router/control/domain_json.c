#include "router/control/domain_json.h"

#include "acme/ca_choice.h"
#include "base/clock.h"
#include "base/mem.h"
#include "router/control/control.h"
#include "router/control/name_set.h"
#include "router/control/renewals.h"

json_t *
installation_json(const struct installation *i)
{
	char fingerprint[FINGERPRINT_TEXT_SIZE];
	json_t *o = json_object(), *names;

	json_put_int(o, "number", i->number);
	json_put_str(o, "source", slot_text(i->slot));
	json_put_str(o, "common_name", i->common_name);
	if (json_parse(slice_str(i->names), &names, NULL) != ERR_OK)
		names = json_array();
	json_put(o, "names", names);
	json_put_str(o, "issuer", i->issuer);
	json_put_time(o, "not_before", i->not_before);
	json_put_time(o, "not_after", i->not_after);
	json_put_str(o, "serial", i->serial);
	json_put_str(o, "fingerprint_sha256",
	    fingerprint_text(i->fingerprint, fingerprint));
	json_put_str(o, "key_type", i->key_type);
	json_put_int(o, "chain_length", i->chain_length);
	json_put_bool(o, "trusted", i->trusted);
	json_put_str(o, "trust_fault",
	    i->trust_fault[0] == '\0' ? NULL : i->trust_fault);
	json_put(o, "predecessor",
	    i->predecessor == 0 ? json_null() : json_integer(i->predecessor));
	json_put_time(o, "revoked_at", i->revoked_at);
	json_put_time(o, "installed_at", i->installed_at);
	json_put_time(o, "removed_at", i->removed_at);
	json_put_str(o, "installed_by", i->installed_by);
	return o;
}

/* The installation of the chosen candidate; a wildcard's is the wildcard's. */
static enum err
served(struct control *c, const struct domain *d, struct installation *out)
{
	struct candidate candidates[CANDIDATES_MAX];
	struct domain_facts f = domain_look(c, d, candidates);
	struct choice choice = choose(candidates, f.n_candidates, f.now);
	char wildcard[HOST_SIZE + 2];
	const char *host = d->host;
	enum err e;

	if (choice.index >= f.n_candidates)
		return ERR_NOT_FOUND;
	if (candidates[choice.index].source == CANDIDATE_WILDCARD ||
	    candidates[choice.index].source == CANDIDATE_PLATFORM) {
		domain_wildcard_of(d->host, wildcard);
		host = wildcard;
	}
	for (int slot = SLOT_CUSTOM; slot <= SLOT_AUTOMATIC; slot++) {
		e = install_current(c->db, host, (enum slot)slot, out);
		if (e != ERR_OK)
			continue;
		if (out->certificate_id ==
		    candidates[choice.index].certificate_id)
			return ERR_OK;
		installation_clear(out);
	}
	/* the automatic one before a newer that is not valid yet */
	return ERR_NOT_FOUND;
}

json_t *
served_json(struct control *c, const struct domain *d)
{
	struct installation i;
	json_t *o;

	if (served(c, d, &i) != ERR_OK)
		return NULL;
	o = installation_json(&i);
	installation_clear(&i);
	return o;
}

static int64_t
next_attempt(const struct domain *d)
{
	if (d->status == DOMAIN_PENDING_DNS)
		return d->check_at;
	if ((d->status == DOMAIN_CREATING || fault_is_set(&d->order_fault)) &&
	    d->retry_at > clock_now())
		return d->retry_at;
	return d->dns == DOMAIN_DNS_LOST ? d->check_at : 0;
}

json_t *
fallback_json(const struct fault *why)
{
	json_t *o = json_object();

	json_put_bool(o, "ready", !fault_is_set(why));
	json_put(o, "fault", json_fault(why));
	return o;
}

/* What is known of it without asking anybody; null: no custom certificate is
 * served. */
static json_t *
known_fallback(struct control *c, const struct domain *d)
{
	struct candidate candidates[CANDIDATES_MAX];
	struct domain_facts facts;
	struct domain_verdict v;
	struct fault why;
	json_t *o;

	if (d->serving != SERVING_CUSTOM)
		return json_null();
	facts = domain_look(c, d, candidates);
	domain_fallback(&facts, &why);
	domain_derive(&facts, &v);
	o = fallback_json(&why);
	json_put_bool(o, "stands_by", v.fallback_ready);
	return o;
}

json_t *
domain_json(struct control *c, const struct domain *d)
{
	json_t *o = json_object(), *records = NULL, *certificate;
	struct slice list = slice_str(d->records == NULL ? "[]" : d->records);
	int64_t expires_at = 0;

	if (json_parse(list, &records, NULL) != ERR_OK)
		records = json_array();
	certificate = served_json(c, d);
	if (certificate == NULL ||
	    clock_parse(slice_str(json_str(certificate, "not_after")),
		&expires_at) != ERR_OK)
		expires_at = 0;
	json_put_str(o, "host", d->host);
	json_put_str(o, "app", d->app);
	json_put_str(o, "origin", d->origin);
	json_put_bool(o, "automatic", d->automatic);
	json_put_str(o, "ca", wish_ca_text(d->ca));
	json_put_str(o, "reference", d->reference);
	json_put_str(o, "status", domain_status_text(d->status));
	json_put_time(o, "status_since", d->status_at);
	json_put_str(o, "dns", domain_dns_text(d->dns));
	json_put_time(o, "dns_checked_at", d->dns_checked_at);
	json_put_str(o, "serving", serving_text(d->serving));
	json_put_time(o, "expires_at", expires_at);
	json_put_time(o, "renews_at", d->renew_at);
	json_put_time(o, "next_attempt_at", next_attempt(d));
	json_put(o, "renewal", renewals_json(c, d->host));
	json_put(o, "fault", json_fault(&d->fault));
	json_put(o, "fallback", known_fallback(c, d));
	json_put(o, "records", records);
	json_put(o, "set", name_set_brief(c, d->host));
	json_put_time(o, "created_at", d->created_at);
	json_put(
	    o, "certificate", certificate == NULL ? json_null() : certificate);
	return o;
}
