#ifndef TESTS_UNIT_PLAY_H
#define TESTS_UNIT_PLAY_H
/*
 * For tests of orders: exchanges with a CA as they were recorded, played turn
 * by turn.  A turn that the order does not want fails the test.
 */
#include "acme/order.h"
#include "base/mem.h"
#include "tests/unit/test.h"

#define HOST "www.test"
#define CA   "https://ca.test"
#define NOW  INT64_C(1700000000)
#define TYPE "urn:ietf:params:acme:error:"

/* Answers as a CA gives them. */
#define ORDER_OF(status, more)                                                 \
	"{\"status\":\"" status "\",\"identifiers\":[{\"type\":\"dns\","       \
	"\"value\":\"" HOST "\"}],\"authorizations\":[\"" CA "/authz/1\"],"    \
	"\"finalize\":\"" CA "/finalize/1\"" more "}"
#define ORDER_PENDING    ORDER_OF("pending", "")
#define ORDER_IS_READY   ORDER_OF("ready", "")
#define ORDER_IN_PROCESS ORDER_OF("processing", "")
#define ORDER_VALID      ORDER_OF("valid", ",\"certificate\":\"" CA "/cert/1\"")
#define CHALLENGE(status, more)                                                \
	"{\"type\":\"http-01\",\"url\":\"" CA "/chall/1\",\"token\":"          \
	"\"tok_en-1\",\"status\":\"" status "\"" more "}"
#define AUTHZ_OF(name, status, challenges)                                     \
	"{\"identifier\":{\"type\":\"dns\",\"value\":\"" name                  \
	"\"},\"status\":\"" status "\",\"challenges\":[" challenges "]}"
#define AUTHZ(status, challenges) AUTHZ_OF(HOST, status, challenges)
#define AUTHZ_PENDING             AUTHZ("pending", CHALLENGE("pending", ""))
#define AUTHZ_PROCESSING          AUTHZ("pending", CHALLENGE("processing", ""))
#define AUTHZ_VALID               AUTHZ("valid", CHALLENGE("valid", ""))
#define PROBLEM(type)                                                          \
	"{\"type\":\"" TYPE type "\",\"detail\":\"the CA's words\"}"

/* One turn: what the order wants, and what comes of it.  `expects` is the end
 * of the URL ("" is newOrder), or a step in capitals. */
struct turn {
	const char *expects;
	int status;
	const char *body;
	const char *location, *retry_after; /* NULL: absent */
};

struct run {
	struct order *order;
	int64_t mono_ms;
	int64_t waited_ms;
	size_t turn;
};

/* What is allowed in a run: http-01. */
extern const struct challenge_choice play_choice;

/* url NULL: a new order for HOST. */
void play_start(struct run *run, const char *url);
void play_end(struct run *run);

/* What is wanted next; waits are sat out. */
void play_next(struct run *run, struct order_action *out);
void play_answer(struct run *run, const struct turn *turn);
void play_turns(struct run *run, const struct turn *turns, size_t n);

/* It gives up now, for this reason; ends the run. */
void play_assert_failed(
    struct run *run, const char *code, enum problem_class class);

#define PLAY(run, ...)                                                         \
	do {                                                                   \
		static const struct turn turns_[] = {__VA_ARGS__};             \
		play_turns(run, turns_, COUNT_OF(turns_));                     \
	} while (0)

/* The common beginning: up to the posted challenge. */
#define NEW_ORDER                                                              \
	{                                                                      \
		"", 201, ORDER_PENDING, CA "/order/1", NULL                    \
	}
#define CHALLENGED                                                             \
	NEW_ORDER, {"/authz/1", 200, AUTHZ_PENDING, NULL, NULL},               \
	    {.expects = "PUBLISH"},                                            \
	{                                                                      \
		"/chall/1", 200, CHALLENGE("pending", ""), NULL, NULL          \
	}

#endif
