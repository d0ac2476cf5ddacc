#include "router/control/api_dns.h"

#include "router/control/api_domains.h"
#include "router/control/dns_change.h"

static void
drop(void *ctx)
{
	dns_change_drop(ctx);
}

static void
on_done(void *ctx, json_t *answer, const struct fault *f)
{
	struct api_call *call = ctx;

	call->drop = NULL;
	if (f != NULL) {
		json_decref(answer);
		api_refuse(call, f);
		return;
	}
	call->answer = answer;
	api_finish(call);
}

static enum err
start(struct api_call *call, const struct dns_change_wish *wish,
    dns_change_done *done, struct fault *f)
{
	struct dns_change *d = NULL;
	enum err e = dns_change_start(call->control, wish, done, call, &d, f);

	if (e != ERR_OK)
		return e;
	call->drop = drop;
	call->drop_ctx = d;
	return ERR_OK;
}

enum err
api_dns_set(struct api_call *call, struct fault *f)
{
	struct dns_change_wish wish = {
	    .is_dry = api_query_is(call, "dry_run"),
	    .agreed = json_obj(call->body, "agreed"),
	};
	struct domain d;
	enum err e = api_domain(call, &d, f);

	wish.host = d.host;
	if (e == ERR_OK)
		e = json_get_bool(call->body, "repair_caa", JSON_OPTIONAL,
		    &wish.repairs_caa, f);
	if (e == ERR_OK)
		e = start(call, &wish, on_done, f);
	domain_unload(&d);
	return e;
}

/* --- with a new domain -----------------------------------------------------
 */

static void
on_done_too(void *ctx, json_t *answer, const struct fault *f)
{
	struct api_call *call = ctx;

	call->drop = NULL;
	if (answer == NULL) {
		answer = json_object();
		json_put(answer, "changes", json_array());
		json_put_bool(answer, "applied", false);
	}
	json_put(answer, "fault", f == NULL ? json_null() : json_fault(f));
	json_put(call->answer, "dns_change", answer);
	api_finish(call);
}

void
api_dns_set_too(struct api_call *call)
{
	struct dns_change_wish wish = {.host = json_str(call->answer, "host")};
	struct fault f = {0};

	wish.repairs_caa =
	    json_is_true(json_object_get(call->body, "repair_caa"));
	if (start(call, &wish, on_done_too, &f) != ERR_OK)
		on_done_too(call, NULL, &f);
}
