#include "acme/dns/advice.h"

#include <stdio.h>
#include <string.h>

#include "base/host.h"
#include "base/mem.h"
#include "base/registered.h"

#define TTL_S      300 /* short enough to correct a mistake soon */
#define SPOKEN_MAX 4   /* records named in a sentence; the list has all */
#define LABEL_MAX  63

bool
reach_is_apex(const char *host)
{
	return strcmp(registered_domain(host), host) == 0;
}

/* One label that stands for the whole host: dots become dashes, what is too
 * long keeps its end.  Two hosts may share it: it only has to resolve. */
static void
own_label(const char *host, char out[LABEL_MAX + 1])
{
	size_t n = strlen(host), from = n > LABEL_MAX ? n - LABEL_MAX : 0;
	size_t used = 0;

	for (const char *p = host + from; *p != '\0'; p++) {
		char c = *p == '.' || *p == '_' ? '-' : *p;

		if (*p == '*' || (used == 0 && c == '-'))
			continue;
		out[used++] = c;
	}
	out[used] = '\0';
}

void
reach_cname(
    const char *target, const char *app, const char *host, char out[256])
{
	char label[LABEL_MAX + 1];

	if (!host_is_wildcard(slice_str(target))) {
		snprintf(out, 256, "%s", target);
		return;
	}
	if (app != NULL && app[0] != '\0')
		snprintf(label, sizeof(label), "%s", app);
	else
		own_label(host, label);
	snprintf(out, 256, "%s%s", label, target + 1);
}

bool
advice_cname_is_right(
    const struct evidence *evidence, const struct reach_target *target)
{
	struct slice cname = slice_str(evidence->cname);

	if (cname.n == 0)
		return false;
	for (size_t i = 0; i < target->n_cnames; i++)
		if (host_matches(slice_str(target->cnames[i]), cname))
			return true;
	return false;
}

static void
add(struct reach_verdict *v, enum reach_do act, const char *type,
    const char *value, const char *was)
{
	struct reach_record *r;

	if (v->n_records == REACH_RECORDS_MAX)
		return;
	r = &v->records[v->n_records++];
	*r = (struct reach_record){.act = act, .ttl_s = TTL_S};
	snprintf(r->type, sizeof(r->type), "%s", type);
	snprintf(r->value, sizeof(r->value), "%s", value);
	snprintf(r->was, sizeof(r->was), "%s", was);
}

static const char *
family_type(enum family family)
{
	return family == FAMILY_AAAA ? "AAAA" : "A";
}

/* The addresses to point at: the configured ones, else what the CNAME target
 * resolves to now. */
static size_t
wanted_addresses(const struct reach_target *target, const struct addr **out)
{
	if (target->n_addresses > 0) {
		*out = target->addresses;
		return target->n_addresses;
	}
	*out = target->resolved;
	return target->n_resolved;
}

/* Deletes what stands there in this family; only what is foreign when keep. */
static void
delete_addresses(
    struct reach_verdict *v, const struct evidence *e, enum family f, bool keep)
{
	char text[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < e->n_addresses; i++) {
		const struct evidence_address *a = &e->addresses[i];

		if (a->family != f || (keep && a->is_ours))
			continue;
		addr_format_ip(&a->addr, text);
		add(v, REACH_DELETE, family_type(f), text, "");
	}
}

/* Foreign records of a family become ours one for one; what is over on either
 * side is created or deleted. */
static void
replace_addresses(struct reach_verdict *v, const struct evidence *e,
    const struct reach_target *target, enum family f)
{
	const struct addr *wanted;
	size_t n = wanted_addresses(target, &wanted), at = 0;
	char text[ADDR_TEXT_SIZE], was[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < n; i++) {
		if (address_family(&wanted[i]) != f)
			continue;
		addr_format_ip(&wanted[i], text);
		while (at < e->n_addresses && e->addresses[at].family != f)
			at++;
		if (at == e->n_addresses) {
			add(v, REACH_CREATE, family_type(f), text, "");
			continue;
		}
		addr_format_ip(&e->addresses[at++].addr, was);
		add(v, REACH_CHANGE, family_type(f), text, was);
	}
	for (; at < e->n_addresses; at++) {
		if (e->addresses[at].family != f)
			continue;
		addr_format_ip(&e->addresses[at].addr, was);
		add(v, REACH_DELETE, family_type(f), was, "");
	}
}

/* Where a CNAME may stand: it stands alone (RFC 1034, 3.6.2). */
static void
advise_cname(struct reach_verdict *v, const struct evidence *e,
    const struct reach_target *target, const char *host)
{
	char value[256];

	if (advice_cname_is_right(e, target))
		return; /* what it leads to is not the customer's to mend */
	reach_cname(target->cnames[0], target->app, host, value);
	if (e->cname[0] != '\0') {
		add(v, REACH_CHANGE, "CNAME", value, e->cname);
		return;
	}
	delete_addresses(v, e, FAMILY_A, false);
	delete_addresses(v, e, FAMILY_AAAA, false);
	add(v, REACH_CREATE, "CNAME", value, "");
}

static void
advise_addresses(struct reach_verdict *v, const struct evidence *e,
    const struct reach_target *target)
{
	bool is_there = e->n_ours[FAMILY_A] + e->n_ours[FAMILY_AAAA] > 0;
	static const struct evidence nothing = {.cname = "", .end = ""};

	if (e->cname[0] != '\0') {
		add(v, REACH_DELETE, "CNAME", e->cname, "");
		e = &nothing; /* the addresses went with it */
		is_there = false;
	}
	for (enum family f = FAMILY_A; f < FAMILIES; f++) {
		if (e->n_ours[f] > 0)
			delete_addresses(v, e, f, true);
		else if (e->n_foreign[f] > 0 || !is_there)
			replace_addresses(v, e, target, f);
	}
}

void
advice_records(const char *host, const struct evidence *evidence,
    const struct reach_target *target, struct reach_verdict *out)
{
	static const struct evidence nothing = {.cname = "", .end = ""};
	const struct evidence *e = evidence == NULL ? &nothing : evidence;
	bool has_foreign =
	    e->n_foreign[FAMILY_A] + e->n_foreign[FAMILY_AAAA] > 0;
	bool has_ours = e->n_ours[FAMILY_A] + e->n_ours[FAMILY_AAAA] > 0;
	const struct addr *wanted;
	char value[256];

	out->n_records = 0;
	/* partly right without a CNAME: only what is wrong has to go */
	if (target->n_cnames > 0 && !reach_is_apex(host) &&
	    !(has_ours && has_foreign && e->cname[0] == '\0')) {
		advise_cname(out, e, target, host);
	} else if (wanted_addresses(target, &wanted) > 0) {
		advise_addresses(out, e, target);
	} else if (target->n_cnames > 0) {
		reach_cname(target->cnames[0], target->app, host, value);
		add(out, REACH_CREATE, "ALIAS", value, "");
	}
	for (size_t i = 0; i < out->n_records; i++)
		snprintf(out->records[i].name, sizeof(out->records[i].name),
		    "%s", host);
}

static const char *
do_text(enum reach_do act)
{
	static const char *const words[] = {
	    [REACH_CREATE] = "create",
	    [REACH_DELETE] = "delete",
	    [REACH_CHANGE] = "change",
	};
	return words[act];
}

/* "create CNAME www.example.com edge.example.com" */
static enum err
say_record(struct buf *b, const struct reach_record *r)
{
	if (r->act == REACH_CHANGE)
		return buf_printf(b, "change %s %s from %s to %s", r->type,
		    r->name, r->was, r->value);
	return buf_printf(
	    b, "%s %s %s %s", do_text(r->act), r->type, r->name, r->value);
}

void
advice_say(struct reach_verdict *out)
{
	size_t n = out->n_records < SPOKEN_MAX ? out->n_records : SPOKEN_MAX;
	struct buf b;

	if (n == 0)
		return;
	buf_init(&b, FAULT_ACTION_SIZE - 1);
	/* the longest names may not all fit: then fewer are spoken */
	for (size_t i = 0; i < n; i++)
		if (buf_add_str(&b, i == 0 ? "In DNS, " : "; ") != ERR_OK ||
		    say_record(&b, &out->records[i]) != ERR_OK)
			break;
	if (n < out->n_records)
		buf_printf(&b, "; and %zu more", out->n_records - n);
	fault_action(&out->fault, "%" SLICE_FMT, SLICE_ARG(buf_slice(&b)));
	buf_clear(&b);
}

json_t *
reach_records_json(const struct reach_verdict *v)
{
	json_t *array = json_array();

	for (size_t i = 0; i < v->n_records; i++) {
		const struct reach_record *r = &v->records[i];
		json_t *o = json_object();

		json_put_str(o, "do", do_text(r->act));
		json_put_str(o, "type", r->type);
		json_put_str(o, "name", r->name);
		json_put_str(o, "value", r->value);
		json_put_str(o, "was", r->was[0] == '\0' ? NULL : r->was);
		json_put_int(o, "ttl", r->ttl_s);
		json_array_append_new(array, o);
	}
	return array;
}
