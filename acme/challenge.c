#include "acme/challenge.h"

#include <stdio.h>

#include <gnutls/crypto.h>

#include "acme/base64url.h"
#include "acme/directory.h"
#include "base/clock.h"
#include "base/mem.h"

#define SHA256_SIZE 32

/* --- types --------------------------------------------------------------- */

static const char *const type_texts[CHALLENGE_TYPES] = {
    [CHALLENGE_HTTP_01] = "http-01",
    [CHALLENGE_TLS_ALPN_01] = "tls-alpn-01",
    [CHALLENGE_DNS_01] = "dns-01",
};

const char *
challenge_type_text(enum challenge_type type)
{
	return type_texts[type];
}

bool
challenge_type_read(const char *text, enum challenge_type *out)
{
	for (int t = 0; t < CHALLENGE_TYPES; t++) {
		if (strcmp(type_texts[t], text) != 0)
			continue;
		*out = (enum challenge_type)t;
		return true;
	}
	return false;
}

static size_t
find_choice(const struct challenge_choice *c, enum challenge_type type)
{
	size_t at = 0;

	while (at < c->n && c->types[at] != type)
		at++;
	return at;
}

void
challenge_choice_add(struct challenge_choice *c, enum challenge_type type)
{
	if (find_choice(c, type) == c->n)
		c->types[c->n++] = type;
}

void
challenge_choice_remove(struct challenge_choice *c, enum challenge_type type)
{
	size_t at = find_choice(c, type);

	if (at == c->n)
		return;
	c->n--;
	for (; at < c->n; at++)
		c->types[at] = c->types[at + 1];
}

void
challenge_choice_learn(
    struct challenge_choice *c, enum challenge_type type, bool worked)
{
	size_t at = find_choice(c, type);

	if (at == c->n)
		return;
	for (; !worked && at + 1 < c->n; at++)
		c->types[at] = c->types[at + 1];
	for (; worked && at > 0; at--)
		c->types[at] = c->types[at - 1];
	c->types[at] = type;
}

bool
challenge_choice_fits(const struct challenge_choice *c, const char *name)
{
	if (host_is_wildcard(slice_str(name)))
		return find_choice(c, CHALLENGE_DNS_01) < c->n;
	return c->n > 0;
}

/* --- authorizations ------------------------------------------------------ */

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

static bool
read_type(const json_t *challenge, enum challenge_type *out)
{
	return challenge_type_read(json_str(challenge, "type"), out);
}

/* One that we could answer, were it of the right type. */
static bool
is_sane(const json_t *c)
{
	return token_is_sane(json_str(c, "token")) &&
	       acme_url_is_sane(json_str(c, "url"));
}

static const json_t *
find_of_type(const json_t *list, enum challenge_type wanted)
{
	enum challenge_type type;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *c = json_array_get(list, i);

		if (read_type(c, &type) && type == wanted && is_sane(c))
			return c;
	}
	return NULL;
}

/* The one that the CA was told to look at: it moved, or has an error. */
static const json_t *
find_begun(const json_t *list)
{
	enum challenge_type type;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *c = json_array_get(list, i);

		if (read_type(c, &type) && is_sane(c) &&
		    (!has_status(c, "pending") || json_obj(c, "error") != NULL))
			return c;
	}
	return NULL;
}

static const json_t *
find_challenge(
    const json_t *list, const struct challenge_choice *choice, bool is_wildcard)
{
	const json_t *c = find_begun(list);

	for (size_t i = 0; c == NULL && i < choice->n; i++)
		if (!is_wildcard || choice->types[i] == CHALLENGE_DNS_01)
			c = find_of_type(list, choice->types[i]);
	return c;
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

/* Nothing that it offers can be answered here. */
static void
refuse_all(const struct challenge_choice *choice, struct authorization *out)
{
	const char *best = "usable";

	if (out->is_wildcard)
		best = challenge_type_text(CHALLENGE_DNS_01);
	else if (choice->n == 1)
		best = challenge_type_text(choice->types[0]);
	out->state = AUTHORIZATION_FAILED;
	problem_set(&out->problem, FAULT_A27_NO_USABLE_CHALLENGE,
	    "The certificate authority offers no %s challenge for %s%s", best,
	    out->is_wildcard ? "*." : "", out->host);
	out->problem.class = PROBLEM_PERSON;
}

static void
read_offers(const json_t *list, struct authorization *out)
{
	for (int t = 0; t < CHALLENGE_TYPES; t++) {
		const json_t *c = find_of_type(list, (enum challenge_type)t);
		struct challenge_offer *o = &out->offers[out->n_offers];

		if (c == NULL || (out->is_wildcard && t != CHALLENGE_DNS_01))
			continue;
		o->type = (enum challenge_type)t;
		snprintf(
		    o->token, sizeof(o->token), "%s", json_str(c, "token"));
		snprintf(o->url, sizeof(o->url), "%s", json_str(c, "url"));
		out->n_offers++;
	}
}

static void
read_pending(const json_t *document, bool is_posted,
    const struct challenge_choice *choice, struct authorization *out)
{
	const json_t *list = json_obj(document, "challenges");
	const json_t *c = find_challenge(list, choice, out->is_wildcard);

	out->state = AUTHORIZATION_PENDING;
	if (c == NULL || !read_type(c, &out->type)) {
		refuse_all(choice, out);
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
	read_offers(list, out);
	if (clock_parse(slice_str(json_str(document, "expires")),
		&out->expires_at) != ERR_OK)
		out->expires_at = 0;
}

enum err
authorization_read(struct slice body, bool is_posted,
    const struct challenge_choice *choice, struct authorization *out)
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
	out->is_wildcard = json_is_true(json_object_get(document, "wildcard"));
	list = json_obj(document, "challenges");
	if (e != ERR_OK)
		problem_set(&out->problem, FAULT_A12_CA_ANSWER_MALFORMED,
		    "What the certificate authority gives as an authorization "
		    "is none");
	else if (has_status(document, "valid"))
		out->state = AUTHORIZATION_VALID;
	else if (has_status(document, "pending"))
		read_pending(document, is_posted, choice, out);
	else
		fail(out, find_error(find_begun(list), list),
		    json_str(document, "status"));
	json_decref(document);
	return e == ERR_OK ? ERR_OK : ERR_SYNTAX;
}

enum err
challenge_dns_value(
    const char *key_authorization, char out[CHALLENGE_DIGEST_MAX + 1])
{
	uint8_t digest[SHA256_SIZE];
	struct buf b;
	enum err e;

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, key_authorization,
		strlen(key_authorization), digest) != 0)
		return ERR_TLS;
	buf_init(&b, CHALLENGE_DIGEST_MAX);
	e = base64url_add(&b, slice_of((const char *)digest, sizeof(digest)));
	if (e == ERR_OK)
		e = slice_to_str(buf_slice(&b), out, CHALLENGE_DIGEST_MAX + 1);
	buf_clear(&b);
	return e;
}
