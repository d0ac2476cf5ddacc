#include "acme/ledger_bucket.h"
#include "base/clock.h"

static struct ledger_entry
entry_of(const struct ledger_ca *ca, enum ledger_rule rule, const char *subject,
    int64_t full_ms)
{
	const struct ledger_limit *limit = &ca->limits->of[rule];
	int64_t now_ms = clock_now_ms();
	int64_t at_ms = ledger_passes_at(limit, full_ms, 0, now_ms);

	return (struct ledger_entry){
	    .rule = rule,
	    .subject = subject,
	    .used = ledger_used(limit, full_ms, now_ms),
	    .burst = limit->burst,
	    .period_s = limit->period_s,
	    .next_at = at_ms <= now_ms ? now_ms / 1000 : at_ms / 1000 + 1,
	};
}

struct ledger_entry
ledger_entry_of(struct db *db, const struct ledger_ca *ca,
    enum ledger_rule rule, const char *subject)
{
	int64_t full_ms;

	if (bucket_read(db, ca->directory, rule, subject, &full_ms) != ERR_OK)
		full_ms = 0;
	return entry_of(ca, rule, subject, full_ms);
}

void
ledger_busiest(struct db *db, const struct ledger_ca *ca, enum ledger_rule rule,
    int n, ledger_show *show, void *ctx)
{
	static const char sql[] =
	    "SELECT subject, full_ms FROM budget WHERE directory = ?1 "
	    "AND rule = ?2 AND full_ms > ?3 ORDER BY full_ms DESC LIMIT ?4";
	struct stmt *s = db_stmt(db, sql);

	stmt_str(s, 1, ca->directory);
	stmt_str(s, 2, ledger_rule_text(rule));
	stmt_int(s, 3, clock_now_ms());
	stmt_int(s, 4, n);
	while (stmt_step(s) == ERR_OK) {
		struct ledger_entry entry =
		    entry_of(ca, rule, stmt_get_str(s, 0), stmt_get_int(s, 1));

		show(ctx, &entry);
	}
}

struct shown {
	struct db *db;
	const struct ledger_ca *ca;
	ledger_show *show;
	void *ctx;
};

static int
on_show(void *ctx, enum ledger_rule rule, const char *subject, bool is_spent)
{
	const struct shown *shown = ctx;
	struct ledger_entry entry =
	    ledger_entry_of(shown->db, shown->ca, rule, subject);

	(void)is_spent;
	if (rule != LEDGER_TOLD || entry.next_at > clock_now())
		shown->show(shown->ctx, &entry);
	return 0;
}

void
ledger_of_order(struct db *db, const struct ledger_ca *ca,
    const struct ledger_order *order, ledger_show *show, void *ctx)
{
	struct shown shown = {db, ca, show, ctx};

	(void)ledger_walk(ca->limits, order, on_show, &shown);
}
