#ifndef BASE_FAULT_H
#define BASE_FAULT_H
/*
 * A fault is what a person reads when something is wrong: a stable code, one
 * sentence that says what, and what to do.  The table in fault.c is the only
 * place a code is defined; CLI, API, console, logs and the manual print from
 * it.  Letters: N names and apps, C certificates, D DNS, A ACME, S the system,
 * P requests and commands.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum fault_code {
	FAULT_NONE = 0,
	/* names and apps */
	FAULT_N10_HOST_INVALID,
	FAULT_N11_HOST_EXISTS,
	FAULT_N12_HOST_OF_OTHER_APP,
	FAULT_N13_HOST_RESERVED,
	FAULT_N14_WILDCARD_NEEDS_DNS01,
	FAULT_N15_NO_SUCH_DOMAIN,
	FAULT_N16_NO_SUCH_APP,
	FAULT_N17_APP_EXISTS,
	FAULT_N18_APP_NAME_INVALID,
	FAULT_N19_BACKEND_INVALID,
	FAULT_N20_NO_DEFAULT_APP,
	FAULT_N21_SETTING_UNKNOWN,
	FAULT_N22_SETTING_INVALID,
	FAULT_N23_BACKEND_EXISTS,
	FAULT_N24_NO_SUCH_BACKEND,
	FAULT_N25_APP_HAS_DOMAINS,
	FAULT_N26_PAGE_NOT_FETCHED,
	FAULT_N28_BACKEND_UNRESOLVED,
	FAULT_N29_BACKEND_UNHEALTHY,
	FAULT_N30_NAMES_OF_SEVERAL_APPS,
	FAULT_N31_NO_CHALLENGE,
	/* certificates */
	FAULT_C10_NO_CERTIFICATE,
	FAULT_C11_NO_KEY,
	FAULT_C12_KEY_MISMATCH,
	FAULT_C13_EXPIRED,
	FAULT_C14_NOT_YET_VALID,
	FAULT_C15_NAME_NOT_COVERED,
	FAULT_C16_KEY_ENCRYPTED,
	FAULT_C17_PASSPHRASE_WRONG,
	FAULT_C18_NOT_RECOGNISED,
	FAULT_C19_EMPTY,
	FAULT_C20_TOO_BIG,
	FAULT_C21_CHAIN_INCOMPLETE,
	FAULT_C22_NOT_TRUSTED,
	FAULT_C23_KEY_WEAK,
	FAULT_C24_TOO_MANY_NAMES,
	FAULT_C25_ONE_INSTALLED,
	FAULT_C26_NONE_INSTALLED,
	FAULT_C27_NOTHING_TO_ROLL_BACK_TO,
	FAULT_C28_TARGET_NOT_VALID,
	FAULT_C29_NO_FALLBACK_READY,
	FAULT_C30_PROOF_FAILED,
	FAULT_C31_SEVERAL_KEYS,
	FAULT_C32_SIGNATURE_WEAK,
	FAULT_C33_NOT_FOR_SERVERS,
	FAULT_C34_CUSTOM_EXPIRED,
	FAULT_C35_SERVED_NOT_VALID,
	FAULT_C36_NO_SUCH_NUMBER,
	FAULT_C37_KEYS_AWAY,
	FAULT_C38_KEY_TYPE_UNSUPPORTED,
	FAULT_C39_EXPIRING,
	FAULT_C40_KEY_UNREADABLE,
	FAULT_C41_KEY_NOT_LOADED, /* between processes: load it again */
	FAULT_C42_NO_REPLACEMENT,
	FAULT_C43_KEY_WEAKER,
	FAULT_C44_ENDS_EARLIER,
	FAULT_C45_REVOKED,
	/* DNS */
	FAULT_D10_NXDOMAIN,
	FAULT_D11_NO_ADDRESS,
	FAULT_D12_ELSEWHERE,
	FAULT_D13_MIXED,
	FAULT_D14_AAAA_ELSEWHERE,
	FAULT_D15_SERVFAIL,
	FAULT_D16_TIMEOUT,
	FAULT_D17_REFUSED,
	FAULT_D18_CNAME_LOOP,
	FAULT_D19_PLATFORM_UNSET,
	FAULT_D20_LOST,
	FAULT_D21_DNSSEC,
	FAULT_D30_PROVIDER_REFUSED,
	FAULT_D31_PROVIDER_UNREACHABLE,
	FAULT_D32_PROVIDER_NO_ZONE,
	FAULT_D33_ZONE_SERVER_BEHIND,
	/* ACME */
	FAULT_A10_TERMS_NOT_AGREED,
	FAULT_A11_CA_UNREACHABLE,
	FAULT_A12_CA_ANSWER_MALFORMED,
	FAULT_A13_RATE_LIMITED,
	FAULT_A14_PAUSED,
	FAULT_A15_CAA,
	FAULT_A16_REJECTED_IDENTIFIER,
	FAULT_A17_CHALLENGE_CONNECTION,
	FAULT_A18_CHALLENGE_WRONG_ANSWER,
	FAULT_A19_CHALLENGE_DNS,
	FAULT_A20_ACCOUNT_REFUSED,
	FAULT_A21_EAB_REQUIRED,
	FAULT_A22_ORDER_INVALID,
	FAULT_A23_FINALISE_REFUSED,
	FAULT_A24_CERTIFICATE_UNFIT,
	FAULT_A25_CA_INTERNAL,
	FAULT_A26_AUTOMATIC_OFF,
	FAULT_A27_NO_USABLE_CHALLENGE,
	FAULT_A29_CA_WANTS_PERSON,
	FAULT_A30_NO_BUDGET,
	FAULT_A31_PROFILE_REFUSED,
	FAULT_A32_TOO_MANY_BY_HAND,
	FAULT_A33_NOT_OFFERED,
	FAULT_A34_ACCOUNT_BUSY,
	FAULT_A35_NOT_REVOKED,
	/* the system */
	FAULT_S10_CONFIG_SYNTAX,
	FAULT_S11_CONFIG_UNKNOWN_KEY,
	FAULT_S12_PORT_IN_USE,
	FAULT_S13_STORE_UNUSABLE,
	FAULT_S14_MASTER_KEY_MISSING,
	FAULT_S15_MASTER_KEY_BAD,
	FAULT_S16_STORE_DAMAGED,
	FAULT_S17_STORE_NEWER,
	FAULT_S18_NO_SUCH_USER,
	FAULT_S19_STORE_AWAY,
	FAULT_S20_LIMIT_REACHED,
	FAULT_S21_PORT_DENIED,
	FAULT_S22_ALREADY_RUNNING,
	FAULT_S23_CONFIG_VALUE,
	FAULT_S24_FILE_UNREADABLE,
	FAULT_S25_INTERNAL,
	/* requests and commands */
	FAULT_P10_JSON_SYNTAX,
	FAULT_P11_FIELD_INVALID,
	FAULT_P12_NO_SUCH_PATH,
	FAULT_P13_METHOD,
	FAULT_P14_BODY_TOO_LARGE,
	FAULT_P15_NOT_PERMITTED,
	FAULT_P16_IMPORT_LINE,
	FAULT_P18_USAGE,
	FAULT_P19_CONFIRM,
	FAULT_P20_DAEMON_AWAY,
	FAULT_P21_HTTP_SYNTAX,
	FAULT_P22_NO_SUCH_REQUEST,
	FAULT_CODES /* how many */
};

#define FAULT_TEXT_SIZE 480
/* A link that a CA gives may carry a token of a thousand characters. */
#define FAULT_ACTION_SIZE 1536

struct fault {
	enum fault_code code;
	char text[FAULT_TEXT_SIZE];     /* one sentence, no newline */
	char action[FAULT_ACTION_SIZE]; /* what to do; "" when nothing */
};

/* A row of the table. */
struct fault_row {
	const char *code;   /* "D12" */
	const char *title;  /* what it is, in general, one sentence */
	const char *cause;  /* how it comes about, one sentence or two */
	const char *action; /* what to do, in general: what to type or set */
	int http_status;    /* of an API answer that carries it */
};

/*
 * Sets f to code with this sentence (NULL: the table's title) and the table's
 * action.  f may be NULL: then nothing is kept.  Control bytes are replaced.
 */
void fault_set(struct fault *f, enum fault_code code, const char *fmt, ...)
    PRINTF(3, 4);

/* A more exact action than the table's, after fault_set. */
void fault_action(struct fault *f, const char *fmt, ...) PRINTF(2, 3);

/* Puts "context: " in front of the sentence. */
void fault_prefix(struct fault *f, const char *fmt, ...) PRINTF(2, 3);

/*
 * The table speaks of HOST and APP: where the action's commands have that word,
 * this name takes its place, quoted when a shell would expand it.
 */
void fault_name(struct fault *f, const char *word, const char *name);

void fault_clear(struct fault *f);

static inline bool
fault_is_set(const struct fault *f)
{
	return f->code != FAULT_NONE;
}

const struct fault_row *fault_lookup(enum fault_code code);
const char *fault_code_name(enum fault_code code);  /* "D12", "" for none */
enum fault_code fault_code_parse(const char *name); /* FAULT_NONE: unknown */

#endif
