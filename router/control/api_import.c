#include "router/control/api_import.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/control/app.h"
#include "router/control/backend.h"
#include "router/control/custom.h"
#include "router/control/domain_add.h"

/* Lines are taken for so long in one transaction; then the loop has a turn. */
#define SLICE_MS   50
#define PAUSE_S    0.001
#define REPORT_MAX 10000 /* lines of one request */

/* An import under way.
 * Owned by: its timer.   Freed by: conclude. */
struct import {
	struct api_call *call;
	struct ev_timer next;
	struct slice left; /* of the body */
	bool is_dry_run;
	json_t *lines;
	int64_t line, taken, refused;
};

static enum err
take_app(struct import *im, const json_t *o, struct fault *f)
{
	struct control *c = im->call->control;
	const char *name = "";
	struct app a = {0};
	enum err e = json_get_str(o, "name", JSON_REQUIRED, &name, f);

	if (e == ERR_OK)
		e = app_create(c, name, json_object_get(o, "settings"), &a, f);
	if (e == ERR_OK)
		e = backends_put(
		    c, &a, json_object_get(o, "backends"), false, f);
	if (e == ERR_OK)
		e = app_event_add(c, &a, "app.create", im->call->by);
	app_unload(&a);
	return e;
}

static enum err
take_domain(struct import *im, const json_t *o, struct fault *f)
{
	struct control *c = im->call->control;
	const json_t *upload;
	const char *name = "", *by = im->call->by;
	struct app a = {0};
	struct domain d = {0};
	enum err e = domain_upload(o, &upload, f);
	bool is_secured = upload != NULL;

	if (e == ERR_OK)
		e = json_get_str(o, "app", JSON_OPTIONAL, &name, f);
	if (e == ERR_OK)
		e = domain_app(c, name, &a, f);
	if (e == ERR_OK)
		e = domain_add(c, &a, o, is_secured, &d, f);
	if (e == ERR_OK && domain_settle(c, &d, by) != ERR_OK)
		e = api_store_away(f);
	if (e == ERR_OK &&
	    domain_event(c, &d, "domain.add", by, NULL) != ERR_OK)
		e = api_store_away(f);
	if (e == ERR_OK && is_secured)
		e = custom_upload(c, d.host, upload, true, by, f);
	domain_unload(&d);
	app_unload(&a);
	return e;
}

static enum err
take_certificate(struct import *im, const json_t *o, struct fault *f)
{
	const json_t *inner = json_object_get(o, "certificate");
	const char *text = "";
	char host[HOST_SIZE];
	enum err e = json_get_str(o, "host", JSON_REQUIRED, &text, f);

	if (e == ERR_OK)
		e = host_normalise(slice_str(text), host, f);
	if (e != ERR_OK)
		return e;
	return custom_upload(im->call->control, host,
	    json_is_object(inner) ? inner : o, false, im->call->by, f);
}

static enum err
take_object(struct import *im, const json_t *o, struct fault *f)
{
	const char *type = json_str(o, "type");

	if (strcmp(type, "app") == 0 ||
	    (*type == '\0' && json_object_get(o, "name") != NULL))
		return take_app(im, o, f);
	if (strcmp(type, "certificate") == 0 ||
	    (*type == '\0' &&
		json_is_string(json_object_get(o, "certificate"))))
		return take_certificate(im, o, f);
	if (strcmp(type, "domain") == 0 ||
	    (*type == '\0' && json_object_get(o, "host") != NULL))
		return take_domain(im, o, f);
	fault_set(f, FAULT_P16_IMPORT_LINE,
	    "It is neither an app, a domain nor a certificate");
	return ERR_SYNTAX;
}

/* One line inside a part of the change: whole, or not at all. */
static enum err
take_line(struct import *im, struct slice line, struct fault *f)
{
	struct control *c = im->call->control;
	json_t *o = NULL;
	enum err e = json_parse(line, &o, f);

	if (e != ERR_OK)
		return e;
	if (change_part_begin(c) != ERR_OK) {
		json_decref(o);
		return api_store_away(f);
	}
	e = take_object(im, o, f);
	json_decref(o);
	if (e != ERR_OK && !fault_is_set(f))
		(void)api_store_away(f);
	if ((e == ERR_OK && !im->is_dry_run ? change_part_keep(c)
					    : change_part_undo(c)) != ERR_OK)
		return api_store_away(f);
	return e;
}

static void
report(struct import *im, enum err e, const struct fault *f)
{
	json_t *o = json_object();

	if (e == ERR_OK)
		im->taken++;
	else
		im->refused++;
	json_put_int(o, "line", im->line);
	json_put_bool(o, "ok", e == ERR_OK);
	json_put(o, "fault", e == ERR_OK ? json_null() : json_fault(f));
	json_array_append_new(im->lines, o);
}

/* The daemon ends in the middle: what was taken stays. */
static void
drop(void *ctx)
{
	struct import *im = ctx;

	ev_timer_stop(im->call->control->loop, &im->next);
	json_decref(im->lines);
	free(im);
}

static void
conclude(struct import *im)
{
	struct api_call *call = im->call;

	ev_timer_stop(call->control->loop, &im->next);
	call->drop = NULL;
	call->answer = json_object();
	json_put_int(call->answer, "taken", im->taken);
	json_put_int(call->answer, "refused", im->refused);
	json_put_bool(call->answer, "dry_run", im->is_dry_run);
	json_put(call->answer, "lines", im->lines);
	free(im);
	api_finish(call);
}

/* The lines of one slice of time, in one transaction.  Their outcome is told
 * only if the commit works: else they all were refused. */
static void
take_slice(struct import *im)
{
	int64_t until = clock_mono_ms() + SLICE_MS, taken = im->taken;
	struct control *c = im->call->control;
	size_t first = json_array_size(im->lines), i;
	struct fault away = {0};
	struct slice line;
	enum err e = change_begin(c, &away);

	while (im->left.p != NULL && clock_mono_ms() < until) {
		struct fault f = away;

		if (!slice_cut(&im->left, '\n', &line))
			break;
		im->line++;
		line = slice_trim(line);
		if (line.n == 0)
			continue;
		report(im, e == ERR_OK ? take_line(im, line, &f) : e, &f);
	}
	if (im->is_dry_run)
		change_forget(c);
	if (e == ERR_OK && (e = change_commit(c, &away)) != ERR_OK)
		change_abort(c);
	if (e == ERR_OK || im->taken == taken)
		return;
	im->refused += im->taken - taken;
	im->taken = taken;
	for (i = first; i < json_array_size(im->lines); i++) {
		json_t *o = json_array_get(im->lines, i);

		if (!json_bool(o, "ok"))
			continue;
		json_put_bool(o, "ok", false);
		json_put(o, "fault", json_fault(&away));
	}
}

static void
on_next(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct import *im = container_of(w, struct import, next);

	(void)events;
	take_slice(im);
	if (im->left.p == NULL)
		conclude(im);
	else
		ev_timer_again(loop, w);
}

static size_t
count_lines(struct slice s)
{
	size_t n = 1;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

enum err
api_import(struct api_call *call, struct fault *f)
{
	struct import *im;

	if (count_lines(http_body(call->x)) > REPORT_MAX) {
		fault_set(f, FAULT_P14_BODY_TOO_LARGE,
		    "More than %d lines at once", REPORT_MAX);
		return ERR_TOO_BIG;
	}
	im = xcalloc(1, sizeof(*im));
	im->call = call;
	im->left = http_body(call->x);
	im->is_dry_run = api_query_is(call, "dry_run");
	im->lines = json_array();
	call->drop = drop;
	call->drop_ctx = im;
	ev_init(&im->next, on_next);
	im->next.repeat = PAUSE_S;
	ev_timer_again(call->control->loop, &im->next);
	return ERR_OK;
}
