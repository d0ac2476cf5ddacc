#include "acme/directory.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

bool
acme_url_is_sane(const char *url)
{
	struct slice s = slice_str(url);

	if (s.n > ACME_URL_MAX || (!slice_starts_with(s, SLICE("https://")) &&
				      !slice_starts_with(s, SLICE("http://"))))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return true;
}

void
directory_clear(struct directory *d)
{
	free(d->new_nonce);
	free(d->new_account);
	free(d->new_order);
	free(d->terms);
	free(d->renewal_info);
	free(d->key_change);
	free(d->revoke);
	for (size_t i = 0; i < d->n_profiles; i++)
		free(d->profiles[i]);
	for (size_t i = 0; i < d->n_issuers; i++)
		free(d->issuers[i]);
	memset(d, 0, sizeof(*d));
}

static bool
take_url(const json_t *document, const char *member, char **out)
{
	const char *url = json_str(document, member);

	if (!acme_url_is_sane(url))
		return false;
	*out = xstrdup(url);
	return true;
}

static void
take_url_if_any(const json_t *document, const char *member, char **out)
{
	if (!take_url(document, member, out))
		*out = xstrdup("");
}

static void
take_issuers(const json_t *list, struct directory *out)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));

		if (name != NULL && out->n_issuers < DIRECTORY_ISSUERS_MAX)
			out->issuers[out->n_issuers++] = xstrdup(name);
	}
}

static void
take_profiles(const json_t *profiles, struct directory *out)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)profiles, name,
	    value) if (out->n_profiles < DIRECTORY_PROFILES_MAX)
	    out->profiles[out->n_profiles++] = xstrdup(name);
}

static bool
read_document(const json_t *document, struct directory *out)
{
	const json_t *meta = json_obj(document, "meta");

	if (!take_url(document, "newNonce", &out->new_nonce) ||
	    !take_url(document, "newAccount", &out->new_account) ||
	    !take_url(document, "newOrder", &out->new_order))
		return false;
	out->terms = xstrdup(json_str(meta, "termsOfService"));
	out->wants_binding = json_bool(meta, "externalAccountRequired");
	take_issuers(json_obj(meta, "caaIdentities"), out);
	take_profiles(json_obj(meta, "profiles"), out);
	take_url_if_any(document, "renewalInfo", &out->renewal_info);
	take_url_if_any(document, "keyChange", &out->key_change);
	take_url_if_any(document, "revokeCert", &out->revoke);
	out->is_known = true;
	return true;
}

enum err
directory_read(const struct acme_response *r, struct directory *out,
    struct problem *problem)
{
	struct directory fresh = {0};
	json_t *document = NULL;

	if (r->status != 200) {
		problem_read(r, problem);
		return ERR_PEER;
	}
	if (json_parse(r->body, &document, NULL) != ERR_OK ||
	    !read_document(document, &fresh)) {
		json_decref(document);
		directory_clear(&fresh);
		problem_set(problem, FAULT_A12_CA_ANSWER_MALFORMED,
		    "What the certificate authority gives as its directory is "
		    "none");
		return ERR_SYNTAX;
	}
	json_decref(document);
	directory_clear(out);
	*out = fresh;
	return ERR_OK;
}

bool
directory_has_profile(const struct directory *d, const char *name)
{
	for (size_t i = 0; i < d->n_profiles; i++)
		if (strcmp(d->profiles[i], name) == 0)
			return true;
	return false;
}

char *
directory_profiles_text(const struct directory *d, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < d->n_profiles && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s",
		    i == 0 ? "" : ", ", d->profiles[i]);
	return out;
}
