#ifndef ACME_LEDGER_BUCKET_H
#define ACME_LEDGER_BUCKET_H
/*
 * One bucket of the ledger as a row, for acme/ledger_*.c.  No row reads as
 * full_ms 0.
 */
#include "acme/ledger_rows.h"

enum err MUST_USE bucket_read(struct db *db, const char *directory,
    enum ledger_rule rule, const char *subject, int64_t *full_ms);
enum err MUST_USE bucket_write(struct db *db, const char *directory,
    enum ledger_rule rule, const char *subject, int64_t full_ms);
enum err MUST_USE bucket_forget(struct db *db, const char *directory,
    enum ledger_rule rule, const char *subject);

enum err MUST_USE bucket_spend(struct db *db, const struct ledger_ca *ca,
    enum ledger_rule rule, const char *subject);
enum err MUST_USE bucket_give_back(struct db *db, const struct ledger_ca *ca,
    enum ledger_rule rule, const char *subject);

#endif
