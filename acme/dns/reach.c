#include "acme/dns/reach.h"

#include <stdio.h>

#include "acme/dns/advice.h"
#include "acme/dns/evidence.h"

#define NAMED_MAX 3 /* addresses named in a sentence */

static bool
platform_is_set(const struct reach_target *t)
{
	return t->n_cnames + t->n_addresses + t->n_resolved > 0;
}

/* "203.0.113.7 and 2001:db8::7": foreign addresses, the first few. */
static void
name_foreign(const struct evidence *e, char *out, size_t size)
{
	char text[ADDR_TEXT_SIZE];
	size_t named = 0, used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < e->n_addresses && named < NAMED_MAX; i++) {
		if (e->addresses[i].is_ours)
			continue;
		addr_format_ip(&e->addresses[i].addr, text);
		used += (size_t)snprintf(out + used, size - used, "%s%s",
		    named++ == 0 ? "" : ", ", text);
	}
}

/* "www.example.com" or "www.example.com (a CNAME to x.example.net)". */
static void
name_host(const char *host, const struct evidence *e, char *out, size_t size)
{
	if (e->cname[0] == '\0')
		snprintf(out, size, "%s", host);
	else
		snprintf(out, size, "%s (a CNAME to %.120s)", host, e->end);
}

static void
judge_foreign(
    struct fault *f, const struct evidence *e, const char *name, bool has_ours)
{
	char foreign[NAMED_MAX * ADDR_TEXT_SIZE];

	name_foreign(e, foreign, sizeof(foreign));
	if (!has_ours)
		fault_set(f, FAULT_D12_ELSEWHERE,
		    "%s points at %s, which is not us", name, foreign);
	else if (e->n_foreign[FAMILY_A] == 0 && e->n_ours[FAMILY_A] > 0)
		fault_set(f, FAULT_D14_AAAA_ELSEWHERE,
		    "%s points at us by IPv4, but its AAAA record %s is not us",
		    name, foreign);
	else
		fault_set(f, FAULT_D13_MIXED, "%s points at us and also at %s",
		    name, foreign);
}

/* One resolver has it right already: the others remember what was. */
static void
judge_stale(
    struct reach_verdict *out, const struct evidence *e, const char *name)
{
	char foreign[NAMED_MAX * ADDR_TEXT_SIZE], resolver[ADDR_TEXT_SIZE];

	name_foreign(e, foreign, sizeof(foreign));
	addr_format_ip(&e->wrong->resolver, resolver);
	fault_set(&out->fault, FAULT_D13_MIXED,
	    "%s is right at its name servers, but resolver %s still answers %s",
	    name, resolver, foreign);
	if (e->wrong->kept_s > 0)
		fault_action(&out->fault,
		    "Nothing to set: wait until it is forgotten, at most %d s.",
		    e->wrong->kept_s);
	else
		fault_action(
		    &out->fault, "Nothing to set: wait until it is forgotten.");
	out->n_records = 0;
}

/* CAs check: one resolver that does outweighs all that do not. */
static void
judge_bogus(struct fault *f, const char *name)
{
	fault_set(f, FAULT_D21_DNSSEC,
	    "The DNSSEC signatures of %s are broken: it is answered only to "
	    "who does not check them",
	    name);
}

static void
judge_failure(struct fault *f, const struct evidence *e, const char *name)
{
	switch (e->failure) {
	case DNS_NXDOMAIN:
		fault_set(
		    f, FAULT_D10_NXDOMAIN, "%s does not exist in DNS", name);
		break;
	case DNS_LOOP:
		fault_set(f, FAULT_D18_CNAME_LOOP,
		    "%s: the CNAME records lead round in a circle, or "
		    "through more than %d names",
		    name, DNS_CHAIN_MAX);
		break;
	case DNS_SERVFAIL:
		fault_set(f, FAULT_D15_SERVFAIL,
		    "The name servers of %s fail (SERVFAIL)", name);
		break;
	case DNS_BOGUS:
		judge_bogus(f, name);
		break;
	case DNS_MALFORMED:
		fault_set(f, FAULT_D15_SERVFAIL,
		    "The name servers of %s answer with what is not DNS", name);
		break;
	case DNS_REFUSED:
		fault_set(f, FAULT_D17_REFUSED,
		    "The resolvers refuse to answer for %s", name);
		break;
	case DNS_OK:
	case DNS_TIMEOUT:
		fault_set(f, FAULT_D16_TIMEOUT,
		    "No answer from DNS for %s in time", name);
		break;
	}
}

static void
judge_fault(
    const char *name, const struct evidence *e, struct reach_verdict *out)
{
	bool has_ours = e->n_ours[FAMILY_A] + e->n_ours[FAMILY_AAAA] > 0;

	if (e->wrong != NULL && e->right != NULL)
		judge_stale(out, e, name);
	else if (e->wrong != NULL)
		judge_foreign(&out->fault, e, name, has_ours);
	else if (e->is_bogus)
		judge_bogus(&out->fault, name);
	else if (e->is_empty)
		fault_set(&out->fault, FAULT_D11_NO_ADDRESS,
		    "%s has neither an A nor an AAAA record", name);
	else
		judge_failure(&out->fault, e, name);
}

/* No record is the cure then; those listed are what should be there. */
static bool
is_fault_of_servers(const struct fault *f)
{
	return f->code == FAULT_D21_DNSSEC ||
	       (f->code >= FAULT_D15_SERVFAIL && f->code <= FAULT_D17_REFUSED);
}

/* Of the faults that can lie in what a CNAME leads to. */
static bool
is_verdict_on_target(const struct fault *f)
{
	return f->code >= FAULT_D10_NXDOMAIN &&
	       f->code <= FAULT_D14_AAAA_ELSEWHERE;
}

/* Both families get their turn. */
static void
note_probes(const struct evidence *e, struct reach_verdict *out)
{
	size_t n[FAMILIES] = {0};

	for (size_t i = 0; i < e->n_addresses; i++) {
		const struct evidence_address *a = &e->addresses[i];

		if (!a->is_ours && n[a->family] < REACH_PROBES_MAX / FAMILIES) {
			n[a->family]++;
			out->probes[out->n_probes++] = a->addr;
		}
	}
}

void
reach_probed(struct reach_verdict *v, const struct reach_probe *probe)
{
	size_t used = strlen(v->fault.text);

	if (!probe->came_back) {
		snprintf(v->fault.text + used, sizeof(v->fault.text) - used,
		    "; %s %s", probe->address, probe->text);
		return;
	}
	v->reaches = true;
	v->is_cdn = true;
	v->n_records = 0;
	fault_clear(&v->fault);
	snprintf(v->note, sizeof(v->note),
	    "The name reaches us through a CDN or proxy at %s: http-01 goes "
	    "through it, tls-alpn-01 cannot",
	    probe->address);
}

void
reach_judge(const char *host, const struct dns_answer *answers,
    size_t n_answers, const struct reach_target *target,
    struct reach_verdict *out)
{
	struct evidence e;
	char name[400];

	memset(out, 0, sizeof(*out));
	evidence_collect(answers, n_answers, target, &e);
	out->cached_s = e.cached_s;
	if (!platform_is_set(target)) {
		fault_set(&out->fault, FAULT_D19_PLATFORM_UNSET, NULL);
		return;
	}
	if (e.wrong == NULL && e.right != NULL && !e.is_bogus) {
		out->reaches = true;
		return;
	}
	name_host(host, &e, name, sizeof(name));
	advice_records(host, &e, target, out);
	judge_fault(name, &e, out);
	if (!is_fault_of_servers(&out->fault))
		advice_say(out);
	if (e.right == NULL)
		note_probes(&e, out);
	if (e.right == NULL && is_verdict_on_target(&out->fault) &&
	    advice_cname_is_right(&e, target))
		fault_action(&out->fault,
		    "The CNAME of %s is right; what is wrong is the name it "
		    "leads to, which the platform's operator has to mend.",
		    host);
}

void
reach_records(const char *host, const struct reach_target *target,
    struct reach_verdict *out)
{
	memset(out, 0, sizeof(*out));
	if (!platform_is_set(target)) {
		fault_set(&out->fault, FAULT_D19_PLATFORM_UNSET, NULL);
		return;
	}
	advice_records(host, NULL, target, out);
}
