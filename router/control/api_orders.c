#include "router/control/api_orders.h"

#include "router/control/name_set.h"

/* Of one name only: no set, but an order all the same. */
static json_t *
alone_json(const struct name_set *s)
{
	json_t *o = json_object(), *names = json_array();

	json_array_append_new(names, json_string(s->names[0]));
	json_put(o, "number", json_null());
	json_put(o, "names", names);
	json_put_bool(o, "auto_renew", true);
	json_put_str(o, "status", domain_status_text(DOMAIN_CREATING));
	json_put(o, "fault", json_null());
	json_put_time(o, "created_at", s->created_at);
	json_put(o, "certificate", json_null());
	return o;
}

enum err
api_orders_add(struct api_call *call, struct fault *f)
{
	struct control *c = call->control;
	bool auto_renew = true;
	struct name_set s = {0};
	enum err e = json_get_bool(
	    call->body, "auto_renew", JSON_OPTIONAL, &auto_renew, f);

	if (e == ERR_OK)
		e = name_set_create(c, json_obj(call->body, "names"),
		    auto_renew, call->by, &s, f);
	if (e == ERR_OK) {
		call->answer =
		    s.id == 0 ? alone_json(&s) : name_set_json(c, &s);
		call->status = 201;
	}
	call->retry_at = s.retry_at;
	name_set_unload(&s);
	return e;
}

enum err
api_orders_get(struct api_call *call, struct fault *f)
{
	struct name_set s = {0};
	uint64_t number = 0;
	enum err e = slice_to_u64(slice_str(call->params[0]), &number);

	/* what is no number is none of ours */
	if (e != ERR_OK || number > INT64_MAX)
		number = 0;
	e = name_set_load(call->control, (int64_t)number, &s, f);
	if (e == ERR_OK)
		call->answer = name_set_json(call->control, &s);
	name_set_unload(&s);
	return e;
}
