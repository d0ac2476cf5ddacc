#include "router/control/api_problem.h"

#include "base/json.h"

int
api_problem_status(const struct fault *f)
{
	return fault_lookup(f->code)->http_status;
}

void
api_problem_write(const struct fault *f, struct buf *out)
{
	const struct fault_row *row = fault_lookup(f->code);
	json_t *o = json_object();

	json_put_str(o, "type", "about:blank");
	json_put_str(o, "title", row->title);
	json_put_int(o, "status", row->http_status);
	json_put_str(o, "detail", f->text);
	json_put_str(o, "code", row->code);
	json_put_str(o, "action", f->action);
	(void)json_add(out, o);
	json_decref(o);
}
