#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/control/api_status.h"
#include "router/control/control.h"
#include "router/control/metrics.h"

#define DAY_S INT64_C(86400)

/* --- domains ---------------------------------------------------------------
 */

static void
write_members(struct buf *out, const char *name, const char *label,
    const char *help, const json_t *o)
{
	const char *key;
	json_t *n;

	metric_family(out, name, METRIC_GAUGE, help);
	json_object_foreach((json_t *)o, key, n)
	{
		metric_sample(out, name, (uint64_t)json_integer_value(n), label,
		    key, NULL);
	}
}

void
metrics_write_tally(struct control *c, struct buf *out)
{
	json_t *domains = json_object(), *faults = json_object();

	api_status_tally(c, domains, faults);
	write_members(
	    out, "towpath_domains", "status", "Domains by status.", domains);
	write_members(
	    out, "towpath_faults", "code", "Domains by their fault.", faults);
	json_decref(domains);
	json_decref(faults);
}

/* --- certificates ----------------------------------------------------------
 */

static const struct span {
	const char *name;
	int64_t days;
} spans[] = {{"1d", 1}, {"7d", 7}, {"14d", 14}, {"30d", 30}};

static const char *const servings[] = {"custom", "automatic"};

/*
 * Of the certificates that end soon, or ended not long ago, those that are
 * served; at most so many are looked at, for with short lifetimes it may be all
 * of them.
 */
static void
count_expiring(
    struct control *c, uint64_t counts[COUNT_OF(servings)][COUNT_OF(spans)])
{
	static const char sql[] =
	    "SELECT d.serving, c.not_after FROM"
	    " (SELECT id, not_after FROM certificate"
	    "  WHERE not_after BETWEEN ?1 AND ?2 LIMIT 100000) c"
	    " JOIN installation i ON i.certificate_id = c.id"
	    "  AND i.removed_at IS NULL"
	    " JOIN domain d ON d.host = i.host AND d.serving = i.slot";
	struct stmt *s = db_stmt(c->db, sql);
	int64_t now = clock_now();

	stmt_int(s, 1, now - 30 * DAY_S);
	stmt_int(s, 2, now + 30 * DAY_S);
	while (stmt_step(s) == ERR_OK) {
		int64_t left = stmt_get_int(s, 1) - now;
		size_t k = strcmp(stmt_get_str(s, 0), servings[0]) != 0;

		for (size_t i = 0; i < COUNT_OF(spans); i++)
			counts[k][i] += left <= spans[i].days * DAY_S;
	}
}

static void
write_expiring(struct control *c, struct buf *out)
{
	static const char name[] = "towpath_certificates_expiring";
	uint64_t counts[COUNT_OF(servings)][COUNT_OF(spans)] = {{0}};

	count_expiring(c, counts);
	metric_family(out, name, METRIC_GAUGE,
	    "Certificates that visitors get and that end within a time.");
	for (size_t k = 0; k < COUNT_OF(servings); k++)
		for (size_t i = 0; i < COUNT_OF(spans); i++)
			metric_sample(out, name, counts[k][i], "serving",
			    servings[k], "within", spans[i].name, NULL);
}

/* --- backends --------------------------------------------------------------
 */

/* Of the apps behind the first STATS_APPS_MAX, by state. */
struct others {
	uint64_t up, down, draining;
};

static void
add_other(struct others *o, const char *state, uint64_t n)
{
	if (strcmp(state, "up") == 0)
		o->up += n;
	else if (strcmp(state, "down") == 0)
		o->down += n;
	else
		o->draining += n;
}

static void
write_others(struct buf *out, const char *name, const struct others *o)
{
	metric_sample(out, name, o->up, "app", "other", "state", "up", NULL);
	metric_sample(
	    out, name, o->down, "app", "other", "state", "down", NULL);
	metric_sample(
	    out, name, o->draining, "app", "other", "state", "draining", NULL);
}

static void
write_backends(struct control *c, struct buf *out)
{
	static const char name[] = "towpath_backends";
	static const char sql[] =
	    "SELECT a.name, CASE WHEN b.state <> 'up' THEN b.state"
	    "  WHEN EXISTS (SELECT 1 FROM backend_target t WHERE"
	    "   t.backend_id = b.id AND t.health = 'up') THEN 'up'"
	    "  ELSE 'down' END AS how, count(*)"
	    " FROM backend b JOIN app a ON a.id = b.app_id"
	    " GROUP BY b.app_id, how ORDER BY b.app_id";
	struct stmt *s = db_stmt(c->db, sql);
	char app[STATS_NAME_SIZE] = "";
	struct others others = {0};
	size_t n = 0;

	metric_family(out, name, METRIC_GAUGE, "Backends of an app by state.");
	while (stmt_step(s) == ERR_OK) {
		const char *this = stmt_get_str(s, 0);
		uint64_t count = (uint64_t)stmt_get_int(s, 2);

		n += strcmp(this, app) != 0;
		if (slice_to_str(slice_str(this), app, sizeof(app)) != ERR_OK)
			continue;
		if (n > STATS_APPS_MAX)
			add_other(&others, stmt_get_str(s, 1), count);
		else
			metric_sample(out, name, count, "app", app, "state",
			    stmt_get_str(s, 1), NULL);
	}
	if (n > STATS_APPS_MAX)
		write_others(out, name, &others);
}

void
metrics_write_store(struct control *c, struct buf *out)
{
	write_expiring(c, out);
	write_backends(c, out);
}
