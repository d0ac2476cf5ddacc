#ifndef TESTS_UNIT_ISSUING_H
#define TESTS_UNIT_ISSUING_H
/*
 * For tests of the issuer: a run of it in a child of its own, with its own keys
 * process, so that it can be killed at any step and another run can take up
 * what it left in the store; and a server that answers challenges from the
 * store, as a worker would.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/pebble.h"

/* What a run is to do; it ends with the exit status of the child. */
struct issuing_plan {
	const struct pebble *ca;
	const char *names[3];
	size_t n_names;       /* 0: only resume */
	const char *kill_at;  /* die when the order's row has this state... */
	bool kill_after_send; /* ...and the CA has the request that follows */
	int refusals;         /* the owner does not take it at first */
	int n_more;           /* orders beside it, of one name each */
	/* one at a time, and of those beside it, by turns, one is far from its
	 * end, one has nothing, one is near its end */
	bool by_urgency;
	bool is_unfit; /* the owner will never take it */
	bool no_terms, cancel;
};

enum issuing_outcome {
	ISSUED = 0,
	FAILED = 10,
	NEEDS_PERSON,
	REFUSED, /* issuer_order said no */
	NOTHING, /* nothing was open */
	TOO_SLOW,
	BROKEN, /* a check of this test */
};

/* Where the CA has to look for answers. */
extern int issuing_http_port;

/* The server, and the folder for store and results.  Names that begin with
 * "wrong." get a wrong answer. */
void issuing_start(const char *folder);
void issuing_stop(void);

/* A setup function: an empty store. */
int issuing_fresh_store(void **state);

/* An issuing_outcome, or minus the signal that ended the child. */
int issuing_run(const struct issuing_plan *plan);

/* The first column of the first row. */
int64_t issuing_count(const char *sql);

/* Of the last run: code and sentence of the fault, and milliseconds until it
 * was issued, or seconds until the next try. */
#define ISSUING_TEXT_SIZE 512
void issuing_result(char code[16], char text[ISSUING_TEXT_SIZE], long *number);

#endif
