#include "router/control/api_budget.h"

#include "acme/ledger_rows.h"
#include "base/clock.h"
#include "router/control/control.h"
#include "router/control/domain_order.h"

#define BUSIEST_SHOWN 10

static struct ledger_ca
ledger_of(const struct issuer_ca_status *ca)
{
	return (struct ledger_ca){ca->directory, ca->limits};
}

/* For the whole account, not for each name or domain. */
static bool
is_of_account(enum ledger_rule rule)
{
	return rule == LEDGER_ORDERS || rule == LEDGER_ACCOUNTS;
}

static void
add_entry(void *ctx, const struct ledger_entry *e)
{
	json_t *o = json_object();

	json_put_str(o, "limit", ledger_rule_text(e->rule));
	json_put_str(o, "title", ledger_rule_title(e->rule));
	json_put_str(o, "subject", e->subject[0] == '\0' ? NULL : e->subject);
	json_put_int(o, "used", e->used);
	if (e->burst > 0) {
		json_put_int(o, "left", e->burst - e->used);
		json_put_int(o, "allowed", e->burst);
		json_put_int(o, "period", e->period_s);
	} else {
		json_put_int(o, "left", 0);
		json_put(o, "allowed", json_null());
		json_put(o, "period", json_null());
	}
	json_put_time(o, "next_at", e->next_at);
	json_array_append_new(ctx, o);
}

json_t *
api_budget_json(struct control *c, const struct issuer_ca_status *ca)
{
	struct ledger_ca ledger = ledger_of(ca);
	json_t *list = json_array();

	for (int i = 0; i < LEDGER_RULES; i++) {
		enum ledger_rule rule = (enum ledger_rule)i;

		if (is_of_account(rule) && ca->limits->of[rule].burst > 0) {
			struct ledger_entry e =
			    ledger_entry_of(c->db, &ledger, rule, "");

			add_entry(list, &e);
		} else if (!is_of_account(rule)) {
			ledger_busiest(c->db, &ledger, rule, BUSIEST_SHOWN,
			    add_entry, list);
		}
	}
	return list;
}

json_t *
api_budget_of_host(struct control *c, const char *host)
{
	json_t *o = json_object();
	struct issuer_status status;
	struct ledger_order order;

	if (c->issuer == NULL)
		return o;
	issuer_status(c->issuer, &status);
	order = (struct ledger_order){
	    &host, 1, domain_order_is_renewal(c, host), false};
	for (int i = 0; i < CA_SEATS; i++) {
		struct ledger_ca ledger = ledger_of(&status.ca[i]);
		json_t *list;

		if (!status.ca[i].is_there)
			continue;
		list = json_array();
		ledger_of_order(c->db, &ledger, &order, add_entry, list);
		json_put(o, ledger.directory, list);
	}
	return o;
}

static void
take_left(void *ctx, const struct ledger_entry *e)
{
	int64_t *left = ctx;

	*left = e->burst - e->used;
}

bool
api_budget_left(struct control *c, enum ledger_rule rule, int64_t *left)
{
	struct issuer_status status;
	struct ledger_ca ledger;

	if (c->issuer == NULL || rule == LEDGER_TOLD)
		return false;
	issuer_status(c->issuer, &status);
	ledger = ledger_of(&status.ca[CA_FIRST]);
	*left = ledger.limits->of[rule].burst;
	if (*left > 0)
		ledger_busiest(c->db, &ledger, rule, 1, take_left, left);
	return ledger.limits->of[rule].burst > 0;
}
