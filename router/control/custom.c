#include "router/control/custom.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "certs/prove.h"
#include "router/control/api.h"
#include "router/control/app.h"
#include "router/control/custom_check.h"
#include "router/control/domain_json.h"
#include "router/control/platform.h"
#include "router/control/requested_key.h"

/* As the app's visitors will see it, once for each version of TLS. */
static enum err
prove_for(struct control *c, struct custom *u, const struct domain *d,
    struct fault *f)
{
	struct key_ref key = {u->key.id, KEY_TLS, buf_slice(&u->key.sealed)};
	char host[HOST_SIZE + 16];
	struct app a;
	enum err e = ERR_OK;

	if (strcmp(d->app, PLATFORM_APP) == 0)
		a = (struct app){.settings = json_object()};
	else
		e = app_load(c, d->app, &a, f);
	domain_sample(d->host, host);
	if (e == ERR_OK)
		e = prove(
		    u->chain, c->keyring, &key, host, app_min_tls(c, &a), f);
	app_unload(&a);
	return e;
}

static enum err
put(struct control *c, struct custom *u, struct domain *d, const char *by)
{
	struct installation i;
	int64_t number;
	enum err e = ERR_OK;

	if (u->certificate_id == 0)
		e = install_certificate(c->db, u->chain,
		    buf_slice(&u->key.sealed), u->trusted,
		    u->trusted ? "" : u->trust.text, &u->certificate_id);
	if (e == ERR_OK)
		e = install_put(c->db, d->host, SLOT_CUSTOM, u->certificate_id,
		    by, &number);
	if (e == ERR_OK && u->request != 0)
		e = requested_key_used(c, u->request);
	if (e == ERR_OK)
		e = domain_certificate_changed(c, d);
	if (e == ERR_OK)
		e = domain_settle(c, d, by);
	if (e == ERR_OK)
		e = install_get(c->db, d->host, number, &i);
	if (e != ERR_OK)
		return e;
	e = domain_event(c, d, "certificate.upload", by, installation_json(&i));
	change_fallback(c, d->host);
	installation_clear(&i);
	return e;
}

enum err
custom_install(struct control *c, struct custom *u, struct domain *d,
    const char *by, struct fault *f)
{
	const struct certificate *leaf = u->chain->items[0];
	enum err e = custom_check(leaf, d->host, clock_now(), f);

	if (e == ERR_OK && install_is_revoked(c->db, leaf->fingerprint)) {
		fault_set(f, FAULT_C45_REVOKED, NULL);
		e = ERR_DENIED;
	}
	if (e == ERR_OK)
		e = prove_for(c, u, d, f);
	if (e != ERR_OK)
		return e;
	return put(c, u, d, by) == ERR_OK ? ERR_OK : api_store_away(f);
}

enum err
custom_refuse_second(struct control *c, const char *host, struct fault *f)
{
	struct installation present;

	if (install_current(c->db, host, SLOT_CUSTOM, &present) != ERR_OK)
		return ERR_OK;
	fault_set(f, FAULT_C25_ONE_INSTALLED,
	    "%s has a custom certificate already", host);
	installation_clear(&present);
	return ERR_EXISTS;
}

enum err
custom_upload(struct control *c, const char *host, const json_t *upload,
    bool may_replace, const char *by, struct fault *f)
{
	struct custom u = {0};
	struct domain d = {0};
	enum err e = domain_load(c, host, &d, f);

	if (e == ERR_OK && !may_replace)
		e = custom_refuse_second(c, host, f);
	if (e == ERR_OK)
		e = custom_read(c, upload, host, &u, f);
	if (e == ERR_OK)
		e = custom_install(c, &u, &d, by, f);
	custom_clear(&u);
	domain_unload(&d);
	return e;
}
