#include "acme/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"

#define TYPE_PREFIX      "urn:ietf:params:acme:error:"
#define RETRY_MAX_S      INT64_C(604800) /* a week */
#define RATE_LIMIT_S     3600            /* when a CA does not say how long */
#define DETAIL_MAX       300
#define KEPT_TYPE_MAX    100
#define KEPT_DETAIL_MAX  900
#define HTTP_RATE_LIMIT  429
#define HTTP_UNAVAILABLE 503

struct row {
	const char *type;
	enum fault_code code;
	enum problem_class class;
};

static const struct row rows[] = {
    {"accountDoesNotExist", FAULT_A20_ACCOUNT_REFUSED, PROBLEM_ACCOUNT},
    {"badCSR", FAULT_A23_FINALISE_REFUSED, PROBLEM_BACK_OFF},
    {"badNonce", FAULT_A25_CA_INTERNAL, PROBLEM_NONCE},
    {"badPublicKey", FAULT_A20_ACCOUNT_REFUSED, PROBLEM_PERSON},
    {"badSignatureAlgorithm", FAULT_A20_ACCOUNT_REFUSED, PROBLEM_PERSON},
    {"caa", FAULT_A15_CAA, PROBLEM_PERSON},
    {"connection", FAULT_A17_CHALLENGE_CONNECTION, PROBLEM_BACK_OFF},
    {"dns", FAULT_A19_CHALLENGE_DNS, PROBLEM_BACK_OFF},
    {"externalAccountRequired", FAULT_A21_EAB_REQUIRED, PROBLEM_PERSON},
    {"incorrectResponse", FAULT_A18_CHALLENGE_WRONG_ANSWER, PROBLEM_BACK_OFF},
    {"invalidContact", FAULT_A20_ACCOUNT_REFUSED, PROBLEM_PERSON},
    {"invalidProfile", FAULT_A31_PROFILE_REFUSED, PROBLEM_PERSON},
    {"orderNotReady", FAULT_A22_ORDER_INVALID, PROBLEM_STATE},
    {"rateLimited", FAULT_A13_RATE_LIMITED, PROBLEM_WAIT},
    {"rejectedIdentifier", FAULT_A16_REJECTED_IDENTIFIER, PROBLEM_PERSON},
    {"serverInternal", FAULT_A25_CA_INTERNAL, PROBLEM_BACK_OFF},
    {"tls", FAULT_A17_CHALLENGE_CONNECTION, PROBLEM_BACK_OFF},
    {"unauthorized", FAULT_A18_CHALLENGE_WRONG_ANSWER, PROBLEM_BACK_OFF},
    {"unsupportedContact", FAULT_A20_ACCOUNT_REFUSED, PROBLEM_PERSON},
    {"unsupportedIdentifier", FAULT_A16_REJECTED_IDENTIFIER, PROBLEM_PERSON},
    {"userActionRequired", FAULT_A29_CA_WANTS_PERSON, PROBLEM_PERSON},
};

/* Types that no row has end an order, which is tried again later. */
static const struct row other = {"", FAULT_A22_ORDER_INVALID, PROBLEM_BACK_OFF};

static const struct row account_refused = {
    "unauthorized", FAULT_A20_ACCOUNT_REFUSED, PROBLEM_PERSON};

static const struct row *
find_row(const char *type)
{
	size_t prefix = strlen(TYPE_PREFIX);

	if (strncmp(type, TYPE_PREFIX, prefix) != 0)
		return &other;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(rows[i].type, type + prefix) == 0)
			return &rows[i];
	return &other;
}

void
problem_set(struct problem *out, enum fault_code code, const char *fmt, ...)
{
	char text[FAULT_TEXT_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	memset(out, 0, sizeof(*out));
	out->class = PROBLEM_BACK_OFF;
	fault_set(&out->fault, code, "%s", text);
}

/* --- when ---------------------------------------------------------------- */

static int64_t
clamp_retry(int64_t at, int64_t now)
{
	if (at <= now)
		return now + 1;
	return at > now + RETRY_MAX_S ? now + RETRY_MAX_S : at;
}

int64_t
problem_retry_at(const char *retry_after, int64_t now)
{
	struct slice text = slice_trim(slice_str(retry_after));
	struct tm tm = {0};
	uint64_t seconds;
	enum err e = slice_to_u64(text, &seconds);

	if (e == ERR_TOO_BIG || (e == ERR_OK && seconds > RETRY_MAX_S))
		return now + RETRY_MAX_S;
	if (e == ERR_OK)
		return clamp_retry(now + (int64_t)seconds, now);
	if (text.n == 0 ||
	    strptime(text.p, "%a, %d %b %Y %H:%M:%S GMT", &tm) == NULL)
		return 0;
	return clamp_retry(timegm(&tm), now);
}

/* "... retry after 2026-11-21 18:15:00 UTC: see https://..." as Let's Encrypt
 * puts it, for answers that lost their header. */
static int64_t
retry_in_words(const char *detail, int64_t now)
{
	static const char phrase[] = "retry after ";
	const char *at = strstr(detail, phrase);
	struct tm tm = {0};

	if (at == NULL ||
	    strptime(at + sizeof(phrase) - 1, "%Y-%m-%d %H:%M:%S", &tm) == NULL)
		return 0;
	return clamp_retry(timegm(&tm), now);
}

/* --- what ---------------------------------------------------------------- */

/* A document may hide the telling error among its subproblems (RFC 8555,
 * 6.7.1): the first one is told. */
static const json_t *
telling(const json_t *problem)
{
	const json_t *list = json_object_get(problem, "subproblems");
	const json_t *first = json_array_get(list, 0);

	return json_is_object(first) ? first : problem;
}

static const char *
identifier_of(const json_t *problem)
{
	return json_str(json_object_get(problem, "identifier"), "value");
}

static void
describe(struct problem *out, const struct row *row, const char *host,
    const char *detail)
{
	enum fault_code code = row->code;

	out->class = row->class;
	if (host[0] != '\0')
		fault_set(&out->fault, code, "%s: %.253s: %.*s",
		    fault_lookup(code)->title, host, DETAIL_MAX, detail);
	else
		fault_set(&out->fault, code, "%s: %.*s",
		    fault_lookup(code)->title, DETAIL_MAX, detail);
}

static void
put_head(json_t *o, const char *key, const char *text, size_t max)
{
	json_put_slice(o, key, slice_of(text, strnlen(text, max)));
}

/* As it came, or when that is too long what tells most of it. */
static void
keep_words(struct problem *out, const json_t *document)
{
	char *text = json_text(document);
	json_t *part;

	if (strlen(text) >= sizeof(out->said)) {
		free(text);
		part = json_object();
		put_head(
		    part, "type", json_str(document, "type"), KEPT_TYPE_MAX);
		put_head(part, "detail", json_str(document, "detail"),
		    KEPT_DETAIL_MAX);
		text = json_text(part);
		json_decref(part);
	}
	if (strlen(text) < sizeof(out->said))
		(void)snprintf(out->said, sizeof(out->said), "%s", text);
	free(text);
}

/* "https://..." in a sentence, up to the next blank. */
static struct slice
url_in(const char *detail)
{
	const char *at = strstr(detail, "https://");
	struct slice url = SLICE("");

	if (at != NULL)
		url = slice_of(at, strcspn(at, " \t\r\n\"<>"));
	while (url.n > 0 && strchr(".,;:)", url.p[url.n - 1]) != NULL)
		url.n--; /* of the sentence */
	return url;
}

/* Let's Encrypt stops a name that failed for months: only a person can undo
 * that, on a page whose address is in the words.  Others may put it otherwise:
 * a limit that no time lifts, and a page to go to. */
static bool
read_pause(struct problem *out, const char *detail)
{
	static const char phrase[] = "temporarily prevented from requesting";
	struct slice url = url_in(detail);

	if (strstr(detail, phrase) == NULL && url.n == 0)
		return false;
	out->class = PROBLEM_PERSON;
	fault_set(&out->fault, FAULT_A14_PAUSED, "%.*s",
	    (int)strcspn(detail, "?"), detail);
	if (url.n > 0)
		fault_action(&out->fault,
		    "Open %" SLICE_FMT ", then `towpath certs renew HOST`",
		    SLICE_ARG(url));
	return true;
}

static void
read_rate_limit(
    struct problem *out, const char *detail, const struct acme_response *r)
{
	if (out->retry_at == 0)
		out->retry_at = retry_in_words(detail, r->now);
	if (out->retry_at == 0 && read_pause(out, detail))
		return;
	if (out->retry_at == 0)
		out->retry_at = r->now + RATE_LIMIT_S;
	out->is_account_wide = strstr(detail, "new orders") != NULL;
}

static void
read_document(
    struct problem *out, const json_t *document, const struct acme_response *r)
{
	const json_t *problem = telling(document);
	const struct row *row = find_row(json_str(document, "type"));

	if (row == &other)
		row = find_row(json_str(problem, "type"));
	/* outside of a challenge this is about the account */
	if (row->code == FAULT_A18_CHALLENGE_WRONG_ANSWER)
		row = &account_refused;
	describe(out, row, identifier_of(problem), json_str(problem, "detail"));
	keep_words(out, document);
	if (row->code == FAULT_A13_RATE_LIMITED)
		read_rate_limit(out, json_str(document, "detail"), r);
	if (row->code == FAULT_A29_CA_WANTS_PERSON &&
	    json_str(document, "instance")[0] != '\0')
		fault_action(&out->fault,
		    "Open %s, then `towpath certs renew HOST`",
		    json_str(document, "instance"));
}

/* No problem document: a load balancer, or no ACME server at all. */
static void
read_status(struct problem *out, const struct acme_response *r)
{
	out->class = PROBLEM_BACK_OFF;
	if (r->status == HTTP_RATE_LIMIT) {
		out->class = PROBLEM_WAIT;
		fault_set(&out->fault, FAULT_A13_RATE_LIMITED, NULL);
		read_rate_limit(out, "", r);
	} else if (r->status >= 500) {
		fault_set(&out->fault, FAULT_A25_CA_INTERNAL,
		    "The certificate authority answered with status %d",
		    r->status);
	} else {
		fault_set(&out->fault, FAULT_A12_CA_ANSWER_MALFORMED,
		    "The certificate authority answered with status %d and "
		    "no reason",
		    r->status);
	}
}

void
problem_read(const struct acme_response *r, struct problem *out)
{
	json_t *document = NULL;

	memset(out, 0, sizeof(*out));
	if (r->status == 0) {
		out->class = PROBLEM_BACK_OFF;
		out->fault = *r->fault;
		return;
	}
	out->retry_at = problem_retry_at(r->retry_after, r->now);
	if (json_parse(r->body, &document, NULL) == ERR_OK &&
	    json_str(document, "type")[0] != '\0')
		read_document(out, document, r);
	else
		read_status(out, r);
	json_decref(document);
	if (r->status == HTTP_UNAVAILABLE && out->retry_at > 0)
		out->class = PROBLEM_WAIT;
}

bool
problem_is(const struct acme_response *r, const char *type)
{
	static const char prefix[] = TYPE_PREFIX;
	json_t *document = NULL;
	const char *given;
	bool is;

	if (r->status < 400 || json_parse(r->body, &document, NULL) != ERR_OK)
		return false;
	given = json_str(document, "type");
	is = strncmp(given, prefix, sizeof(prefix) - 1) == 0 &&
	     strcmp(given + sizeof(prefix) - 1, type) == 0;
	json_decref(document);
	return is;
}

void
problem_of_error(const json_t *error, const char *host, struct problem *out)
{
	const json_t *problem = telling(error);
	const struct row *row = find_row(json_str(problem, "type"));
	const char *named = identifier_of(problem);

	memset(out, 0, sizeof(*out));
	describe(out, row, named[0] != '\0' ? named : host,
	    json_str(problem, "detail"));
	keep_words(out, error);
	if (out->class != PROBLEM_PERSON)
		out->class = PROBLEM_BACK_OFF;
}
