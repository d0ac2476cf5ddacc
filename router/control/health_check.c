#include "router/control/health_check.h"

#include <sys/random.h>

#include <stdlib.h>

#include "base/clock.h"
#include "base/fetch.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "router/control/app.h"
#include "router/control/backend.h"
#include "router/control/control.h"
#include "router/control/event.h"
#include "router/control/health.h"

#define FIRST_S    0.5 /* until the first one, at most */
#define NO_ROOM_S  0.1
#define CONNECT_MS 5000

/* --- counting ------------------------------------------------------------- */

bool
health_check_count(struct health_check *k, bool is_good)
{
	unsigned rise = HEALTH_RISE;

	if (k->app->threshold < rise)
		rise = k->app->threshold;
	k->good = is_good ? k->good + 1 : 0;
	k->bad = is_good ? 0 : k->bad + 1;
	if (k->is_up ? k->bad < k->app->threshold : k->good < rise)
		return false;
	k->is_up = !k->is_up;
	return true;
}

/* --- what came of it ------------------------------------------------------ */

static enum err
write_row(
    struct control *c, const struct health_check *k, const struct fault *f)
{
	static const char sql[] =
	    "UPDATE backend_target SET health = ?2, fault = ?3, since_at = ?4"
	    " WHERE id = ?1";
	struct stmt *s = db_stmt(c->db, sql);
	json_t *fault = f == NULL ? NULL : json_fault(f);
	char *text = f == NULL ? NULL : json_text(fault);

	stmt_int(s, 1, k->target);
	stmt_str(s, 2, k->is_up ? "up" : "down");
	stmt_str(s, 3, text);
	stmt_int(s, 4, clock_now());
	free(text);
	json_decref(fault);
	return stmt_run(s);
}

/* Targets of the same backend that are up, the one at hand among them. */
static int64_t
count_up(struct control *c, const struct health_check *k)
{
	static const char sql[] = "SELECT count(*) FROM backend_target"
				  " WHERE backend_id = ?1 AND health = 'up'";
	struct stmt *s = db_stmt(c->db, sql);
	int64_t n = 0;

	stmt_int(s, 1, k->backend);
	if (stmt_step(s) == ERR_OK)
		n = stmt_get_int(s, 0);
	stmt_done(s);
	return n;
}

/* A backend is down when its last target is, and up with its first. */
static enum err
add_event(
    struct control *c, const struct health_check *k, const struct fault *f)
{
	struct event event = {.name = k->is_up ? "backend.up" : "backend.down",
	    .by = EVENT_BY_ITSELF,
	    .app = k->app->name,
	    .fault = f};
	struct fault none = {0};
	struct app a;
	enum err e;

	if (count_up(c, k) != (k->is_up ? 1 : 0))
		return ERR_OK;
	e = app_load(c, k->app->name, &a, &none);
	if (e == ERR_OK) {
		event.backend = backend_json(c, &a, k->backend);
		e = event_add(c->db, &event);
	}
	app_unload(&a);
	return e;
}

void
health_check_store(struct health_check *k, const struct fault *f)
{
	struct control *c = k->control;
	struct fault away = {0};
	enum err e;

	log_info("app %s: backend %s at %s is %s%s%s", k->app->name, k->given,
	    k->address, k->is_up ? "up" : "down", f == NULL ? "" : ": ",
	    f == NULL ? "" : f->text);
	e = change_begin(c, &away);
	if (e == ERR_OK)
		e = write_row(c, k, f);
	if (e == ERR_OK)
		e = add_event(c, k, f);
	if (e == ERR_OK) {
		change_touch_app(c, k->app->name);
		e = change_commit(c, &away);
	}
	if (e == ERR_OK)
		return;
	change_abort(c);
	k->is_up = !k->is_up; /* the next result says so again */
	log_warning("app %s: health was not stored", k->app->name);
}

/* --- asking --------------------------------------------------------------- */

static void
next_in(struct health_check *k, double seconds)
{
	ev_timer_stop(k->control->loop, &k->timer);
	ev_timer_set(&k->timer, seconds, 0.);
	ev_timer_start(k->control->loop, &k->timer);
}

/* From 0 to 1, so that checks do not march in step. */
static double
random_part(void)
{
	uint16_t n = 0;

	if (getrandom(&n, sizeof(n), 0) != sizeof(n))
		die("no random bytes");
	return n / 65536.;
}

static void
on_data(void *ctx, struct slice piece)
{
	(void)ctx;
	(void)piece;
}

static void
say_why(const struct health_check *k, enum err e,
    const struct fetch_response *r, const struct fault *why, struct fault *out)
{
	if (e == ERR_OK)
		fault_set(out, FAULT_N29_BACKEND_UNHEALTHY,
		    "%.100s answers %d to GET %.100s", k->address, r->status,
		    k->app->path);
	else
		fault_set(out, FAULT_N29_BACKEND_UNHEALTHY,
		    "%.100s does not answer GET %.100s: %.200s", k->address,
		    k->app->path, e == ERR_TIMEOUT ? "not in time" : why->text);
}

static void
on_done(void *ctx, enum err e, const struct fetch_response *r,
    const struct fault *why)
{
	struct health_check *k = ctx;
	bool is_good = e == ERR_OK && r->status >= 200 && r->status < 400;
	struct fault f = {0};

	k->call = NULL;
	health_ended(k->control);
	next_in(k, k->app->interval_s * (0.9 + 0.2 * random_part()));
	if (!is_good)
		say_why(k, e, r, why, &f);
	if (health_check_count(k, is_good))
		health_check_store(k, is_good ? NULL : &f);
}

static int
wait_ms(const struct health_app *app)
{
	double ms = app->interval_s * 1000;

	if (ms < HEALTH_WAIT_MIN_MS)
		return HEALTH_WAIT_MIN_MS;
	return ms > HEALTH_WAIT_MAX_MS ? HEALTH_WAIT_MAX_MS : (int)ms;
}

/* By the name that visitors use: apps may know no other. */
static char *
url_of(const struct health_check *k, const struct addr *addr)
{
	bool is_tls = slice_starts_with(slice_str(k->given), SLICE("https://"));
	const char *host = k->app->host;

	if (host == NULL)
		host =
		    addr->u.sa.sa_family == AF_UNIX ? "localhost" : k->address;
	return xasprintf(
	    "%s://%s%s", is_tls ? "https" : "http", host, k->app->path);
}

static void
ask(struct health_check *k)
{
	struct fetch_request rq = {.method = "GET",
	    .timeout_ms = wait_ms(k->app),
	    .connect_timeout_ms = CONNECT_MS,
	    .alone = true,
	    .h2c = slice_starts_with(slice_str(k->given), SLICE("h2c://")),
	    .proxy_header = k->app->proxy_header,
	    .unverified = true,
	    .done = on_done,
	    .data = on_data,
	    .ctx = k};
	struct addr addr;
	char *url;

	if (addr_parse(slice_str(k->address), &addr) != ERR_OK)
		return;
	if (addr.u.sa.sa_family == AF_UNIX)
		rq.unix_socket = addr.u.un.sun_path;
	else
		rq.via = &addr;
	url = url_of(k, &addr);
	rq.url = url;
	k->call = fetch_start(k->control->fetch, &rq);
	free(url);
}

static void
on_time(struct ev_loop *loop, struct ev_timer *t, int events)
{
	struct health_check *k = container_of(t, struct health_check, timer);

	(void)loop;
	(void)events;
	if (!health_may_begin(k->control)) {
		next_in(k, NO_ROOM_S);
		return;
	}
	ask(k);
	if (k->call == NULL)
		health_ended(k->control);
}

/* --- life ----------------------------------------------------------------- */

void
health_check_soon(struct health_check *k)
{
	double first =
	    k->app->interval_s < FIRST_S ? k->app->interval_s : FIRST_S;

	if (k->call == NULL)
		next_in(k, first * random_part());
}

struct health_check *
health_check_new(struct control *c, const struct health_app *app,
    int64_t target, int64_t backend)
{
	struct health_check *k = xcalloc(1, sizeof(*k));

	k->control = c;
	k->app = app;
	k->target = target;
	k->backend = backend;
	list_init(&k->link);
	ev_init(&k->timer, on_time);
	health_check_soon(k);
	return k;
}

void
health_check_free(struct health_check *k)
{
	list_remove(&k->link);
	ev_timer_stop(k->control->loop, &k->timer);
	if (k->call != NULL) {
		fetch_cancel(k->call);
		health_ended(k->control);
	}
	free(k->given);
	free(k->address);
	free(k);
}
