#include "acme/caa_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct caa_check {
	struct dns *dns;
	const char *const *names;
	size_t n_names, at;     /* the one in hand... */
	const char *place;      /* ...and where its records are looked for */
	struct caa_asker asker; /* strings are its own */
	struct challenge_choice choice;
	struct caa_set set;
	struct dns_lookup *lookup;
	caa_check_done *done;
	void *ctx;
};

static void look(struct caa_check *c);

static void
free_check(struct caa_check *c)
{
	for (size_t i = 0; i < c->asker.n_issuers; i++)
		free((char *)c->asker.issuers[i]);
	free((void *)c->asker.issuers);
	free((char *)c->asker.account_url);
	free(c);
}

static void
finish(struct caa_check *c, const struct fault *f)
{
	c->done(c->ctx, f, &c->choice);
	free_check(c);
}

/* The set of the name in hand is known. */
static void
judge(struct caa_check *c)
{
	const char *name = c->names[c->at];
	struct fault f = {0};

	if (caa_judge(&c->set, name, &c->asker, &c->choice, &f) != ERR_OK) {
		finish(c, &f);
		return;
	}
	if (++c->at == c->n_names) {
		finish(c, NULL);
		return;
	}
	c->place = NULL;
	look(c);
}

/* The CA will refuse what it cannot ask (RFC 8659, 3): so do we, before. */
static void
fail(struct caa_check *c, const char *what)
{
	struct fault f = {0};

	fault_set(&f, FAULT_A19_CHALLENGE_DNS,
	    "Whether a CAA record of %s forbids the certificate cannot be "
	    "found out: %s",
	    c->place, what);
	finish(c, &f);
}

static enum err
take(struct caa_check *c, const struct dns_records *r)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < r->n; i++)
		e = caa_add(&c->set, r->rdata[i]);
	return e;
}

static void
climb(struct caa_check *c)
{
	const char *dot = strchr(c->place, '.');

	if (dot == NULL) {
		judge(c); /* up to the top there is none */
		return;
	}
	c->place = dot + 1;
	look(c);
}

static void
on_records(void *ctx, const struct dns_records *r)
{
	struct caa_check *c = ctx;

	c->lookup = NULL;
	if (r->result == DNS_SERVFAIL)
		fail(c, "SERVFAIL, as when DNSSEC is broken");
	else if (r->result != DNS_OK && r->result != DNS_NXDOMAIN)
		fail(c, "no name server answers");
	else if (r->n == 0)
		climb(c);
	else if (take(c, r) != ERR_OK)
		fail(c, "records that cannot be read");
	else
		judge(c);
}

static void
look(struct caa_check *c)
{
	const char *name = c->names[c->at];

	if (c->place == NULL) {
		c->place = strncmp(name, "*.", 2) == 0 ? name + 2 : name;
		c->set.n = 0;
	}
	snprintf(c->set.at, sizeof(c->set.at), "%s", c->place);
	c->lookup = dns_lookup(c->dns, c->place, DNS_TYPE_CAA, on_records, c);
}

static struct caa_asker
copy_asker(const struct caa_asker *a)
{
	const char **issuers = xcalloc(a->n_issuers, sizeof(*issuers));

	for (size_t i = 0; i < a->n_issuers; i++)
		issuers[i] = xstrdup(a->issuers[i]);
	return (struct caa_asker){.issuers = issuers,
	    .n_issuers = a->n_issuers,
	    .account_url = xstrdup(a->account_url)};
}

struct caa_check *
caa_check_start(struct dns *dns, const struct caa_question *question,
    caa_check_done *done, void *ctx)
{
	struct caa_check *c = xcalloc(1, sizeof(*c));

	c->dns = dns;
	c->names = question->names;
	c->n_names = question->n_names;
	c->asker = copy_asker(&question->asker);
	c->choice = question->choice;
	c->done = done;
	c->ctx = ctx;
	look(c);
	return c;
}

void
caa_check_cancel(struct caa_check *c)
{
	if (c == NULL)
		return;
	dns_lookup_cancel(c->lookup);
	free_check(c);
}
