#include "acme/renewal.h"

#include <stdio.h>

#include "acme/rows.h"
#include "acme/schedule.h"
#include "base/mem.h"

#define AHEAD_MAX_S (2 * ARI_POLL_MAX_S)

/* --- rows ---------------------------------------------------------------- */

#define COLUMNS                                                                \
	"certificate_id, ari_id, directory, window_start_at, window_end_at, "  \
	"chosen_at, explanation, asked_at, answered_at, poll_at, failures, "   \
	"fault_code, fault_text"

enum err
renewal_add(struct db *db, int64_t certificate_id,
    const struct certificate *leaf, int64_t order_id, int64_t poll_at)
{
	static const char sql[] =
	    "INSERT INTO renewal (certificate_id, ari_id, directory, poll_at) "
	    "SELECT ?1, ?2, directory, ?4 FROM acme_order WHERE id = ?3 "
	    "ON CONFLICT DO NOTHING";
	struct stmt *s;
	char id[ARI_ID_SIZE];

	if (ari_id(leaf, id) != ERR_OK)
		return ERR_OK;
	s = db_stmt(db, sql);
	stmt_int(s, 1, certificate_id);
	stmt_str(s, 2, id);
	stmt_int(s, 3, order_id);
	stmt_int(s, 4, poll_at);
	return stmt_run(s);
}

enum err
renewal_save(struct db *db, const struct renewal *r)
{
	static const char sql[] =
	    "UPDATE renewal SET window_start_at = ?2, window_end_at = ?3, "
	    "chosen_at = ?4, explanation = ?5, asked_at = ?6, "
	    "answered_at = ?7, poll_at = ?8, failures = ?9, fault_code = ?10, "
	    "fault_text = ?11 WHERE certificate_id = ?1";
	struct stmt *s = db_stmt(db, sql);
	bool has_fault = fault_is_set(&r->fault);

	stmt_int(s, 1, r->certificate_id);
	stmt_int(s, 2, r->window.start_at);
	stmt_int(s, 3, r->window.end_at);
	stmt_int(s, 4, r->chosen_at);
	stmt_str(s, 5, r->window.explanation);
	stmt_int(s, 6, r->asked_at);
	stmt_int(s, 7, r->answered_at);
	stmt_int(s, 8, r->poll_at);
	stmt_int(s, 9, r->failures);
	stmt_str(s, 10, has_fault ? fault_code_name(r->fault.code) : NULL);
	stmt_str(s, 11, has_fault ? r->fault.text : NULL);
	return stmt_run(s);
}

enum err
renewal_drop(struct db *db, int64_t certificate_id)
{
	static const char sql[] =
	    "DELETE FROM renewal WHERE certificate_id = ?1";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, 1, certificate_id);
	return stmt_run(s);
}

static void
copy(struct stmt *s, int at, char *out, size_t size)
{
	(void)snprintf(out, size, "%s", stmt_get_str(s, at));
}

static enum err
read_row(struct stmt *s, struct renewal *out)
{
	enum err e = stmt_step(s);

	*out = (struct renewal){0};
	if (e != ERR_OK)
		return e;
	out->certificate_id = stmt_get_int(s, 0);
	copy(s, 1, out->ari_id, sizeof(out->ari_id));
	copy(s, 2, out->directory, sizeof(out->directory));
	out->window.start_at = stmt_get_int(s, 3);
	out->window.end_at = stmt_get_int(s, 4);
	out->chosen_at = stmt_get_int(s, 5);
	copy(s, 6, out->window.explanation, sizeof(out->window.explanation));
	out->asked_at = stmt_get_int(s, 7);
	out->answered_at = stmt_get_int(s, 8);
	out->poll_at = stmt_get_int(s, 9);
	out->failures = (int)stmt_get_int(s, 10);
	if (!stmt_is_null(s, 11))
		fault_set(&out->fault, fault_code_parse(stmt_get_str(s, 11)),
		    "%s", stmt_get_str(s, 12));
	stmt_done(s);
	return ERR_OK;
}

enum err
renewal_get(struct db *db, int64_t certificate_id, struct renewal *out)
{
	static const char sql[] =
	    "SELECT " COLUMNS " FROM renewal WHERE certificate_id = ?1";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, 1, certificate_id);
	return read_row(s, out);
}

enum err
renewal_find(struct db *db, const char *id, struct renewal *out)
{
	static const char sql[] =
	    "SELECT " COLUMNS " FROM renewal WHERE ari_id = ?1";
	struct stmt *s = db_stmt(db, sql);

	stmt_str(s, 1, id);
	return read_row(s, out);
}

static enum err
add_ids(struct stmt *s, int64_t at, int64_t *ids, size_t max, size_t *n)
{
	enum err e = ERR_OK;

	stmt_int(s, 1, at);
	stmt_int(s, 2, (int64_t)(max - *n));
	while (*n < max && (e = stmt_step(s)) == ERR_OK)
		ids[(*n)++] = stmt_get_int(s, 0);
	stmt_done(s);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
renewal_due(struct db *db, int64_t now, int64_t *ids, size_t max, size_t *n)
{
	static const char due[] =
	    "SELECT certificate_id FROM renewal WHERE poll_at <= ?1 "
	    "ORDER BY poll_at LIMIT ?2";
	static const char astray[] =
	    "SELECT certificate_id FROM renewal WHERE poll_at > ?1 LIMIT ?2";
	enum err e;

	*n = 0;
	e = add_ids(db_stmt(db, due), now, ids, max, n);
	if (e == ERR_OK && *n < max)
		e = add_ids(
		    db_stmt(db, astray), now + AHEAD_MAX_S, ids, max, n);
	return e;
}

/* --- what is known ------------------------------------------------------- */

void
renewal_not_offered(struct renewal *r, int64_t now)
{
	r->window = (struct ari_window){0};
	r->chosen_at = 0;
	r->asked_at = now;
	r->poll_at = now + ARI_POLL_MAX_S;
	r->failures = 0;
	fault_clear(&r->fault);
}

bool
renewal_answered(
    struct renewal *r, const struct acme_response *answer, uint64_t random)
{
	struct ari_window w;
	bool is_new;

	fault_clear(&r->fault);
	r->asked_at = answer->now;
	if (ari_read(answer, r->failures, &w, &r->poll_at, &r->fault) !=
	    ERR_OK) {
		r->failures++;
		return false;
	}
	/* not all at the same second of the next day (and never too early) */
	r->poll_at += (int64_t)(random % 97) * (r->poll_at - answer->now) / 970;
	r->failures = 0;
	r->answered_at = answer->now;
	is_new =
	    w.start_at != r->window.start_at || w.end_at != r->window.end_at;
	if (is_new)
		r->chosen_at = ari_choose(&w, random);
	r->window = w;
	return is_new;
}

int64_t
renewal_at(const struct renewal *r, int64_t not_before, int64_t not_after,
    int jitter, int64_t now)
{
	int64_t life = not_after - not_before;
	int64_t ours = schedule_renewal(not_before, not_after, jitter);
	int64_t earliest, at;

	if (r == NULL || r->chosen_at == 0)
		return ours;
	at = r->chosen_at;
	/* a window beyond the end, or one that a certificate is born in, would
	 * take a site down or order without end */
	if (at > not_after - life / 10)
		at = not_after - life / 10;
	earliest = life / 20 < 86400 ? life / 20 : 86400;
	if (at < not_before + earliest)
		at = not_before + earliest;
	if (now - r->answered_at > life / 10 && ours < at)
		at = ours;
	return at;
}

bool
renewal_is_in_window(struct db *db, const char *id, int64_t now)
{
	struct renewal r;

	return id != NULL && renewal_find(db, id, &r) == ERR_OK &&
	       r.window.start_at <= now && now < r.window.end_at;
}
