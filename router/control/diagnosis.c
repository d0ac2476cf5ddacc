#include "router/control/diagnosis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/schedule.h"
#include "base/clock.h"
#include "base/host.h"
#include "base/map.h"
#include "base/mem.h"
#include "router/control/control.h"
#include "router/control/domain.h"
#include "router/control/domain_check.h"
#include "router/control/event.h"
#include "router/control/platform.h"

#define DAILY_S INT64_C(86400)

/* What was seen of a host that is no domain. */
struct memory {
	bool reaches;
	struct fault fault;
	char *records, *sight;
	char host[HOST_SIZE];
};

struct diagnoses {
	struct map by_host;
	struct memory ring[DIAGNOSES_MAX];
	size_t next;
};

/* --- hosts that are no domains -------------------------------------------- */

struct diagnoses *
diagnoses_new(void)
{
	struct diagnoses *all = xcalloc(1, sizeof(*all));

	map_init(&all->by_host, DIAGNOSES_MAX);
	return all;
}

void
diagnoses_free(struct diagnoses *all)
{
	if (all == NULL)
		return;
	map_clear(&all->by_host);
	for (size_t i = 0; i < DIAGNOSES_MAX; i++) {
		free(all->ring[i].records);
		free(all->ring[i].sight);
	}
	free(all);
}

static void
remember(struct diagnoses *all, const struct diagnosis *d)
{
	struct memory *m = map_get(&all->by_host, slice_str(d->host));

	if (m == NULL) {
		m = &all->ring[all->next++ % DIAGNOSES_MAX];
		if (m->records != NULL)
			map_remove(&all->by_host, slice_str(m->host));
		(void)snprintf(m->host, sizeof(m->host), "%s", d->host);
		(void)map_put(&all->by_host, slice_str(m->host), m);
	}
	free(m->records);
	free(m->sight);
	m->records = xstrdup(d->records);
	m->sight = xstrdup(d->sight);
	m->reaches = d->reaches;
	m->fault = *d->fault;
}

static bool
recall(const struct diagnoses *all, const char *host, struct diagnosis *out)
{
	const struct memory *m = map_get(&all->by_host, slice_str(host));

	if (m == NULL)
		return false;
	*out = (struct diagnosis){
	    m->host, m->reaches, &m->fault, m->records, m->sight};
	return true;
}

/* --- domains -------------------------------------------------------------- */

/* JSON, which the caller frees; NULL: nobody looked. */
static char *
load_sight(struct control *c, int64_t domain_id)
{
	static const char sql[] = "SELECT sight FROM domain WHERE id = ?1"
				  " AND sight IS NOT NULL";
	struct stmt *s = db_stmt(c->db, sql);
	char *text = NULL;

	stmt_int(s, 1, domain_id);
	if (stmt_step(s) == ERR_OK)
		text = xstrdup_slice(stmt_get(s, 0));
	stmt_done(s);
	return text;
}

static enum err
save_sight(struct control *c, int64_t domain_id, const char *sight)
{
	/* CAA is looked at for people only: what it said last is kept */
	static const char sql[] =
	    "UPDATE domain SET sight = CASE"
	    " WHEN json_type(?2, '$.caa') IS NULL AND sight IS NOT NULL"
	    " THEN json_set(?2, '$.caa',"
	    " json(ifnull(json_extract(sight, '$.caa'), 'null')))"
	    " ELSE ?2 END WHERE id = ?1";
	struct stmt *s = db_stmt(c->db, sql);

	stmt_int(s, 1, domain_id);
	stmt_str(s, 2, sight);
	return stmt_run(s);
}

bool
diagnosis_is_fronted(void *ctx, const char *host)
{
	static const char sql[] = "SELECT json_extract(sight, '$.cdn') FROM"
				  " domain WHERE host = ?1";
	struct control *c = ctx;
	struct stmt *s = db_stmt(c->db, sql);
	bool is = false;

	stmt_str(s, 1, host);
	if (stmt_step(s) == ERR_OK)
		is = stmt_get_int(s, 0) != 0;
	stmt_done(s);
	return is;
}

/* No answer is not the answer that the name points elsewhere; nor is the bad
 * hour of a CDN. */
static bool
is_inconclusive(struct control *c, const struct domain *d, const struct look *k)
{
	switch ((int)k->seen.fault->code) {
	case FAULT_D15_SERVFAIL:
	case FAULT_D16_TIMEOUT:
	case FAULT_D17_REFUSED:
	case FAULT_D21_DNSSEC:
		return true;
	case FAULT_D12_ELSEWHERE:
		return !k->is_answered && diagnosis_is_fronted(c, d->host);
	default:
		return false;
	}
}

/* What is known of it holds until there is another answer; but what CAs will
 * refuse is told. */
static const char *
keep(struct domain *d, const struct fault *f)
{
	if (f->code == FAULT_D21_DNSSEC)
		d->dns_fault = *f;
	return NULL;
}

static const char *
lose(struct domain *d, const struct fault *f, int64_t now)
{
	bool is_news = d->dns == DOMAIN_DNS_OK;

	d->dns = DOMAIN_DNS_LOST;
	fault_set(&d->dns_fault, FAULT_D20_LOST,
	    "The name no longer points here: %s", f->text);
	fault_action(&d->dns_fault, "%s", f->action);
	if (!is_news)
		return NULL;
	d->touched_at = now; /* somebody is at it, or hears of it now */
	return "domain.dns_lost";
}

static const char *
win(struct domain *d)
{
	bool is_news = d->dns != DOMAIN_DNS_OK;

	d->dns = DOMAIN_DNS_OK;
	fault_clear(&d->dns_fault);
	/* what failed may have failed by this; CAA is asked for again before
	 * the CA hears of it */
	if (is_news || d->order_fault.code == FAULT_A15_CAA) {
		d->retry_at = 0;
		d->needs_person = false;
	}
	return is_news ? "domain.dns_ok" : NULL;
}

/* The platform's own names are not looked at as if a person waited. */
static int64_t
interval_of(const struct control *c, const struct domain *d)
{
	int64_t s = c->config.dns.check_interval_ms / 1000;

	return d->is_platform && s < PLATFORM_CHECK_S ? PLATFORM_CHECK_S : s;
}

/* Puts what was seen into the domain's facts; returns the event's name, NULL
 * when nothing turned. */
static const char *
apply(struct control *c, struct domain *d, const struct look *k)
{
	const struct fault *f = k->seen.fault;
	int64_t now = clock_now();
	const char *event = NULL;

	d->dns_checked_at = now;
	if (k->seen.reaches)
		event = win(d);
	else if (d->dns == DOMAIN_DNS_PENDING)
		d->dns_fault = *f;
	else if (is_inconclusive(c, d, k))
		event = keep(d, f);
	else
		event = lose(d, f, now);
	d->check_at =
	    now + schedule_check(interval_of(c, d), d->touched_at, now);
	if (k->seen.reaches)
		d->check_at = now + DAILY_S - schedule_jitter(d->host);
	free(d->records);
	d->records = xstrdup(d->dns == DOMAIN_DNS_OK ? "[]" : k->seen.records);
	return event;
}

enum err
diagnosis_write(struct control *c, struct diagnoses *all, const struct look *k)
{
	const char *event;
	struct domain d;
	enum err e = domain_load(c, k->seen.host, &d, NULL);

	if (e == ERR_NOT_FOUND) {
		remember(all, &k->seen);
		return ERR_OK;
	}
	if (e != ERR_OK)
		return e;
	event = apply(c, &d, k);
	e = domain_settle(c, &d, EVENT_BY_ITSELF);
	if (e == ERR_OK)
		e = save_sight(c, d.id, k->seen.sight);
	if (e == ERR_OK && event != NULL)
		e = domain_event(c, &d, event, EVENT_BY_ITSELF, NULL);
	if (d.serving == SERVING_CUSTOM)
		change_fallback(c, d.host);
	domain_unload(&d);
	return e;
}

/* --- for people ----------------------------------------------------------- */

static json_t *
parsed(const char *text, json_t *otherwise)
{
	json_t *o;

	if (text == NULL || json_parse(slice_str(text), &o, NULL) != ERR_OK)
		return otherwise;
	json_decref(otherwise);
	return o;
}

static json_t *
describe(const struct diagnosis *d, bool eligible, const char *message)
{
	json_t *o = json_object(), *sight = parsed(d->sight, json_object());
	const char *note = json_str(sight, "note");

	if (message == NULL)
		message = !d->reaches       ? d->fault->text
			  : note[0] != '\0' ? note
					    : "The name reaches us";
	json_put_str(o, "host", d->host);
	json_put_bool(o, "eligible", eligible);
	json_put_str(o, "message", message);
	json_put(o, "fault", json_fault(d->fault));
	json_put(o, "records", parsed(d->records, json_array()));
	(void)json_object_del(sight, "note");
	(void)json_object_update(o, sight);
	json_decref(sight);
	return o;
}

json_t *
diagnosis_json(const struct diagnosis *d)
{
	return describe(d, d->reaches, NULL);
}

static json_t *
last_of_domain(struct control *c, const struct domain *d)
{
	bool is_set_up =
	    d->status == DOMAIN_IN_USE || d->status == DOMAIN_NOT_USED;
	bool reaches = d->dns == DOMAIN_DNS_OK;
	char *sight = load_sight(c, d->id);
	struct diagnosis seen = {
	    d->host, reaches, &d->dns_fault, d->records, sight};
	json_t *o = describe(&seen, reaches && !is_set_up,
	    is_set_up ? "The domain is set up already" : NULL);

	free(sight);
	return o;
}

void
diagnosis_add(struct control *c, const char *host, json_t *domain)
{
	static const char *const keys[] = {"resolvers", "cached_for"};
	json_t *seen = diagnosis_last(c, host), *value;

	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		value = json_object_get(seen, keys[i]);
		if (value != NULL)
			json_put(domain, keys[i], json_incref(value));
	}
	json_decref(seen);
}

json_t *
diagnosis_last(struct control *c, const char *host)
{
	const struct fault none = {0};
	struct diagnosis seen;
	struct domain d;
	char *records;
	json_t *o;

	if (domain_load(c, host, &d, NULL) == ERR_OK) {
		o = last_of_domain(c, &d);
		domain_unload(&d);
		return o;
	}
	if (recall(checks_diagnoses(c), host, &seen))
		return describe(&seen, seen.reaches, NULL);
	records = checks_records(c, host);
	seen = (struct diagnosis){host, false, &none, records, NULL};
	o = describe(
	    &seen, false, "Nobody has looked yet; POST .../check does");
	free(records);
	return o;
}
