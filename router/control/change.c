#include "router/control/change.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/control/control.h"
#include "router/control/domain_check.h"
#include "router/control/domain_order.h"
#include "router/control/fallback.h"
#include "router/control/follow.h"
#include "router/control/health.h"
#include "router/control/names.h"

/* Bytes of keys of one change; past it every counter is bumped. */
#define TOUCHED_MAX (256 * 1024)
/* Hosts of one change that are looked at at once; the others are due anyway,
 * by the scheduler. */
#define AT_ONCE_MAX (16 * 1024)

void
change_init(struct change *ch)
{
	buf_init(&ch->touched, TOUCHED_MAX);
	buf_init(&ch->checks, AT_ONCE_MAX);
	buf_init(&ch->orders, AT_ONCE_MAX);
	buf_init(&ch->cancels, AT_ONCE_MAX);
	buf_init(&ch->names, AT_ONCE_MAX);
	buf_init(&ch->fallbacks, AT_ONCE_MAX);
}

void
change_clear(struct change *ch)
{
	buf_clear(&ch->touched);
	buf_clear(&ch->checks);
	buf_clear(&ch->orders);
	buf_clear(&ch->cancels);
	buf_clear(&ch->names);
	buf_clear(&ch->fallbacks);
}

static void
add_key(struct buf *b, const char *key)
{
	/* past the limit: marked as failed, which the commit understands */
	(void)buf_add(b, slice_of(key, strlen(key) + 1));
}

void
change_touch(struct control *c, const char *key)
{
	add_key(&c->change.touched, key);
}

void
change_touch_app(struct control *c, const char *name)
{
	char *key = xasprintf(CHANGE_APP_KEY "%s", name);

	change_touch(c, key);
	free(key);
}

void
change_check(struct control *c, const char *host)
{
	add_key(&c->change.checks, host);
}

void
change_order(struct control *c, const char *host)
{
	add_key(&c->change.orders, host);
}

void
change_cancel(struct control *c, const char *host)
{
	add_key(&c->change.cancels, host);
}

void
change_fallback(struct control *c, const char *host)
{
	add_key(&c->change.fallbacks, host);
}

void
change_name(struct control *c, const char *host)
{
	add_key(&c->change.names, host);
}

void
change_forget(struct control *c)
{
	change_clear(&c->change);
	change_init(&c->change);
}

static void
cancel_order(struct control *c, const char *host)
{
	if (c->issuer != NULL)
		issuer_cancel(c->issuer, host);
}

static enum err
store_away(struct fault *f)
{
	fault_set(f, FAULT_S19_STORE_AWAY, NULL);
	return ERR_AGAIN;
}

enum err
change_begin(struct control *c, struct fault *f)
{
	change_forget(c);
	return db_begin(c->db) == ERR_OK ? ERR_OK : store_away(f);
}

static void
bump(struct control *c)
{
	struct slice keys = buf_slice(&c->change.touched), key;

	if (buf_failed(&c->change.touched)) {
		shared_bump_all(c->shared);
		return;
	}
	while (keys.n > 0 && slice_cut(&keys, '\0', &key))
		if (key.n > 0)
			shared_bump(c->shared, key);
}

/* Apps that were touched may have other backends, or other health checks. */
static void
tell_health(struct control *c, struct buf *touched)
{
	bool all = buf_failed(touched);
	size_t n = touched->len;
	char *keys = buf_take(touched);

	if (all)
		health_read_all(c);
	for (size_t at = 0; at < n && !all; at += strlen(keys + at) + 1)
		if (slice_starts_with(
			slice_str(keys + at), SLICE(CHANGE_APP_KEY)))
			health_read(c, keys + at + strlen(CHANGE_APP_KEY));
	free(keys);
}

/* Calls `start` for each host of a list, which it takes: starting may begin
 * changes of its own. */
static void
start_each(struct control *c, struct buf *list,
    void (*start)(struct control *, const char *host))
{
	size_t n = list->len;
	char *hosts = buf_take(list);

	for (size_t at = 0; at < n; at += strlen(hosts + at) + 1)
		start(c, hosts + at);
	free(hosts);
}

enum err
change_commit(struct control *c, struct fault *f)
{
	struct change done;

	if (db_commit(c->db) != ERR_OK)
		return store_away(f);
	bump(c);
	follow_publish(c);
	done = c->change;
	change_init(&c->change);
	start_each(c, &done.cancels, cancel_order);
	start_each(c, &done.checks, checks_start);
	start_each(c, &done.orders, domain_order_start);
	start_each(c, &done.fallbacks, fallback_start);
	tell_health(c, &done.touched);
	if (buf_failed(&done.names)) /* more than it can name */
		names_watch_all(c);
	else
		start_each(c, &done.names, names_watch);
	change_clear(&done);
	return ERR_OK;
}

void
change_abort(struct control *c)
{
	db_rollback(c->db);
	change_forget(c);
}

enum err
change_part_begin(struct control *c)
{
	static const char sql[] = "SAVEPOINT part";

	return stmt_run(db_stmt(c->db, sql));
}

enum err
change_part_keep(struct control *c)
{
	static const char sql[] = "RELEASE part";

	return stmt_run(db_stmt(c->db, sql));
}

enum err
change_part_undo(struct control *c)
{
	static const char sql[] = "ROLLBACK TO part";
	enum err e = stmt_run(db_stmt(c->db, sql));

	return e == ERR_OK ? change_part_keep(c) : e;
}
