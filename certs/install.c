#include "certs/install.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/host.h"
#include "base/json.h"
#include "base/mem.h"

const char *
slot_text(enum slot s)
{
	return s == SLOT_CUSTOM ? "custom" : "automatic";
}

void
installation_clear(struct installation *i)
{
	free(i->names);
	*i = (struct installation){0};
}

/* --- reading history --------------------------------------------------------
 */

#define INSTALLATION_COLUMNS                                                   \
	"i.number, i.slot, i.certificate_id, i.predecessor, i.installed_at, "  \
	"i.removed_at, i.installed_by, c.common_name, c.issuer, c.serial, "    \
	"c.key_type, c.fingerprint, c.not_before, c.not_after, c.chain, "      \
	"c.trusted, c.trust_fault, c.names, ifnull(c.revoked_at, 0) "          \
	"FROM installation i JOIN certificate c ON c.id = i.certificate_id "

static void
copy(char *out, size_t size, const char *text)
{
	(void)snprintf(out, size, "%s", text);
}

/* Ids in "7 3", and the leaf. */
static int
chain_length(struct slice chain)
{
	struct slice id;
	int n = 1;

	while (slice_word(&chain, &id))
		n++;
	return n;
}

static void
read_installation(struct stmt *s, struct installation *out)
{
	struct slice fingerprint = stmt_get(s, 11);

	*out = (struct installation){0};
	out->number = stmt_get_int(s, 0);
	out->slot = slice_eq(stmt_get(s, 1), SLICE("custom")) ? SLOT_CUSTOM
							      : SLOT_AUTOMATIC;
	out->certificate_id = stmt_get_int(s, 2);
	out->predecessor = stmt_get_int(s, 3);
	out->installed_at = stmt_get_int(s, 4);
	out->removed_at = stmt_get_int(s, 5);
	copy(out->installed_by, sizeof(out->installed_by), stmt_get_str(s, 6));
	copy(out->common_name, sizeof(out->common_name), stmt_get_str(s, 7));
	copy(out->issuer, sizeof(out->issuer), stmt_get_str(s, 8));
	copy(out->serial, sizeof(out->serial), stmt_get_str(s, 9));
	copy(out->key_type, sizeof(out->key_type), stmt_get_str(s, 10));
	if (fingerprint.n == sizeof(out->fingerprint))
		memcpy(out->fingerprint, fingerprint.p, fingerprint.n);
	out->not_before = stmt_get_int(s, 12);
	out->not_after = stmt_get_int(s, 13);
	out->chain_length = chain_length(stmt_get(s, 14));
	out->trusted = stmt_get_int(s, 15) != 0;
	copy(out->trust_fault, sizeof(out->trust_fault), stmt_get_str(s, 16));
	out->names = xstrdup(stmt_get_str(s, 17));
	out->revoked_at = stmt_get_int(s, 18);
}

static enum err
first_installation(struct stmt *s, struct installation *out)
{
	enum err e = stmt_step(s);

	if (e != ERR_OK)
		return e;
	read_installation(s, out);
	stmt_done(s);
	return ERR_OK;
}

enum err
install_current(
    struct db *db, const char *host, enum slot slot, struct installation *out)
{
	static const char sql[] =
	    "SELECT " INSTALLATION_COLUMNS "WHERE i.host = ? AND i.slot = ? "
	    "AND i.removed_at IS NULL";
	struct stmt *s = db_stmt(db, sql);

	if (s == NULL)
		return ERR_AGAIN;
	stmt_str(s, 1, host);
	stmt_str(s, 2, slot_text(slot));
	return first_installation(s, out);
}

enum err
install_get(
    struct db *db, const char *host, int64_t number, struct installation *out)
{
	static const char sql[] =
	    "SELECT " INSTALLATION_COLUMNS "WHERE i.host = ? AND i.number = ?";
	struct stmt *s = db_stmt(db, sql);

	if (s == NULL)
		return ERR_AGAIN;
	stmt_str(s, 1, host);
	stmt_int(s, 2, number);
	return first_installation(s, out);
}

enum err
install_holders(struct db *db, int64_t certificate_id, enum slot slot,
    install_holder *visit, void *ctx)
{
	static const char sql[] =
	    "SELECT i.host, c.not_after FROM installation i "
	    "JOIN certificate c ON c.id = i.certificate_id "
	    "WHERE i.certificate_id = ? AND i.slot = ? "
	    "AND i.removed_at IS NULL";
	struct stmt *s = db_stmt(db, sql);
	enum err e;

	stmt_int(s, 1, certificate_id);
	stmt_str(s, 2, slot_text(slot));
	while ((e = stmt_step(s)) == ERR_OK)
		visit(ctx, stmt_get_str(s, 0), stmt_get_int(s, 1));
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
install_history(
    struct db *db, const char *host, install_visit *visit, void *ctx)
{
	static const char sql[] = "SELECT " INSTALLATION_COLUMNS
				  "WHERE i.host = ? ORDER BY i.number DESC";
	struct stmt *s = db_stmt(db, sql);
	enum err e, said = ERR_OK;

	if (s == NULL)
		return ERR_AGAIN;
	stmt_str(s, 1, host);
	while ((e = stmt_step(s)) == ERR_OK) {
		struct installation i;

		read_installation(s, &i);
		said = visit(ctx, &i);
		installation_clear(&i);
		if (said != ERR_OK) {
			stmt_done(s);
			return said;
		}
	}
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- changing slots ---------------------------------------------------------
 */

static enum err
next_number(struct db *db, const char *host, int64_t *out)
{
	static const char sql[] = "SELECT coalesce(max(number), 0) + 1 "
				  "FROM installation WHERE host = ?";
	struct stmt *s = db_stmt(db, sql);
	enum err e;

	stmt_str(s, 1, host);
	e = stmt_step(s);
	if (e == ERR_OK) {
		*out = stmt_get_int(s, 0);
		stmt_done(s);
	}
	return e;
}

static enum err
close_slot(struct db *db, const char *host, enum slot slot)
{
	static const char sql[] =
	    "UPDATE installation SET removed_at = max(?, installed_at) "
	    "WHERE host = ? AND slot = ? AND removed_at IS NULL";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, 1, clock_now());
	stmt_str(s, 2, host);
	stmt_str(s, 3, slot_text(slot));
	return stmt_run(s);
}

/* What a new installation holds. */
struct opening {
	enum slot slot;
	int64_t certificate_id;
	int64_t predecessor; /* 0: none */
	const char *by;
};

/* Closes what is in the slot and opens another. */
static enum err
replace(
    struct db *db, const char *host, const struct opening *o, int64_t *number)
{
	static const char sql[] =
	    "INSERT INTO installation (host, number, slot, certificate_id, "
	    "predecessor, installed_at, installed_by) "
	    "VALUES (?, ?, ?, ?, ?, ?, ?)";
	struct stmt *s;
	enum err e;

	assert(db_in_transaction(db));
	if ((e = next_number(db, host, number)) != ERR_OK ||
	    (e = close_slot(db, host, o->slot)) != ERR_OK)
		return e;
	s = db_stmt(db, sql);
	stmt_str(s, 1, host);
	stmt_int(s, 2, *number);
	stmt_str(s, 3, slot_text(o->slot));
	stmt_int(s, 4, o->certificate_id);
	if (o->predecessor == 0)
		stmt_null(s, 5);
	else
		stmt_int(s, 5, o->predecessor);
	stmt_int(s, 6, clock_now());
	stmt_str(s, 7, o->by);
	return stmt_run(s);
}

/* The installation that the slot held last, whether it still does or not. */
static enum err
last_in(
    struct db *db, const char *host, enum slot slot, struct installation *out)
{
	static const char sql[] =
	    "SELECT " INSTALLATION_COLUMNS "WHERE i.host = ? AND i.slot = ? "
	    "ORDER BY i.number DESC LIMIT 1";
	struct stmt *s = db_stmt(db, sql);

	stmt_str(s, 1, host);
	stmt_str(s, 2, slot_text(slot));
	return first_installation(s, out);
}

enum err
install_put(struct db *db, const char *host, enum slot slot,
    int64_t certificate_id, const char *by, int64_t *number)
{
	struct installation last = {0};
	enum err e = last_in(db, host, slot, &last);
	int64_t predecessor = last.number;

	installation_clear(&last);
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	return replace(db, host,
	    &(struct opening){slot, certificate_id, predecessor, by}, number);
}

enum err
install_remove(struct db *db, const char *host, enum slot slot, struct fault *f)
{
	struct installation now = {0};
	enum err e = install_current(db, host, slot, &now);

	installation_clear(&now);
	if (e == ERR_NOT_FOUND)
		fault_set(f, FAULT_C26_NONE_INSTALLED,
		    "%s has no %s certificate installed", host,
		    slot_text(slot));
	if (e != ERR_OK)
		return e;
	return close_slot(db, host, slot);
}

int64_t
install_warned_at(struct db *db, const char *host, enum slot slot)
{
	static const char sql[] =
	    "SELECT warned_at FROM installation "
	    "WHERE host = ? AND slot = ? AND removed_at IS NULL";
	struct stmt *s = db_stmt(db, sql);
	int64_t at = 0;

	stmt_str(s, 1, host);
	stmt_str(s, 2, slot_text(slot));
	if (stmt_step(s) == ERR_OK)
		at = stmt_get_int(s, 0);
	stmt_done(s);
	return at;
}

enum err
install_warned(struct db *db, const char *host, enum slot slot, int64_t at)
{
	static const char sql[] =
	    "UPDATE installation SET warned_at = ? "
	    "WHERE host = ? AND slot = ? AND removed_at IS NULL";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, 1, at);
	stmt_str(s, 2, host);
	stmt_str(s, 3, slot_text(slot));
	return stmt_run(s);
}

/* What `rollback` without a number goes to. */
static enum err
find_previous(
    struct db *db, const char *host, struct installation *out, struct fault *f)
{
	struct installation last = {0};
	enum err e = last_in(db, host, SLOT_CUSTOM, &last);

	if (e == ERR_OK && last.removed_at != 0) {
		*out = last; /* after a remove: the removed one */
		return ERR_OK;
	}
	if (e == ERR_OK && last.predecessor != 0)
		e = install_get(db, host, last.predecessor, out);
	else if (e == ERR_OK)
		e = ERR_NOT_FOUND;
	if (e == ERR_NOT_FOUND)
		fault_set(f, FAULT_C27_NOTHING_TO_ROLL_BACK_TO,
		    "%s has no certificate before this one", host);
	installation_clear(&last);
	return e;
}

static enum err
find_number(struct db *db, const char *host, int64_t number,
    struct installation *out, struct fault *f)
{
	enum err e = install_get(db, host, number, out);

	if (e == ERR_NOT_FOUND)
		fault_set(f, FAULT_C36_NO_SUCH_NUMBER,
		    "The history of %s has no number %lld", host,
		    (long long)number);
	return e;
}

/* Whether it could be served now. */
static enum err
check_target(
    const struct installation *target, const char *host, struct fault *f)
{
	int64_t now = clock_now(), at = target->revoked_at;
	const char *what = "was revoked at";
	char when[CLOCK_TEXT_SIZE];

	if (at == 0 && now > target->not_after) {
		what = "expired at";
		at = target->not_after;
	} else if (at == 0 && now < target->not_before) {
		what = "is valid from";
		at = target->not_before;
	}
	if (at == 0)
		return ERR_OK;
	fault_set(f, FAULT_C28_TARGET_NOT_VALID,
	    "Number %lld of %s %s %s, so it cannot be served",
	    (long long)target->number, host, what, clock_format(at, when));
	return ERR_DENIED;
}

enum err
install_roll_back(struct db *db, const char *host, int64_t to, const char *by,
    int64_t *number, struct fault *f)
{
	struct installation target = {0};
	enum err e;

	e = to == 0 ? find_previous(db, host, &target, f)
		    : find_number(db, host, to, &target, f);
	if (e == ERR_OK)
		e = check_target(&target, host, f);
	if (e == ERR_OK)
		e = replace(db, host,
		    &(struct opening){SLOT_CUSTOM, target.certificate_id,
			target.slot == SLOT_CUSTOM ? target.predecessor : 0,
			by},
		    number);
	installation_clear(&target);
	return e;
}

/* --- for the edge -----------------------------------------------------------
 */

/* Whether one of the names covers the host; JSON array as stored. */
static bool
names_cover(const char *names, const char *host)
{
	json_t *list = NULL, *name;
	bool covers = false;
	size_t i;

	if (json_parse(slice_str(names), &list, NULL) != ERR_OK)
		return false;
	json_array_foreach(list, i, name)
	{
		covers =
		    covers || host_matches(slice_str(json_string_value(name)),
				  slice_str(host));
	}
	json_decref(list);
	return covers;
}

/* Where candidates are gathered, and for which host. */
struct gathering {
	struct db *db;
	const char *host;
	struct candidate *out;
	size_t max, *n;
};

static void
add_candidate(struct gathering *g, struct stmt *s, enum candidate_source source)
{
	g->out[(*g->n)++] = (struct candidate){
	    .certificate_id = stmt_get_int(s, 0),
	    .not_before = stmt_get_int(s, 1),
	    .not_after = stmt_get_int(s, 2),
	    .source = source,
	    .covers = names_cover(stmt_get_str(s, 3), g->host),
	};
}

#define CANDIDATE_COLUMNS                                                      \
	"SELECT i.certificate_id, c.not_before, c.not_after, c.names "         \
	"FROM installation i JOIN certificate c ON c.id = i.certificate_id "

/* The certificates that sql finds for the domain `of`. */
static enum err
gather(struct gathering *g, const char *sql, const char *of,
    enum candidate_source source)
{
	struct stmt *s = db_stmt(g->db, sql);
	enum err e;

	if (s == NULL)
		return ERR_AGAIN;
	stmt_str(s, 1, of);
	while ((e = stmt_step(s)) == ERR_OK) {
		if (*g->n == g->max) {
			stmt_done(s);
			return ERR_OK;
		}
		add_candidate(g, s, source);
	}
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
install_candidates(struct db *db, const char *host, const char *wildcard,
    struct candidate *out, size_t max, size_t *n)
{
	static const char custom[] =
	    CANDIDATE_COLUMNS "WHERE i.host = ? AND i.slot = 'custom' "
			      "AND i.removed_at IS NULL "
			      "AND c.revoked_at IS NULL";
	/* the one before it stands by, for as long as the slot is not empty */
	static const char automatic[] =
	    CANDIDATE_COLUMNS "WHERE i.host = ?1 AND i.slot = 'automatic' "
			      "AND c.revoked_at IS NULL "
			      "AND EXISTS (SELECT 1 FROM installation "
			      "WHERE host = ?1 AND slot = 'automatic' "
			      "AND removed_at IS NULL) "
			      "ORDER BY i.number DESC LIMIT 2";
	struct gathering g = {db, host, out, max, n};
	enum err e;

	*n = 0;
	e = gather(&g, custom, host, CANDIDATE_CUSTOM);
	if (e == ERR_OK)
		e = gather(&g, automatic, host, CANDIDATE_AUTOMATIC);
	if (e != ERR_OK || wildcard == NULL)
		return e;
	e = gather(&g, custom, wildcard, CANDIDATE_WILDCARD);
	if (e == ERR_OK)
		e = gather(&g, automatic, wildcard, CANDIDATE_WILDCARD);
	return e;
}
