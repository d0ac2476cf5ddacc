#include "acme/account.h"

#include <stdlib.h>

#include "base/mem.h"

static enum err
needs_person(struct problem *problem, enum fault_code code, const char *text)
{
	problem_set(problem, code, "%s", text);
	problem->class = PROBLEM_PERSON;
	return ERR_DENIED;
}

static enum err
add_binding(json_t *o, const struct account_wish *wish,
    const struct directory *directory, const struct jwk *key)
{
	json_t *binding = NULL;
	struct buf b;
	enum err e;

	buf_init(&b, JWS_MAX);
	e = jws_bind(
	    wish->eab_kid, wish->eab_hmac_key, directory->new_account, key, &b);
	if (e == ERR_OK)
		e = json_parse(buf_slice(&b), &binding, NULL);
	if (e == ERR_OK)
		json_put(o, "externalAccountBinding", binding);
	buf_clear(&b);
	return e;
}

static void
add_contact(json_t *o, const char *email)
{
	json_t *list = json_array();
	char *contact = xasprintf("mailto:%s", email);

	json_array_append_new(list, json_string(contact));
	json_put(o, "contact", list);
	free(contact);
}

enum err
account_request(const struct account_wish *wish,
    const struct directory *directory, const struct jwk *key,
    struct buf *payload, struct problem *problem)
{
	json_t *o;
	enum err e = ERR_OK;

	if (directory->terms[0] != '\0' && !wish->agree_terms)
		return needs_person(problem, FAULT_A10_TERMS_NOT_AGREED,
		    "The certificate authority's terms of service are not "
		    "agreed to");
	if (directory->wants_binding && wish->eab_kid[0] == '\0')
		return needs_person(problem, FAULT_A21_EAB_REQUIRED,
		    "The certificate authority wants an external account "
		    "binding, and none is configured");
	o = json_object();
	json_put_bool(o, "termsOfServiceAgreed", wish->agree_terms);
	if (wish->email[0] != '\0')
		add_contact(o, wish->email);
	if (wish->eab_kid[0] != '\0')
		e = add_binding(o, wish, directory, key);
	if (e == ERR_OK)
		e = json_add(payload, o);
	json_decref(o);
	if (e == ERR_OK)
		return ERR_OK;
	return needs_person(problem, FAULT_A21_EAB_REQUIRED,
	    "eab_hmac_key is not the base64url text that the certificate "
	    "authority hands out");
}

enum err
account_answer(
    const struct acme_response *r, char **url, struct problem *problem)
{
	if (r->status != 200 && r->status != 201) {
		problem_read(r, problem);
		return ERR_PEER;
	}
	if (!acme_url_is_sane(r->location)) {
		problem_set(problem, FAULT_A12_CA_ANSWER_MALFORMED,
		    "The certificate authority made an account but does not "
		    "say where it is");
		return ERR_SYNTAX;
	}
	*url = xstrdup(r->location);
	return ERR_OK;
}

enum err
account_contact(const char *email, struct buf *payload)
{
	json_t *o = json_object();
	enum err e;

	if (email[0] != '\0')
		add_contact(o, email);
	else
		json_put(o, "contact", json_array());
	e = json_add(payload, o);
	json_decref(o);
	return e;
}

enum err
account_find(struct buf *payload)
{
	return buf_add_str(payload, "{\"onlyReturnExisting\":true}");
}

enum err
account_key_change(struct keyring *k, const struct account_key_change *change,
    struct buf *payload)
{
	const struct jws_head head = {
	    .url = change->url, .jwk = change->new_key};
	json_t *o = json_object(), *old = NULL;
	struct buf b;
	enum err e;

	buf_init(&b, JWS_MAX);
	jwk_add(&b, change->old_key);
	e = json_parse(buf_slice(&b), &old, NULL);
	json_put_str(o, "account", change->account);
	json_put(o, "oldKey", e == ERR_OK ? old : json_null());
	buf_reset(&b);
	if (e == ERR_OK)
		e = json_add(&b, o);
	if (e == ERR_OK)
		e = jws_sign(
		    k, &change->new_ref, &head, buf_slice(&b), payload);
	json_decref(o);
	buf_clear(&b);
	return e;
}
