#include "admin-tui/domain_pages.h"

#include <stdio.h>

#include "admin-tui/story.h"
#include "admin-tui/words.h"

const char *
serving_words(const struct domain *d)
{
	if (strcmp(d->serving, "custom") == 0)
		return "the custom certificate";
	if (strcmp(d->serving, "automatic") == 0)
		return "the automatic certificate";
	if (strcmp(d->serving, "platform") == 0)
		return "the platform's own certificate";
	if (strcmp(d->serving, "placeholder") == 0)
		return "a placeholder (browsers warn)";
	return "no certificate";
}

/* --- Diagnosis ---------------------------------------------------------- */

static void
headline(struct page *p, const struct domain *d)
{
	const char *says = "";
	if (d->fault.text[0] != '\0')
		says = d->fault.text;
	else
		switch (d->status) {
		case STATUS_PENDING_DNS:
			says = "The name does not point here yet, so no "
			       "certificate was ordered.";
			break;
		case STATUS_CREATING:
			says = "A certificate is being ordered.";
			break;
		case STATUS_IN_USE:
			says = "All is well: visitors get the automatic "
			       "certificate.";
			break;
		case STATUS_NOT_USED:
			says = "All is well: visitors get the custom "
			       "certificate.";
			break;
		case STATUS_ACTION_REQUIRED:
			says = "Nothing will change until a person acts.";
			break;
		case STATUS_UNKNOWN:
		case STATUSES:
			says = d->status_text;
			break;
		}
	const char *code = fault_code_name(d->fault.code);
	bool is_well = code[0] == '\0' && (d->status == STATUS_IN_USE ||
					      d->status == STATUS_NOT_USED);
	page_line(p, ROLE_TITLE, 1, "%s%s%s%s", is_well ? "" : "WHY? ", code,
	    code[0] != '\0' ? " " : "", says);
	/* The records below say it better. */
	if (d->fault.action[0] != '\0' && d->n_records == 0)
		page_line(p, ROLE_TEXT, 6, "%s", d->fault.action);
}

static void
check_dns(struct page *p, const struct model *m, const struct domain *d)
{
	char ago[WORDS_SIZE] = "never";
	if (d->dns_checked_at != 0)
		words_span(m->now - d->dns_checked_at, ago);
	const char *behind = d->dns_checked_at != 0 ? " ago" : "";
	if (strcmp(d->dns, "ok") == 0)
		page_mark(p, GLYPH_OK, ROLE_OK,
		    "Points at this router    looked %s%s", ago, behind);
	else if (strcmp(d->dns, "lost") == 0)
		page_mark(p, GLYPH_BAD, ROLE_BAD,
		    "Points elsewhere now     it did point here; looked "
		    "%s%s",
		    ago, behind);
	else
		page_mark(p, GLYPH_BAD, ROLE_WAITING,
		    "Points at this router    not yet; looked %s%s", ago,
		    behind);
}

/* None stands by behind the custom one; could one be had? */
static void
check_fallback(struct page *p, const struct domain *d)
{
	if (d->fallback_ready)
		page_mark(p, GLYPH_OK, ROLE_OK,
		    "Automatic certificate    none yet, can be had in time");
	else
		page_mark(p, "!", ROLE_WARN,
		    "Automatic certificate    could not be had: %s %s",
		    fault_code_name(d->fallback_fault.code),
		    d->fallback_fault.text);
}

static void
check_order(struct page *p, const struct domain *d)
{
	bool has_fault = d->fault.text[0] != '\0';
	if (!d->is_automatic)
		page_mark(p, "-", ROLE_TEXT, "Automatic certificate    off");
	else if (d->status == STATUS_PENDING_DNS)
		page_mark(p, "-", ROLE_DIM,
		    "Automatic certificate    waits until DNS is right");
	else if (d->status == STATUS_ACTION_REQUIRED)
		page_mark(p, GLYPH_BAD, ROLE_BAD,
		    "Automatic certificate    waits for a person");
	else if (d->status == STATUS_CREATING)
		page_mark(p, has_fault ? "!" : "~",
		    has_fault ? ROLE_WARN : ROLE_WORKING,
		    "Automatic certificate    %s",
		    has_fault ? "failed, is tried again" : "under way");
	else if (d->has_fallback && !d->fallback_stands_by)
		check_fallback(p, d);
	else
		page_mark(p, GLYPH_OK, ROLE_OK,
		    "Automatic certificate    there%s",
		    d->status == STATUS_NOT_USED ? ", stands by" : "");
}

static void
check_serving(struct page *p, const struct model *m, const struct domain *d)
{
	char until[WORDS_SIZE];
	bool is_right = strcmp(d->serving, "custom") == 0 ||
			strcmp(d->serving, "automatic") == 0 ||
			strcmp(d->serving, "platform") == 0;
	bool soon = domain_is_expiring(d, m->now);
	const char *mark = !is_right ? GLYPH_BAD : soon ? "!" : GLYPH_OK;
	enum role role = !is_right ? ROLE_BAD : soon ? ROLE_WARN : ROLE_OK;
	if (d->expires_at == 0)
		page_mark(p, mark, role, "Visitors get             %s",
		    serving_words(d));
	else
		page_mark(p, mark, role,
		    "Visitors get             %s, expires %s", serving_words(d),
		    words_until(d->expires_at, m->now, until));
}

static void
records(struct page *p, const struct domain *d)
{
	if (d->n_records == 0)
		return;
	page_line(p, ROLE_TEXT, 0, "%s", "");
	page_line(p, ROLE_TITLE, 1, "DO THIS at your DNS provider (y copies):");
	for (size_t i = 0; i < d->n_records; i++) {
		const struct record *r = &d->records[i];
		bool goes = strcmp(r->what, "delete") == 0;
		page_line(p, goes ? ROLE_OLD : ROLE_NEW, 3,
		    "%zu. %-6s %-5s %s  %s", i + 1, r->what, r->type, r->name,
		    r->value[0] != '\0' ? r->value : r->was);
		if (!goes && r->was[0] != '\0')
			page_line(p, ROLE_DIM, 6, "(now %s)", r->was);
		else if (!goes && r->ttl > 0)
			page_line(p, ROLE_DIM, 6, "(TTL %d)", (int)r->ttl);
	}
}

/* "I changed it, why not yet?" is answered by a number of minutes. */
static void
resolvers(struct page *p, const struct domain *d)
{
	char kept[WORDS_SIZE];
	if (d->n_resolvers == 0)
		return;
	page_line(p, ROLE_TEXT, 0, "%s", "");
	page_line(p, ROLE_TITLE, 1, "WHAT RESOLVERS SEE");
	for (size_t i = 0; i < d->n_resolvers; i++) {
		const struct resolver *r = &d->resolvers[i];
		bool is_right = strcmp(r->sees, "us") == 0;
		char more[32] = "";
		if (r->n_more > 0)
			snprintf(more, sizeof(more), " +%zu", r->n_more);
		page_mark(p, is_right ? GLYPH_OK : GLYPH_BAD,
		    is_right ? ROLE_OK : ROLE_BAD, "%-15s %-9s %s%s%s%s",
		    r->name, r->sees, r->address, more,
		    r->ttl > 0 ? "  kept " : "",
		    r->ttl > 0 ? words_span(r->ttl, kept) : "");
	}
}

static void
next_check(struct page *p, const struct model *m, const struct domain *d)
{
	char span[WORDS_SIZE];
	page_line(p, ROLE_TEXT, 0, "%s", "");
	if (d->next_attempt_at > m->now)
		page_line(p, ROLE_TEXT, 1, "NEXT LOOK in %s - r looks now",
		    words_span(d->next_attempt_at - m->now, span));
	else if (d->next_attempt_at != 0)
		page_line(p, ROLE_WORKING, 1, "looking now");
	else if (d->renews_at > m->now)
		page_line(p, ROLE_TEXT, 1, "%s in %s",
		    d->status == STATUS_IN_USE
			? "RENEWS by itself"
			: "The automatic one renews by itself",
		    words_span(d->renews_at - m->now, span));
	else
		page_line(p, ROLE_TEXT, 1, "r looks now");
}

void
diagnosis_page(struct page *p, const struct model *m, const struct domain *d)
{
	headline(p, d);
	check_dns(p, m, d);
	check_order(p, d);
	check_serving(p, m, d);
	records(p, d);
	if (strcmp(d->dns, "ok") != 0)
		resolvers(p, d);
	next_check(p, m, d);
}

/* --- ACME --------------------------------------------------------------- */

static void
timeline(struct page *p, const struct model *m)
{
	char when[WORDS_SIZE];
	page_line(p, ROLE_TEXT, 0, "%s", "");
	page_line(p, ROLE_TITLE, 1, "TIMELINE, newest first");
	if (!m->has_events)
		page_line(p, ROLE_DIM, 3, "asking ...");
	else if (m->events.n == 0)
		page_line(p, ROLE_DIM, 3, "no events yet");
	for (size_t i = m->events.n; i > 0; i--) {
		const struct event *e = &m->events.items[i - 1];
		bool failed = e->text[0] != '\0';
		page_mark(p, failed ? GLYPH_BAD : GLYPH_OK,
		    failed ? ROLE_BAD : ROLE_OK, "%-12s  %-24s %s %s",
		    words_when(e->at, m->now, when), e->name, e->by, e->text);
	}
}

void
acme_page(struct page *p, const struct model *m, const struct domain *d)
{
	char when[WORDS_SIZE], span[WORDS_SIZE];
	page_line(p, ROLE_TITLE, 1, "AUTOMATIC CERTIFICATE  %s",
	    d->is_automatic ? "on" : "off");
	page_pair(p, "status", "%s %s, for %s", domain_glyph(d), d->status_text,
	    words_span(m->now - d->status_since, span));
	page_pair(p, "name", "%s",
	    strcmp(d->dns, "ok") == 0 ? "points at this router"
				      : "does not point at this router");
	if (d->together != NULL)
		page_pair(p, "shared with", "%s", d->together);
	if (d->fault.text[0] != '\0')
		page_pair(p, "fault", "%s %s", fault_code_name(d->fault.code),
		    d->fault.text);
	page_pair(p, "next attempt", "%s",
	    words_when(d->next_attempt_at, m->now, when));
	page_pair(p, "renews", "%s", words_when(d->renews_at, m->now, when));
	if (d->window_start_at != 0)
		page_pair(p, "CA's window", "%s to %s",
		    words_date(d->window_start_at, when),
		    words_date(d->window_end_at, span));
	if (d->window_why[0] != '\0')
		page_pair(p, "CA explains", "%s", d->window_why);
	timeline(p, m);
}

/* --- Certificate -------------------------------------------------------- */

static void
lifetime(struct page *p, const struct model *m, const struct cert *c)
{
	char from[WORDS_SIZE], to[WORDS_SIZE], until[WORDS_SIZE];
	int64_t all = (c->not_after - c->not_before) / 86400;
	page_pair(p, "valid", "%s to %s, expires %s (%lld days in all)",
	    words_date(c->not_before, from), words_date(c->not_after, to),
	    words_until(c->not_after, m->now, until), (long long)all);
}

static void
facts(struct page *p, const struct model *m, const struct cert *c)
{
	char when[WORDS_SIZE];
	page_pair(p, "number", "#%d, %s, since %s by %s", (int)c->number,
	    c->is_custom ? "custom" : "automatic",
	    words_when(c->installed_at, m->now, when),
	    c->installed_by[0] != '\0' ? c->installed_by : "-");
	page_pair(p, "issuer", "%s", c->issuer);
	lifetime(p, m, c);
	page_pair(p, "key", "%s", c->key_type);
	page_pair(p, "chain", "%d certificates, %s", (int)c->chain_length,
	    c->is_trusted ? "trusted" : "not trusted");
	if (!c->is_trusted && c->trust_fault[0] != '\0')
		page_pair(p, "", "%s", c->trust_fault);
	page_pair(p, "serial", "%s", c->serial);
	page_pair(p, "sha256", "%s", c->fingerprint);
	page_pair(p, "names", "%s", c->common_name);
	for (size_t i = 0; i < c->n_names; i++)
		if (strcmp(c->names[i], c->common_name) != 0)
			page_pair(p, "", "%s", c->names[i]);
}

/* What is there beside the one that is served. */
static void
fallback(struct page *p, const struct model *m, const struct domain *d)
{
	char until[WORDS_SIZE];
	int n = 0;
	page_line(p, ROLE_TEXT, 0, "%s", "");
	page_line(p, ROLE_TITLE, 1, "IF IT EXPIRES OR IS REMOVED");
	for (size_t i = 0; i < m->n_history; i++) {
		const struct cert *c = &m->history[i];
		if (c->removed_at != 0 || !cert_is_valid(c, m->now) ||
		    c->number == d->certificate.number)
			continue;
		page_line(p, ROLE_TEXT, 3, "%d. #%d %s, expires %s", ++n,
		    (int)c->number, c->is_custom ? "custom" : "automatic",
		    words_until(c->not_after, m->now, until));
	}
	if (n == 0)
		page_line(p, ROLE_TEXT, 3, "%s",
		    d->is_automatic
			? "an automatic one is ordered ahead of time"
			: "nothing: automatic certificates are off here");
}

void
certificate_page(struct page *p, const struct model *m, const struct domain *d)
{
	page_line(p, ROLE_TITLE, 1, "SERVED NOW  %s", serving_words(d));
	if (d->has_certificate)
		facts(p, m, &d->certificate);
	else
		page_line(p, ROLE_DIM, 3,
		    "none yet: u uploads one, or set the DNS records");
	fallback(p, m, d);
}

/* --- Why ---------------------------------------------------------------- */

static void
on_story_line(void *ctx, enum story_kind kind, int indent, const char *text)
{
	static const enum role roles[] = {
	    [STORY_HEAD] = ROLE_TITLE,
	    [STORY_TITLE] = ROLE_TITLE,
	    [STORY_TEXT] = ROLE_TEXT,
	    [STORY_RECORD] = ROLE_NEW,
	};
	struct page *p = ctx;
	if (kind == STORY_TITLE)
		page_line(p, ROLE_TEXT, 0, "%s", "");
	page_line(p, roles[kind], indent + 1, "%s", text);
}

void
why_page(struct page *p, const json_t *story)
{
	if (story == NULL)
		page_line(p, ROLE_DIM, 3, "asking ...");
	else
		story_tell(story, false, on_story_line, p);
}
