#include "router/control/event.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "router/control/uuid.h"

int64_t
event_last(struct db *db)
{
	static const char sql[] =
	    "SELECT seq FROM sqlite_sequence WHERE name = 'event'";
	struct stmt *s = db_stmt(db, sql);
	int64_t last = 0;

	if (stmt_step(s) == ERR_OK) {
		last = stmt_get_int(s, 0);
		stmt_done(s);
	}
	return last;
}

/* For those who only want to know whether a host is secured. */
static const char *
secure_status(const struct event *e)
{
	const char *status = json_str(e->domain, "status");

	if (strcmp(e->name, "certificate.fail") == 0 ||
	    strcmp(status, "Action required") == 0)
		return "failed";
	if (strcmp(status, "In use") == 0 || strcmp(status, "Not used") == 0)
		return "success";
	return *status == '\0' ? NULL : "pending";
}

static void
put_object(json_t *o, const char *key, json_t *value)
{
	if (value != NULL)
		json_put(o, key, value);
}

/* Takes the event's objects. */
static json_t *
event_json(const struct event *e, const char *uuid, int64_t sequence)
{
	json_t *o = json_object();

	json_put_str(o, "request_identifier", uuid);
	json_put_int(o, "sequence", sequence);
	json_put_str(o, "name", e->name);
	json_put_time(o, "at", clock_now());
	json_put_str(o, "by", e->by);
	json_put_str(o, "host", e->host);
	json_put_str(o, "secure_status", secure_status(e));
	json_put(
	    o, "fault", e->fault == NULL ? json_null() : json_fault(e->fault));
	put_object(o, "domain", e->domain);
	put_object(o, "certificate", e->certificate);
	put_object(o, "app", e->app_object);
	put_object(o, "backend", e->backend);
	return o;
}

enum err
event_add(struct db *db, const struct event *e)
{
	static const char sql[] =
	    "INSERT INTO event (sequence, request_identifier, name, at, by,"
	    " host, app, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
	int64_t sequence = event_last(db) + 1; /* we are the only writer */
	char uuid[UUID_SIZE], *text;
	struct stmt *s;
	json_t *o;

	o = event_json(e, uuid_make(uuid), sequence);
	text = json_text(o);
	json_decref(o);
	s = db_stmt(db, sql);
	stmt_int(s, 1, sequence);
	stmt_str(s, 2, uuid);
	stmt_str(s, 3, e->name);
	stmt_int(s, 4, clock_now());
	stmt_str(s, 5, e->by);
	stmt_str(s, 6, e->host);
	stmt_str(s, 7, e->app);
	stmt_str(s, 8, text);
	free(text);
	return stmt_run(s);
}

#define COLUMNS "SELECT sequence, name, body FROM event WHERE "
#define REST    " AND sequence > ?1 AND name GLOB ?2 ORDER BY sequence LIMIT ?3"

/* Each filter has its own text, so that each uses its index. */
static struct stmt *
select_events(struct db *db, const struct event_filter *f)
{
	static const char all[] = COLUMNS "1" REST;
	static const char of_host[] = COLUMNS "host = ?4" REST;
	static const char of_app[] = COLUMNS "app = ?5" REST;
	static const char of_both[] = COLUMNS "host = ?4 AND +app = ?5" REST;
	struct stmt *s;

	if (f->host != NULL)
		s = db_stmt(db, f->app != NULL ? of_both : of_host);
	else
		s = db_stmt(db, f->app != NULL ? of_app : all);
	stmt_int(s, 1, f->after);
	stmt_str(s, 2, f->name == NULL ? "*" : f->name);
	stmt_int(s, 3, f->limit);
	if (f->host != NULL)
		stmt_str(s, 4, f->host);
	if (f->app != NULL)
		stmt_str(s, 5, f->app);
	return s;
}

enum err
event_list(struct db *db, const struct event_filter *filter, event_visit *visit,
    void *ctx)
{
	struct stmt *s = select_events(db, filter);
	enum err e;

	while ((e = stmt_step(s)) == ERR_OK) {
		e = visit(ctx, stmt_get_int(s, 0), stmt_get_str(s, 1),
		    stmt_get(s, 2));
		if (e != ERR_OK) {
			stmt_done(s);
			return e;
		}
	}
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
event_prune(struct db *db, int64_t at)
{
	static const char sql[] =
	    "DELETE FROM event WHERE sequence IN"
	    " (SELECT sequence FROM event WHERE at < ?1 LIMIT 1000)";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, 1, at);
	return stmt_run(s);
}
