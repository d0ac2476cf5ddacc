#ifndef CERTS_INSTALL_H
#define CERTS_INSTALL_H
/*
 * The slots of a host and their history: SQL of certificate, intermediate and
 * installation.  A host has two slots, custom and automatic; putting, rolling
 * back and removing only ever close one installation and open another, so
 * nothing is forgotten.  Callers hold the transaction and bump the host's
 * change counter after the commit.
 */
#include "base/db.h"
#include "certs/choose.h"
#include "certs/x509/chain.h"

enum slot {
	SLOT_CUSTOM,
	SLOT_AUTOMATIC
};

const char *slot_text(enum slot s); /* "custom" */

/* A row of history: the certificate and when it was in its slot. */
struct installation {
	int64_t number;
	enum slot slot;
	int64_t certificate_id;
	int64_t predecessor; /* 0: none */
	int64_t installed_at;
	int64_t removed_at; /* 0: still there */
	char installed_by[64];
	char common_name[256];
	char issuer[512];
	char serial[80];
	char key_type[32];
	uint8_t fingerprint[32];
	int64_t not_before, not_after;
	int64_t revoked_at; /* from then on it is never served; 0: no */
	int chain_length;   /* with the leaf */
	bool trusted;
	char trust_fault[FAULT_TEXT_SIZE];
	char *names; /* JSON array, own copy */
};
void installation_clear(struct installation *i);

/*
 * Its key is lost: it is never a candidate again, no rollback goes to it (C28),
 * and wherever it is installed the slot is emptied.
 */
enum err MUST_USE install_revoke(struct db *db, int64_t certificate_id);
/* A certificate with this SHA-256 was. */
bool install_is_revoked(struct db *db, const uint8_t fingerprint[32]);
/* Hosts that have it installed now; any value but ERR_OK from visit ends it. */
typedef enum err install_visit_host(void *ctx, const char *host);
enum err MUST_USE install_hosts(struct db *db, int64_t certificate_id,
    install_visit_host *visit, void *ctx);

/* The CA that issued it; *directory is the caller's to free, "" when it is not
 * known.  ERR_NOT_FOUND: there is no such certificate. */
enum err MUST_USE install_set_directory(
    struct db *db, int64_t certificate_id, const char *directory);
enum err MUST_USE install_directory(
    struct db *db, int64_t certificate_id, char **directory);

/* Stores chain and sealed key; *id is the certificate row (and key id). */
enum err MUST_USE install_certificate(struct db *db, const struct chain *chain,
    struct slice sealed, bool trusted, const char *trust_fault, int64_t *id);

/*
 * Opens an installation of certificate_id in the slot; what is there is closed.
 * Its predecessor is what the slot held last, also if that was removed.
 * *number is the new one.
 */
enum err MUST_USE install_put(struct db *db, const char *host, enum slot slot,
    int64_t certificate_id, const char *by, int64_t *number);

/*
 * Custom slot back to the predecessor of what is active (or, after a remove, to
 * the removed one); to != 0: to that number's certificate, also forward.  The
 * new installation takes over that one's predecessor, so that A, B, C gives B,
 * then A, then C27.  C28 when it is not valid at now, C36 unknown number.
 */
enum err MUST_USE install_roll_back(struct db *db, const char *host, int64_t to,
    const char *by, int64_t *number, struct fault *f);

/* Empties the slot.  C26 when it is empty. */
enum err MUST_USE install_remove(
    struct db *db, const char *host, enum slot slot, struct fault *f);

/* When somebody was told last that the slot's certificate ends; 0: never, or
 * it is empty.  A new installation has not been told of. */
int64_t install_warned_at(struct db *db, const char *host, enum slot slot);
enum err MUST_USE install_warned(
    struct db *db, const char *host, enum slot slot, int64_t at);

/* ERR_NOT_FOUND when the slot is empty / there is no such number. */
enum err MUST_USE install_current(
    struct db *db, const char *host, enum slot slot, struct installation *out);
enum err MUST_USE install_get(
    struct db *db, const char *host, int64_t number, struct installation *out);

/* Each host whose slot has the certificate now, with its end. */
typedef void install_holder(void *ctx, const char *host, int64_t not_after);
enum err MUST_USE install_holders(struct db *db, int64_t certificate_id,
    enum slot slot, install_holder *visit, void *ctx);

/* History, newest first; any value but ERR_OK from visit ends it. */
typedef enum err install_visit(void *ctx, const struct installation *i);
enum err MUST_USE install_history(
    struct db *db, const char *host, install_visit *visit, void *ctx);

/*
 * The candidates of a host, for choose(): the active custom one, the active
 * automatic one and the one before it and, when wildcard is not NULL
 * ("*.example.com", a domain of the same app), that one's.  At most max are
 * written.
 */
#define CANDIDATES_MAX 8
enum err MUST_USE install_candidates(struct db *db, const char *host,
    const char *wildcard, struct candidate *out, size_t max, size_t *n);

/* What a handshake needs of one certificate; slices are loans of the statement:
 * copy, then stmt_done(statement). */
struct stored_certificate {
	struct slice leaf;  /* DER */
	struct slice chain; /* "7 3": ids of intermediates */
	struct slice sealed;
	const char *key_type;
	int64_t not_before, not_after;
	struct stmt *statement;
};
enum err MUST_USE install_read_certificate(
    struct db *db, int64_t id, struct stored_certificate *out);
/* der: as above, then stmt_done(*statement). */
enum err MUST_USE install_read_intermediate(
    struct db *db, int64_t id, struct slice *der, struct stmt **statement);

#endif
