#include "router/control/domain_order.h"

#include <sys/random.h>

#include <string.h>

#include "acme/schedule.h"
#include "base/clock.h"
#include "base/mem.h"
#include "certs/prove.h"
#include "router/control/control.h"
#include "router/control/domain.h"
#include "router/control/domain_ca.h"
#include "router/control/domain_json.h"
#include "router/control/event.h"

/* Orders that wait in memory, for each one in flight; the others wait in the
 * store. */
#define WAITING_FACTOR 4
#define PERSON_AGAIN_S INT64_C(86400)
#define JITTERED_S     30 /* spreads those that found no room */

/* A number for a key that has no row yet (certs/keyring.h). */
static uint64_t
passing_id(void)
{
	uint64_t id = 0;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		die("no random bytes");
	return (id & ~(UINT64_C(1) << 63)) | (UINT64_C(1) << 62);
}

static void
put_off(struct control *c, const char *host)
{
	static const char sql[] =
	    "UPDATE domain SET next_at = ?2 WHERE host = ?1";
	struct fault f = {0};
	struct stmt *s;

	if (change_begin(c, &f) != ERR_OK)
		return;
	s = db_stmt(c->db, sql);
	stmt_str(s, 1, host);
	stmt_int(s, 2, clock_now() + 5 + schedule_jitter(host) % JITTERED_S);
	if (stmt_run(s) != ERR_OK || change_commit(c, &f) != ERR_OK)
		change_abort(c);
}

static void
on_failed(void *ctx, int64_t order_id, const char *host, const struct fault *f,
    int64_t retry_at, bool needs_person)
{
	struct control *c = ctx;
	struct fault away = {0};
	struct domain d;
	int64_t now = clock_now(), delay;

	(void)order_id;
	if (change_begin(c, &away) != ERR_OK)
		return;
	if (domain_load(c, host, &d, &away) != ERR_OK) {
		change_abort(c);
		return;
	}
	c->orders.failed++;
	d.failures++;
	delay = schedule_backoff(d.failures);
	if (needs_person && delay < PERSON_AGAIN_S)
		delay = PERSON_AGAIN_S;
	d.retry_at = retry_at > now ? retry_at : now + delay;
	d.order_fault = *f;
	d.needs_person = needs_person;
	if (domain_settle(c, &d, EVENT_BY_ITSELF) != ERR_OK ||
	    domain_event(c, &d, "certificate.fail", EVENT_BY_ITSELF, NULL) !=
		ERR_OK ||
	    change_commit(c, &away) != ERR_OK)
		change_abort(c);
	domain_unload(&d);
}

/* The end of what its automatic slot holds; 0: nothing. */
static int64_t
automatic_until(struct control *c, const char *host)
{
	struct installation i;
	int64_t not_after;

	if (install_current(c->db, host, SLOT_AUTOMATIC, &i) != ERR_OK)
		return 0;
	not_after = i.not_after;
	installation_clear(&i);
	return not_after;
}

void
domain_order_start(struct control *c, const char *host)
{
	struct order_wish wish = {.names = &host, .n_names = 1};
	struct issuer_status status;
	struct fault f = {0};

	if (c->issuer == NULL || issuer_has_order(c->issuer, host))
		return;
	issuer_status(c->issuer, &status);
	if (status.in_flight + status.waiting >=
	    (size_t)c->config.acme.max_orders * WAITING_FACTOR) {
		put_off(c, host);
		return;
	}
	wish.ca = domain_ca_of(c, host);
	wish.needed_at = automatic_until(c, host);
	wish.is_renewal = wish.needed_at != 0;
	if (issuer_order(c->issuer, &wish, &f) != ERR_OK)
		on_failed(
		    c, 0, host, &f, 0, f.code == FAULT_A27_NO_USABLE_CHALLENGE);
}

/* The domain was removed meanwhile: the certificate is kept all the same, it
 * is there when the domain comes back. */
static enum err
store(struct control *c, const char *host, const struct chain *chain,
    struct slice sealed, int64_t *number)
{
	struct fault why = {0};
	bool trusted = chain_is_trusted(chain, c->trust, clock_now(), &why);
	int64_t id;
	enum err e;

	e = install_certificate(
	    c->db, chain, sealed, trusted, trusted ? "" : why.text, &id);
	if (e == ERR_OK)
		e = install_put(
		    c->db, host, SLOT_AUTOMATIC, id, EVENT_BY_ITSELF, number);
	return e;
}

static enum err
take(struct control *c, struct domain *d, bool renews)
{
	struct installation i;
	enum err e;

	d->failures = 0;
	d->retry_at = 0;
	d->needs_person = false;
	fault_clear(&d->order_fault);
	e = domain_certificate_changed(c, d);
	if (e == ERR_OK)
		e = domain_settle(c, d, EVENT_BY_ITSELF);
	if (e == ERR_OK)
		e = install_current(c->db, d->host, SLOT_AUTOMATIC, &i);
	if (e != ERR_OK)
		return e;
	e = domain_event(c, d,
	    renews ? "certificate.renew" : "certificate.issue", EVENT_BY_ITSELF,
	    installation_json(&i));
	installation_clear(&i);
	return e;
}

/* Keys that are away come back; what a handshake refuses it refuses again. */
static enum err
prove_issued(struct control *c, const char *host, const struct chain *chain,
    struct slice sealed, struct fault *unfit)
{
	struct key_ref key = {passing_id(), KEY_TLS, sealed};
	char sample[HOST_SIZE + 16];
	struct fault f = {0};
	enum err e;

	domain_sample(host, sample);
	e = prove(chain, c->keyring, &key, sample, 12, &f);
	if (e != ERR_OK && f.code != FAULT_C37_KEYS_AWAY)
		fault_set(unfit, FAULT_A24_CERTIFICATE_UNFIT,
		    "The CA's certificate cannot be served: %s", f.text);
	return e;
}

static enum err
on_issued(void *ctx, int64_t order_id, const char *host,
    const struct chain *chain, struct slice sealed, struct fault *unfit)
{
	struct control *c = ctx;
	bool renews = automatic_until(c, host) != 0, is_known;
	struct fault f = {0};
	struct domain d;
	int64_t number;
	enum err e = prove_issued(c, host, chain, sealed, unfit);

	if (e == ERR_OK)
		e = change_begin(c, &f);
	if (e != ERR_OK)
		return e;
	is_known = domain_load(c, host, &d, &f) == ERR_OK;
	e = store(c, host, chain, sealed, &number);
	if (e == ERR_OK)
		e = issuer_close_order(c->db, order_id);
	if (e == ERR_OK && is_known)
		e = take(c, &d, renews);
	domain_unload(&d);
	if (e == ERR_OK)
		e = change_commit(c, &f);
	if (e != ERR_OK)
		change_abort(c);
	c->orders.issued += e == ERR_OK;
	return e;
}

const struct issuer_ops domain_order_ops = {
    .on_issued = on_issued,
    .on_failed = on_failed,
    .on_moved = domain_ca_moved,
};
