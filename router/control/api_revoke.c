#include "router/control/api_revoke.h"

#include "router/control/api_domains.h"
#include "router/control/domain_json.h"
#include "router/control/revocation.h"

static enum err
read_ask(struct api_call *call, struct revocation_ask *ask, struct fault *f)
{
	const char *reason = "key-compromise";
	enum err e;

	*ask = (struct revocation_ask){.by = call->by};
	e = json_get_str(call->body, "reason", JSON_OPTIONAL, &reason, f);
	if (e == ERR_OK)
		e = json_get_bool(
		    call->body, "force", JSON_OPTIONAL, &ask->is_forced, f);
	if (e != ERR_OK || revocation_reason_read(reason, &ask->reason))
		return e;
	fault_set(f, FAULT_P11_FIELD_INVALID,
	    "The field \"reason\" is key-compromise, superseded, "
	    "affiliation-changed, cessation-of-operation or unspecified");
	return ERR_SYNTAX;
}

enum err
api_certificate_revoke(struct api_call *call, struct fault *f)
{
	struct revocation_ask ask;
	struct installation i = {0};
	struct domain d;
	enum err e = api_domain(call, &d, f);

	if (e == ERR_OK)
		e = read_ask(call, &ask, f);
	if (e == ERR_OK && install_current(call->control->db, d.host,
			       SLOT_AUTOMATIC, &i) == ERR_OK)
		call->answer = installation_json(&i);
	if (e == ERR_OK)
		e = revocation_begin(call->control, &d, &ask, f);
	call->status = 202;
	installation_clear(&i);
	domain_unload(&d);
	return e;
}
