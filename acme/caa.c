#include "acme/caa.h"

#include <stdio.h>
#include <string.h>

#define FLAG_CRITICAL 0x80

/* --- reading -------------------------------------------------------------- */

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Flags, length of the tag, tag, value (RFC 8659, 4.1). */
enum err
caa_add(struct caa_set *s, struct slice rdata)
{
	struct caa_record *r = &s->records[s->n];
	struct slice tag, value;

	if (s->n == CAA_RECORDS_MAX)
		return ERR_TOO_BIG;
	if (rdata.n < 2 || (size_t)(uint8_t)rdata.p[1] > rdata.n - 2)
		return ERR_SYNTAX;
	tag = slice_of(rdata.p + 2, (uint8_t)rdata.p[1]);
	value = slice_from(rdata, 2 + tag.n);
	if (slice_to_str(tag, r->tag, sizeof(r->tag)) != ERR_OK ||
	    slice_to_str(value, r->value, sizeof(r->value)) != ERR_OK)
		return ERR_TOO_BIG;
	for (char *p = r->tag; *p != '\0'; p++)
		*p = lower(*p);
	r->is_critical = ((uint8_t)rdata.p[0] & FLAG_CRITICAL) != 0;
	s->n++;
	return ERR_OK;
}

/* --- judging -------------------------------------------------------------- */

static bool
is_known(const struct caa_record *r)
{
	static const char *const tags[] = {"issue", "issuewild", "iodef",
	    "issuemail", "contactemail", "contactphone"};

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (strcmp(r->tag, tags[i]) == 0)
			return true;
	return false;
}

static bool
has_tag(const struct caa_set *s, const char *tag)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->records[i].tag, tag) == 0)
			return true;
	return false;
}

/* "letsencrypt.org; accounturi=..." is for one of our issuer's names. */
static bool
names_issuer(struct slice value, const struct caa_asker *asker)
{
	struct slice name;

	(void)slice_cut(&value, ';', &name);
	name = slice_trim(name);
	for (size_t i = 0; i < asker->n_issuers; i++)
		if (slice_eq_nocase(name, slice_str(asker->issuers[i])))
			return true;
	return false;
}

/* The value of a parameter behind the issuer's name; .p NULL: absent. */
static struct slice
parameter(struct slice value, const char *wanted)
{
	struct slice part;

	(void)slice_cut(&value, ';', &part);
	while (value.n > 0) {
		struct slice name;

		(void)slice_cut(&value, ';', &part);
		if (!slice_cut(&part, '=', &name))
			continue;
		if (slice_eq_nocase(slice_trim(name), slice_str(wanted)))
			return slice_trim(part);
	}
	return (struct slice){NULL, 0};
}

static bool
lists(struct slice methods, const char *method)
{
	struct slice one;

	while (methods.n > 0) {
		(void)slice_cut(&methods, ',', &one);
		if (slice_eq_nocase(slice_trim(one), slice_str(method)))
			return true;
	}
	return false;
}

/* What this record, for our issuer and account, leaves of the choice. */
static void
allow(const struct caa_record *r, const struct challenge_choice *choice,
    struct challenge_choice *allowed)
{
	struct slice methods =
	    parameter(slice_str(r->value), "validationmethods");

	for (size_t i = 0; i < choice->n; i++)
		if (methods.p == NULL ||
		    lists(methods, challenge_type_text(choice->types[i])))
			challenge_choice_add(allowed, choice->types[i]);
}

static bool
is_for_account(const struct caa_record *r, const struct caa_asker *asker)
{
	struct slice uri = parameter(slice_str(r->value), "accounturi");

	return uri.p == NULL || slice_eq(uri, slice_str(asker->account_url));
}

/* In the order of preference that choice has. */
static struct challenge_choice
in_order(const struct challenge_choice *choice,
    const struct challenge_choice *allowed)
{
	struct challenge_choice out = {.n = 0};

	for (size_t i = 0; i < choice->n; i++)
		for (size_t k = 0; k < allowed->n; k++)
			if (choice->types[i] == allowed->types[k])
				challenge_choice_add(&out, choice->types[i]);
	return out;
}

#define CURE_BEFORE "In DNS, create "
#define CURE_AMID   " CAA "

static enum err
deny(const struct caa_set *s, const struct caa_asker *asker, const char *tag,
    const char *why, struct fault *f)
{
	fault_set(f, FAULT_A15_CAA, "CAA of %s: %s", s->at, why);
	snprintf(f->action, sizeof(f->action),
	    CURE_BEFORE "%s" CURE_AMID "0 %s \"%s\"", s->at, tag,
	    asker->issuers[0]);
	return ERR_DENIED;
}

bool
caa_cure_of(const struct fault *f, struct caa_cure *out)
{
	const char *at, *value;

	if (f->code != FAULT_A15_CAA ||
	    !slice_starts_with(slice_str(f->action), SLICE(CURE_BEFORE)))
		return false;
	at = f->action + sizeof(CURE_BEFORE) - 1;
	value = strstr(at, CURE_AMID);
	if (value == NULL || slice_to_str(slice_of(at, (size_t)(value - at)),
				 out->at, sizeof(out->at)) != ERR_OK)
		return false;
	value += sizeof(CURE_AMID) - 1;
	return slice_to_str(slice_str(value), out->value, sizeof(out->value)) ==
	       ERR_OK;
}

enum err
caa_judge(const struct caa_set *s, const char *name,
    const struct caa_asker *asker, struct challenge_choice *choice,
    struct fault *f)
{
	bool is_wildcard = host_is_wildcard(slice_str(name));
	const char *tag =
	    is_wildcard && has_tag(s, "issuewild") ? "issuewild" : "issue";
	struct challenge_choice allowed = {.n = 0};
	bool is_named = false;

	for (size_t i = 0; i < s->n; i++) {
		const struct caa_record *r = &s->records[i];

		if (r->is_critical && !is_known(r))
			return deny(s, asker, tag,
			    "a critical record that nobody knows", f);
		if (strcmp(r->tag, tag) != 0 ||
		    !names_issuer(slice_str(r->value), asker))
			continue;
		is_named = true;
		if (is_for_account(r, asker))
			allow(r, choice, &allowed);
	}
	if (!has_tag(s, tag))
		return ERR_OK; /* nothing that limits who issues */
	*choice = in_order(choice, &allowed);
	if (!is_named)
		return deny(s, asker, tag,
		    "the certificate authority is not among those that may "
		    "issue",
		    f);
	if (!challenge_choice_fits(choice, name))
		return deny(s, asker, tag,
		    "its accounturi or validationmethods leave out this "
		    "platform",
		    f);
	return ERR_OK;
}
