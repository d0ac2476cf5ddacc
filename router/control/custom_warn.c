#include "router/control/custom_warn.h"

#include "base/clock.h"
#include "certs/lifetime.h"
#include "router/control/control.h"
#include "router/control/domain_json.h"
#include "router/control/event.h"

static void
explain(const struct domain *d, int64_t not_after, struct fault *out)
{
	char left[LIFETIME_TEXT_SIZE], date[CLOCK_TEXT_SIZE];

	if (d->fault.code == FAULT_C39_EXPIRING ||
	    d->fault.code == FAULT_C42_NO_REPLACEMENT)
		*out = d->fault;
	else
		fault_set(out, FAULT_C39_EXPIRING,
		    "The custom certificate ends %s, at %s",
		    lifetime_text(not_after, clock_now(), left),
		    clock_format(not_after, date));
}

enum err
custom_warn(struct control *c, const struct domain *d, const char *by)
{
	struct installation i;
	struct fault why = {0};
	struct event event = {
	    .name = "certificate.expiring",
	    .by = by,
	    .host = d->host,
	    .app = d->app,
	    .fault = &why,
	};
	enum err e = install_current(c->db, d->host, SLOT_CUSTOM, &i);

	if (e != ERR_OK)
		return e;
	explain(d, i.not_after, &why);
	event.domain = domain_json(c, d);
	event.certificate = installation_json(&i);
	installation_clear(&i);
	e = event_add(c->db, &event);
	if (e == ERR_OK)
		e = install_warned(c->db, d->host, SLOT_CUSTOM, clock_now());
	return e;
}
