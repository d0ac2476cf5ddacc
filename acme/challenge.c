#include "acme/challenge.h"

#include <stdio.h>

#include "acme/directory.h"

/* The token becomes part of a path and of a file of ours: nothing but
 * base64url, as RFC 8555, 8.3 has it. */
static bool
token_is_sane(const char *token)
{
	size_t n = strlen(token);

	return n > 0 && n < CHALLENGE_TOKEN_SIZE &&
	       strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789-_") == n;
}

static bool
has_status(const json_t *o, const char *status)
{
	return strcmp(json_str(o, "status"), status) == 0;
}

static const json_t *
find_challenge(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *c = json_array_get(list, i);

		if (strcmp(json_str(c, "type"), CHALLENGE_TYPE) == 0 &&
		    token_is_sane(json_str(c, "token")) &&
		    acme_url_is_sane(json_str(c, "url")))
			return c;
	}
	return NULL;
}

/* The error of the challenge that failed: ours, or else any. */
static const json_t *
find_error(const json_t *ours, const json_t *list)
{
	const json_t *error = json_obj(ours, "error");

	for (size_t i = 0; error == NULL && i < json_array_size(list); i++)
		error = json_obj(json_array_get(list, i), "error");
	return error;
}

static void
fail(struct authorization *out, const json_t *error, const char *status)
{
	out->state = AUTHORIZATION_FAILED;
	if (error != NULL)
		problem_of_error(error, out->host, &out->problem);
	else
		problem_set(&out->problem, FAULT_A22_ORDER_INVALID,
		    "The certificate authority calls the authorization of %s "
		    "%.40s and gives no reason",
		    out->host, status);
	out->problem.is_validation = true;
}

static void
read_pending(const json_t *document, bool is_posted, struct authorization *out)
{
	const json_t *list = json_obj(document, "challenges");
	const json_t *c = find_challenge(list);

	out->state = AUTHORIZATION_PENDING;
	if (c == NULL) {
		out->state = AUTHORIZATION_FAILED;
		problem_set(&out->problem, FAULT_A27_NO_USABLE_CHALLENGE,
		    "The certificate authority offers no %s challenge for %s",
		    CHALLENGE_TYPE, out->host);
		out->problem.class = PROBLEM_PERSON;
		return;
	}
	if (has_status(c, "invalid") ||
	    (is_posted && has_status(c, "pending") &&
		json_obj(c, "error") != NULL)) {
		fail(out, json_obj(c, "error"), json_str(c, "status"));
		return;
	}
	snprintf(out->token, sizeof(out->token), "%s", json_str(c, "token"));
	snprintf(out->url, sizeof(out->url), "%s", json_str(c, "url"));
	out->is_started = !has_status(c, "pending");
}

enum err
authorization_read(struct slice body, bool is_posted, struct authorization *out)
{
	json_t *document = NULL;
	const json_t *list;
	enum err e = json_parse(body, &document, NULL);
	const char *host;

	memset(out, 0, sizeof(*out));
	host = json_str(json_obj(document, "identifier"), "value");
	if (e == ERR_OK &&
	    (json_str(document, "status")[0] == '\0' ||
		host_normalise(slice_str(host), out->host, NULL) != ERR_OK))
		e = ERR_SYNTAX;
	list = json_obj(document, "challenges");
	if (e != ERR_OK)
		problem_set(&out->problem, FAULT_A12_CA_ANSWER_MALFORMED,
		    "What the certificate authority gives as an authorization "
		    "is none");
	else if (has_status(document, "valid"))
		out->state = AUTHORIZATION_VALID;
	else if (has_status(document, "pending"))
		read_pending(document, is_posted, out);
	else
		fail(out, find_error(find_challenge(list), list),
		    json_str(document, "status"));
	json_decref(document);
	return e == ERR_OK ? ERR_OK : ERR_SYNTAX;
}
