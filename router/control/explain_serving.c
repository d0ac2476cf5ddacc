#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/control/control.h"
#include "router/control/domain_json.h"
#include "router/control/explain.h"

static const char *
from_text(enum candidate_source source)
{
	static const char *const texts[] = {
	    [CANDIDATE_CUSTOM] = "custom",
	    [CANDIDATE_AUTOMATIC] = "automatic",
	    [CANDIDATE_WILDCARD] = "wildcard",
	    [CANDIDATE_PLATFORM] = "platform",
	};
	return texts[source];
}

/* Why it is not what visitors get; `best` is. */
static const char *
why_not(const struct candidate *a, const struct candidate *best, int64_t now)
{
	static const char *const beaten_by[] = {
	    [CANDIDATE_CUSTOM] = "it stands by: a custom certificate goes "
				 "before it",
	    [CANDIDATE_AUTOMATIC] = "it stands by: a newer automatic one goes "
				    "before it",
	    [CANDIDATE_WILDCARD] = "it stands by: the wildcard's goes before "
				   "it",
	    [CANDIDATE_PLATFORM] = "it stands by: the platform's own goes "
				   "before it",
	};

	if (!a->covers)
		return "it does not cover this name";
	if (now < a->not_before)
		return "it is not valid yet";
	if (now > a->not_after)
		return "it has expired";
	if (best->source == CANDIDATE_AUTOMATIC &&
	    a->source != CANDIDATE_AUTOMATIC)
		return "it stands by: the name's own certificate goes before "
		       "it";
	return beaten_by[best->source];
}

static const char *
why_chosen(const struct candidate *a, const struct choice *choice)
{
	if (choice->is_outside_validity)
		return "nothing valid is there, and it is better than nothing";
	switch (a->source) {
	case CANDIDATE_CUSTOM:
		return "a valid custom certificate goes before all others";
	case CANDIDATE_AUTOMATIC:
		return "it is the newest valid automatic certificate, and no "
		       "valid custom one is there";
	case CANDIDATE_WILDCARD:
		return "the name has no valid certificate of its own, and the "
		       "app's wildcard covers it";
	case CANDIDATE_PLATFORM:
		return "the name is the platform's own";
	}
	return "";
}

/* The installation that a candidate stands for, as a certificate; null when
 * that is gone. */
static json_t *
certificate(struct control *c, const char *host, int64_t certificate_id)
{
	static const char sql[] =
	    "SELECT host, number FROM installation WHERE certificate_id = ?1"
	    " ORDER BY host = ?2 DESC, id DESC LIMIT 1";
	struct stmt *s = db_stmt(c->db, sql);
	struct installation i;
	char owner[HOST_SIZE];
	json_t *o = json_null();
	int64_t number;

	stmt_int(s, 1, certificate_id);
	stmt_str(s, 2, host);
	if (stmt_step(s) != ERR_OK)
		return o;
	(void)snprintf(owner, sizeof(owner), "%s", stmt_get_str(s, 0));
	number = stmt_get_int(s, 1);
	stmt_done(s);
	if (install_get(c->db, owner, number, &i) == ERR_OK) {
		o = installation_json(&i);
		installation_clear(&i);
	}
	return o;
}

json_t *
explain_serving(
    struct control *c, const struct domain *d, const struct domain_facts *f)
{
	struct choice choice = choose(f->candidates, f->n_candidates, f->now);
	json_t *o = json_object(), *list = json_array();

	for (size_t i = 0; i < f->n_candidates; i++) {
		const struct candidate *a = &f->candidates[i];
		bool is_chosen = i == choice.index;
		json_t *item = json_object();

		json_put_bool(item, "chosen", is_chosen);
		json_put_str(item, "from", from_text(a->source));
		json_put_str(item, "why",
		    is_chosen ? why_chosen(a, &choice)
		    : choice.index < f->n_candidates
			? why_not(a, &f->candidates[choice.index], f->now)
			: "it does not cover this name");
		json_put(item, "certificate",
		    certificate(c, d->host, a->certificate_id));
		json_array_append_new(list, item);
	}
	json_put_str(o, "serving", serving_text(choice.serving));
	json_put_bool(o, "is_valid",
	    choice.index < f->n_candidates && !choice.is_outside_validity);
	json_put(o, "candidates", list);
	return o;
}

/* --- what happens next ----------------------------------------------------
 */

static void add(json_t *list, int64_t at, const char *what, const char *fmt,
    ...) PRINTF(4, 5);

/* In its place by time. */
static void
add(json_t *list, int64_t at, const char *what, const char *fmt, ...)
{
	char text[FAULT_TEXT_SIZE], when[CLOCK_TEXT_SIZE];
	json_t *o = json_object();
	size_t place = 0;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_put_time(o, "at", at);
	json_put_str(o, "what", what);
	json_put_str(o, "text", text);
	clock_format(at, when);
	while (place < json_array_size(list) &&
	       strcmp(json_str(json_array_get(list, place), "at"), when) <= 0)
		place++;
	json_array_insert_new(list, place, o);
}

/* The next certificate: what it waits for. */
static void
add_order(json_t *list, const struct domain *d, const struct domain_facts *f,
    const struct domain_verdict *v)
{
	if (f->order_open)
		add(list, f->now, "order", "an order is under way");
	else if (v->wants_order)
		add(list, f->now, "order", "a certificate is ordered");
	else if (d->needs_person && f->retry_at > f->now)
		add(list, f->retry_at, "order",
		    "it is tried again, in case a person has acted by then");
	else if (fault_is_set(&d->order_fault) && f->retry_at > f->now)
		add(list, f->retry_at, "order",
		    "the next order, after %d failure%s in a row", d->failures,
		    d->failures == 1 ? "" : "s");
	if (f->automatic && f->renew_at > f->now)
		add(list, f->renew_at, "renewal",
		    "the automatic certificate is renewed");
}

/* The next second at which visitors get something else, past those at which a
 * certificate that is not served ends; 0: never. */
static int64_t
switches_at(const struct domain_facts *f, struct choice *then)
{
	struct choice now = choose(f->candidates, f->n_candidates, f->now);
	int64_t at = f->now;

	do {
		at = choose_changes_at(f->candidates, f->n_candidates, at);
		*then = choose(f->candidates, f->n_candidates, at);
	} while (at != 0 && now.index == then->index &&
		 now.is_outside_validity == then->is_outside_validity);
	return at;
}

static void
add_switch(json_t *list, const struct domain_facts *f)
{
	struct choice then;
	int64_t at = switches_at(f, &then);

	if (at == 0)
		return;
	if (then.is_outside_validity)
		add(list, at, "switch",
		    "what is served expires, unless another one is there by "
		    "then");
	else
		add(list, at, "switch", "visitors get the %s certificate",
		    serving_text(then.serving));
}

json_t *
explain_next(const struct domain *d, const struct domain_facts *f)
{
	struct domain_verdict v;
	json_t *list = json_array();

	domain_derive(f, &v);
	if (v.status == DOMAIN_ACTION_REQUIRED)
		add(list, f->now, "needs_person",
		    "nothing changes until a person acts");
	if (f->check_at != 0)
		add(list, f->check_at > f->now ? f->check_at : f->now,
		    "dns_check", "DNS is looked at again");
	add_order(list, d, f, &v);
	if (f->expiring_at > f->now)
		add(list, f->expiring_at, "expiring",
		    "the custom certificate counts as expiring%s",
		    f->automatic ? ", and an automatic one is ordered ahead "
				   "of its end"
				 : "");
	add_switch(list, f);
	return list;
}
