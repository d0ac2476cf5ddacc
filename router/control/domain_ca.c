#include "router/control/domain_ca.h"

#include <string.h>

#include "acme/ca_choice.h"
#include "router/control/control.h"
#include "router/control/domain_json.h"
#include "router/control/event.h"

static bool
has_fallback(const struct control *c)
{
	return c->config.acme_fallback.directory[0] != '\0';
}

enum err
domain_ca_set(
    struct control *c, struct domain *d, const json_t *members, struct fault *f)
{
	const char *text = "";
	enum wish_ca wish;
	enum err e = json_get_str(members, "ca", JSON_OPTIONAL, &text, f);

	if (e != ERR_OK || json_object_get(members, "ca") == NULL)
		return e;
	if (!wish_ca_read(text[0] == '\0' ? "auto" : text, &wish)) {
		fault_set(f, FAULT_P11_FIELD_INVALID,
		    "The field \"ca\" is auto, first or fallback");
		return ERR_SYNTAX;
	}
	if (wish == WISH_CA_FALLBACK && !has_fallback(c)) {
		fault_set(f, FAULT_P11_FIELD_INVALID,
		    "There is no fallback: [acme.fallback] names no directory");
		return ERR_DENIED;
	}
	if (d->ca != wish) {
		d->retry_at = 0; /* the other one has not refused */
		d->needs_person = false;
	}
	d->ca = wish;
	return ERR_OK;
}

enum wish_ca
domain_ca_of(struct control *c, const char *host)
{
	static const char sql[] = "SELECT ca FROM domain WHERE host = ?1";
	struct stmt *s = db_stmt(c->db, sql);
	enum wish_ca wish = WISH_CA_AUTO;

	stmt_str(s, 1, host);
	if (stmt_step(s) != ERR_OK)
		return wish;
	(void)wish_ca_read(stmt_get_str(s, 0), &wish);
	stmt_done(s);
	return wish;
}

void
domain_ca_moved(void *ctx, const char *host, const struct fault *f)
{
	struct control *c = ctx;
	struct fault away = {0};
	struct domain d = {0};
	enum err e = change_begin(c, &away);

	if (e != ERR_OK)
		return;
	e = domain_load(c, host, &d, &away);
	if (e == ERR_OK) {
		struct event event = {
		    .name = "certificate.other_ca",
		    .by = EVENT_BY_ITSELF,
		    .host = d.host,
		    .app = d.app,
		    .fault = f,
		    .domain = domain_json(c, &d),
		};

		e = event_add(c->db, &event);
	}
	if (e != ERR_OK || change_commit(c, &away) != ERR_OK)
		change_abort(c);
	domain_unload(&d);
}

bool
domain_ca_agreed(const struct control *c)
{
	return c->config.acme.agree_terms ||
	       (has_fallback(c) && c->config.acme_fallback.agree_terms);
}

static bool
takes_dns01(const struct config_acme *acme)
{
	for (size_t i = 0; i < acme->challenges.n; i++)
		if (strcmp(acme->challenges.items[i], "dns-01") == 0)
			return true;
	return false;
}

bool
domain_ca_takes_dns01(const struct control *c)
{
	if (c->provider == NULL)
		return false;
	return takes_dns01(&c->config.acme) ||
	       (has_fallback(c) && takes_dns01(&c->config.acme_fallback));
}
