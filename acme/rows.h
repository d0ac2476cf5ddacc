#ifndef ACME_ROWS_H
#define ACME_ROWS_H
/*
 * The SQL of acme's tables: account, acme_order and challenge (and see
 * acme/ledger_rows.h).  What belongs together is one transaction; nothing here
 * talks to a CA.
 */
#include "acme/ca_choice.h"
#include "acme/challenge.h"
#include "base/buf.h"
#include "base/db.h"
#include "base/host.h"

#define SEALED_MAX 8192 /* bytes of a sealed key */

/* Of a column, into a buffer that is not initialised yet. */
void rows_take_sealed(struct buf *b, struct stmt *s, int at);

/* --- account: one for each directory --- */

struct account_row {
	int64_t id;
	char *url;         /* NULL until registered */
	struct buf sealed; /* the private key */
	struct buf next;   /* the one to follow; empty: none */
	char *email;       /* what the CA has; NULL: not known */
};
void account_row_clear(struct account_row *a);

/* ERR_NOT_FOUND: none yet. */
enum err MUST_USE rows_account(
    struct db *db, const char *directory, struct account_row *out);
enum err MUST_USE rows_add_account(
    struct db *db, const char *directory, struct slice sealed);
/* NULL: the CA does not know it. */
enum err MUST_USE rows_set_account_url(
    struct db *db, const char *directory, const char *url);
enum err MUST_USE rows_set_account_email(
    struct db *db, const char *directory, const char *email);
/* The key that is to follow; n == 0: none does (any more). */
enum err MUST_USE rows_set_next_key(
    struct db *db, const char *directory, struct slice sealed);
/* Another account: the one there was is forgotten with its keys. */
enum err MUST_USE rows_replace_account(
    struct db *db, const char *directory, struct slice sealed);
/* The CA has it: it takes the place of the one before. */
enum err MUST_USE rows_adopt_next_key(struct db *db, const char *directory);

/* --- acme_order --- */

struct order_row {
	int64_t id;
	char host[HOST_SIZE];
	char **names; /* [0] is host */
	size_t n_names;
	char *directory;
	char *url; /* NULL: not known to the CA */
	struct buf sealed;
	char *replaces; /* NULL: none */
	bool is_renewal;
	int64_t needed_at;
	enum wish_ca ca;
	bool by_hand;
	bool is_moved;    /* after the other CA had refused */
	char *charged_to; /* whose limits count it (acme/ledger_rows.h); NULL */
};
void order_row_clear(struct order_row *o);

/* ERR_EXISTS: one is open for the host. */
enum err MUST_USE rows_add_order(struct db *db, const struct order_wish *wish,
    const char *directory, int64_t *id);
/* ERR_NOT_FOUND: it is not open (any more). */
enum err MUST_USE rows_order(struct db *db, int64_t id, struct order_row *out);
/* ERR_NOT_FOUND: it has not ended. */
enum err MUST_USE rows_ended_order(
    struct db *db, int64_t id, struct order_row *out);

/* All that are open, oldest first. */
typedef void rows_visit(
    void *ctx, int64_t id, const char *host, int64_t needed_at);
enum err MUST_USE rows_open_orders(struct db *db, rows_visit *visit, void *ctx);

struct order_progress {
	const char *directory, *state;
	const char *url, *finalize_url, *certificate_url; /* NULL: unknown */
	const char *ordered; /* host, when the CA took the order just now: an
			      * attempt; else NULL */
};
enum err MUST_USE rows_save_order(
    struct db *db, int64_t id, const struct order_progress *p);
enum err MUST_USE rows_save_key(struct db *db, int64_t id, struct slice sealed);

/* Closed as "failed" with the fault, or "cancelled" when f is NULL; its
 * challenges go.  failed_host: a validation of this name failed, an attempt. */
enum err MUST_USE rows_end_order(
    struct db *db, int64_t id, const struct fault *f, const char *failed_host);
/* What the CA said when it ended: JSON, and where that can be read again (NULL:
 * nowhere). */
enum err MUST_USE rows_keep_words(
    struct db *db, int64_t id, const char *said, const char *url);
/* The name whose validation ended the order.  ERR_NOT_FOUND: none did. */
enum err MUST_USE rows_failed_host(
    struct db *db, int64_t id, char out[HOST_SIZE]);

/* --- two CAs --- */

/* Of one that no CA knows yet. */
enum err MUST_USE rows_set_directory(
    struct db *db, int64_t id, const char *directory);
/* Of one that failed: until when the CA is not asked for the name again (0: it
 * was not to blame), and what a person can do ("": nothing). */
enum err MUST_USE rows_note_failure(
    struct db *db, int64_t id, int64_t shun_until, const char *action);
/* That time, of the last order for the host there; 0 when it went well. */
enum err MUST_USE rows_shun_until(
    struct db *db, const char *host, const char *directory, int64_t *until);
/* The same order as one that failed, at another CA. */
enum err MUST_USE rows_move_order(
    struct db *db, int64_t failed, const char *directory, int64_t *id);

/* Deletes some that ended before that time, but never the last of a host, nor
 * one whose records are still at the DNS provider; *more is set when others may
 * be left. */
enum err MUST_USE rows_prune_orders(struct db *db, int64_t before, bool *more);

/* --- challenge --- */

struct challenge_row {
	enum challenge_type type;
	const char *host, *token, *key_authorization, *url;
	int64_t expires_at; /* 0: unknown */
};
/* Replaces what the order had at that URL; the order remembers the type. */
enum err MUST_USE rows_add_challenge(
    struct db *db, int64_t order_id, const struct challenge_row *c);

/* The type that the last order for the host answered with, and whether it was
 * valid then.  ERR_NOT_FOUND: there was none. */
enum err MUST_USE rows_last_challenge(
    struct db *db, const char *host, enum challenge_type *type, bool *worked);

/* A token of the order at a time, for as long as they are there. */
typedef void rows_visit_token(void *ctx, struct slice token);
enum err MUST_USE rows_tokens(
    struct db *db, int64_t order_id, rows_visit_token *visit, void *ctx);

/* --- txt_record --- */

struct txt_row {
	int64_t id;
	char name[256], value[CHALLENGE_DIGEST_MAX + 1];
};
/* Once for each order, name and value. */
enum err MUST_USE rows_add_txt(
    struct db *db, int64_t order_id, const char *name, const char *value);
/* The next one behind `after` whose order has ended.  ERR_NOT_FOUND: none. */
enum err MUST_USE rows_ended_txt(
    struct db *db, int64_t after, struct txt_row *out);
enum err MUST_USE rows_delete_txt(struct db *db, int64_t id);

#endif
