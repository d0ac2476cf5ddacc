/*
 * Which backend a request goes to: the one its cookie names, else the one that
 * the app's way of balancing picks among those that are up, not draining, not
 * quarantined, not tried by this request and not full.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "router/edge/exchange.h"
#include "router/edge/sticky.h"

#define BACKENDS_SEEN_MAX 1000
/* Workers that take the last place of a backend at the same moment all step
 * back: so often before it is called full. */
#define CLAIMS_MAX 3

static bool
was_tried(const struct exchange *ex, const struct backend *b)
{
	for (size_t i = 0; i < ex->n_tried; i++)
		if (ex->tried[i] == b)
			return true;
	return false;
}

static bool
is_full(const struct exchange *ex, const struct backend *b)
{
	int64_t max = ex->app->set.max_active;

	return max > 0 && backend_active(b) >= (uint64_t)max;
}

static bool
is_out(const struct exchange *ex, const struct app_backend *row, int64_t now_ms)
{
	return row->is_draining || row->is_down ||
	       was_tried(ex, row->backend) ||
	       !quarantine_allows(&row->backend->quarantine, now_ms);
}

static bool
is_excluded(struct exchange *ex, const struct app_backend *row, int64_t now_ms)
{
	if (is_out(ex, row, now_ms))
		return true;
	if (!is_full(ex, row->backend))
		return false;
	ex->is_crowded = true;
	return true;
}

/* With the share of who is new, or back from a quarantine. */
static unsigned
weight_of(
    const struct exchange *ex, const struct app_backend *row, int64_t now_ms)
{
	int64_t ramp_ms = (int64_t)(ex->app->set.slow_start_s * 1000);
	int64_t back_ms = row->backend->quarantine.back_ms;
	unsigned share =
		     balance_share(ex->began_ms - row->up_at * 1000, ramp_ms),
		 again;

	if (back_ms != 0) {
		again = balance_share(now_ms - back_ms, ramp_ms);
		share = again < share ? again : share;
	}
	return row->weight * share;
}

/* How busy it is: for `least` by the count of all workers; two random choices
 * are good enough with one's own. */
static unsigned
active_of(const struct app *app, const struct backend *b)
{
	return app->set.balance == BALANCE_LEAST ? (unsigned)backend_active(b)
						 : b->active;
}

static struct app_backend *
pick_healthy(struct exchange *ex, int64_t now_ms)
{
	struct balance_item items[BACKENDS_SEEN_MAX];
	struct app *app = ex->app;
	size_t n = app->n_backends, at;

	if (n > BACKENDS_SEEN_MAX)
		n = BACKENDS_SEEN_MAX;
	for (size_t i = 0; i < n; i++) {
		struct app_backend *row = &app->backends[i];

		items[i] = (struct balance_item){
		    .weight = weight_of(ex, row, now_ms),
		    .active = active_of(app, row->backend),
		    .is_excluded = is_excluded(ex, row, now_ms),
		    .credit = &row->credit,
		};
	}
	at = balance_pick(app->set.balance, items, n, &ex->w->random);
	return at == BALANCE_NONE ? NULL : &app->backends[at];
}

/* All are quarantined: the one whose time is up first is tried even so, for it
 * may be the only one the app has; by one request at a time when the last one
 * found nobody there. */
static struct app_backend *
pick_last_resort(const struct exchange *ex)
{
	struct app_backend *best = NULL;

	for (size_t i = 0; i < ex->app->n_backends; i++) {
		struct app_backend *row = &ex->app->backends[i];
		const struct quarantine *q = &row->backend->quarantine;

		if (row->is_draining || row->is_down ||
		    (q->is_probing && !q->answers))
			continue;
		if (best == NULL ||
		    q->until_ms < best->backend->quarantine.until_ms)
			best = row;
	}
	return best;
}

/* The backend that the visitor had before.  One that is full for now is not
 * forgotten: the cookie stays as it is. */
static struct app_backend *
pick_known(struct exchange *ex, int64_t now_ms)
{
	uint64_t token = sticky_find(&ex->request.headers);

	ex->keeps_cookie = false;
	for (size_t i = 0; i < ex->app->n_backends && token != 0; i++) {
		struct app_backend *row = &ex->app->backends[i];

		if (row->token != token)
			continue;
		if (is_out(ex, row, now_ms))
			return NULL;
		ex->keeps_cookie = true;
		return is_full(ex, row->backend) ? NULL : row;
	}
	return NULL;
}

static struct app_backend *
pick(struct exchange *ex)
{
	int64_t now_ms = clock_mono_ms();
	struct app_backend *row = NULL;

	ex->is_crowded = false;
	ex->is_last_resort = false;
	if (ex->app->set.sticky)
		row = pick_known(ex, now_ms);
	if (row == NULL)
		row = pick_healthy(ex, now_ms);
	if (row != NULL || ex->is_crowded || ex->n_tried > 0)
		return row;
	ex->is_last_resort = true;
	return pick_last_resort(ex);
}

/* Counts the request there.  False: it would be one too many. */
static bool
claim(struct exchange *ex, const struct app_backend *row)
{
	struct backend *b = row->backend;
	int64_t max = ex->app->set.max_active;

	backend_begin(b);
	if (max > 0 && backend_active(b) > (uint64_t)max) {
		backend_end(b);
		return false;
	}
	quarantine_sent(&b->quarantine);
	ex->backend = b;
	ex->cookie = ex->keeps_cookie ? 0 : row->token;
	return true;
}

/* A backend that may get something new, or may soon. */
static bool
has_backend(const struct app *app)
{
	for (size_t i = 0; i < app->n_backends; i++)
		if (!app->backends[i].is_draining)
			return true;
	return false;
}

enum exchange_choice
exchange_choose(struct exchange *ex)
{
	if (!has_backend(ex->app))
		return ex->app->n_unresolved > 0 ? CHOICE_DOWN : CHOICE_NONE;
	for (int i = 0; i < CLAIMS_MAX; i++) {
		const struct app_backend *row = pick(ex);

		if (row == NULL)
			return ex->is_crowded ? CHOICE_FULL : CHOICE_DOWN;
		if (claim(ex, row))
			return CHOICE_MADE;
	}
	return CHOICE_FULL;
}
