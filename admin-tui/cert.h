#ifndef ADMIN_TUI_CERT_H
#define ADMIN_TUI_CERT_H
/*
 * A certificate as the API tells it, and how two of them differ.
 *
 * Owned by: the domain or the history that has it.   Freed by: cert_clear.
 */
#include "base/json.h"

struct cert {
	int64_t number;
	int64_t predecessor; /* what rollback leads to; 0: nothing */
	bool is_custom;
	char *common_name, *serial, *fingerprint, *key_type;
	char *issuer;      /* all of its name (RFC 4514) */
	char *issuer_name; /* its CN, or else all of it: for columns */
	char *trust_fault, *installed_by;
	char **names;
	size_t n_names;
	int64_t not_before, not_after;
	int64_t installed_at, removed_at; /* 0: still there */
	int64_t chain_length;
	bool is_trusted;
};

void cert_read(struct cert *c, const json_t *o); /* into an empty one */
void cert_clear(struct cert *c);

bool cert_is_valid(const struct cert *c, int64_t now);

/* Whether its names (wildcards too) cover this name. */
bool cert_has_name(const struct cert *c, const char *name);

/* "3F:A1:09:..:C4": the start and end of a fingerprint. */
#define CERT_SHORT_SIZE 24
char *cert_short_fingerprint(const struct cert *c, char out[CERT_SHORT_SIZE]);

#endif
