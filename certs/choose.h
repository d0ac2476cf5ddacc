#ifndef CERTS_CHOOSE_H
#define CERTS_CHOOSE_H
/*
 * Which certificate a visitor gets: a pure function of the candidates and the
 * time, run at every full handshake.  No choice is stored anywhere.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum candidate_source {
	CANDIDATE_CUSTOM,
	CANDIDATE_AUTOMATIC,
	CANDIDATE_WILDCARD, /* of the same app, either slot */
	CANDIDATE_PLATFORM, /* *.apps_domain */
};

struct candidate {
	int64_t certificate_id;
	int64_t not_before, not_after;
	enum candidate_source source;
	bool covers; /* its names match the host */
};

enum serving {
	SERVING_CUSTOM,
	SERVING_AUTOMATIC, /* a wildcard's too */
	SERVING_PLATFORM,
	SERVING_PLACEHOLDER, /* self-signed: nothing else is there */
};

const char *serving_text(enum serving s); /* "custom" */

struct choice {
	enum serving serving;
	size_t index; /* of the candidate; n when it is the placeholder */
	bool is_outside_validity; /* better than nothing: C35 */
};

/*
 * In this order: custom, if valid now; the newest valid automatic (the one
 * stored last); a valid wildcard of the app; a valid one of the platform; then,
 * outside its validity but better than nothing, the newest (by not_after) of
 * the name's own, of the wildcard, of the platform; the placeholder.  What does
 * not cover the name is never chosen.
 */
struct choice choose(const struct candidate *candidates, size_t n, int64_t now);

/* The next second after now at which choose may answer differently; 0: never.
 */
int64_t choose_changes_at(
    const struct candidate *candidates, size_t n, int64_t now);

#endif
