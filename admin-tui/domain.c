#include "admin-tui/domain.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin-tui/answer.h"
#include "base/buf.h"
#include "base/mem.h"

#define DAY          86400
#define CUSTOM_WARN  (14 * (int64_t)DAY)

#define TOGETHER_MAX ((size_t)64 * 1024)

static const struct {
	const char *word, *glyph;
	enum role role;
} status_table[STATUSES] = {
    [STATUS_UNKNOWN] = {"?", "?", ROLE_TEXT},
    [STATUS_ACTION_REQUIRED] = {"Action required", GLYPH_BAD, ROLE_BAD},
    [STATUS_PENDING_DNS] = {"Pending DNS", "?", ROLE_WAITING},
    [STATUS_CREATING] = {"Creating", "~", ROLE_WORKING},
    [STATUS_IN_USE] = {"In use", GLYPH_OK, ROLE_OK},
    [STATUS_NOT_USED] = {"Not used", "-", ROLE_TEXT},
};

const char *
domain_status_word(enum status status)
{
	return status_table[status].word;
}

enum status
domain_status_parse(const char *word)
{
	for (size_t i = 1; i < STATUSES; i++)
		if (strcmp(status_table[i].word, word) == 0)
			return (enum status)i;
	return STATUS_UNKNOWN;
}

static void
read_records(struct domain *d, const json_t *o)
{
	const json_t *list = json_obj(o, "records");
	size_t n = json_array_size(list);
	if (n > DOMAIN_RECORDS_MAX)
		n = DOMAIN_RECORDS_MAX;
	if (n == 0)
		return;
	d->records = xcalloc(n, sizeof(*d->records));
	for (size_t i = 0; i < n; i++) {
		const json_t *r = json_array_get(list, i);
		if (!json_is_object(r))
			continue;
		d->records[d->n_records++] = (struct record){
		    .what = answer_str(r, "do"),
		    .type = answer_str(r, "type"),
		    .name = answer_str(r, "name"),
		    .value = answer_str(r, "value"),
		    .was = answer_str(r, "was"),
		    .ttl = json_int(r, "ttl"),
		};
	}
}

static void
read_resolver(struct resolver *r, const json_t *o)
{
	const json_t *addresses = json_obj(o, "addresses");
	size_t n = json_array_size(addresses);
	const json_t *first = json_array_get(addresses, 0);
	*r = (struct resolver){
	    .name = answer_str(o, "resolver"),
	    .sees = answer_str(o, "sees"),
	    .address = answer_str(first, "address"),
	    .n_more = n > 0 ? n - 1 : 0,
	    .ttl = json_int(o, n > 0 ? "ttl" : "denial_ttl"),
	};
}

static void
read_resolvers(struct domain *d, const json_t *o)
{
	size_t i;
	json_t *r;
	json_array_foreach(json_obj(o, "resolvers"), i, r)
	{
		if (json_is_object(r) && d->n_resolvers < DOMAIN_RESOLVERS_MAX)
			read_resolver(&d->resolvers[d->n_resolvers++], r);
	}
}

/* The other names of its set, "a.example.com, b.example.com". */
static char *
read_together(const struct domain *d, const json_t *set)
{
	struct buf text;
	size_t i;
	json_t *name;
	if (!json_is_object(set))
		return NULL;
	buf_init(&text, TOGETHER_MAX);
	json_array_foreach(json_obj(set, "names"), i, name)
	{
		const char *other = json_string_value(name);
		if (other != NULL && strcmp(other, d->host) != 0)
			buf_printf(
			    &text, "%s%s", text.len > 0 ? ", " : "", other);
	}
	return buf_take(&text);
}

void
domain_read(struct domain *d, const json_t *o)
{
	*d = (struct domain){
	    .host = answer_str(o, "host"),
	    .app = answer_str(o, "app"),
	    .origin = answer_str(o, "origin"),
	    .reference = answer_str(o, "reference"),
	    .status_text = answer_str(o, "status"),
	    .dns = answer_str(o, "dns"),
	    .serving = answer_str(o, "serving"),
	    .status = domain_status_parse(json_str(o, "status")),
	    .is_automatic = json_bool(o, "automatic"),
	    .status_since = answer_time(o, "status_since"),
	    .dns_checked_at = answer_time(o, "dns_checked_at"),
	    .expires_at = answer_time(o, "expires_at"),
	    .renews_at = answer_time(o, "renews_at"),
	    .next_attempt_at = answer_time(o, "next_attempt_at"),
	    .created_at = answer_time(o, "created_at"),
	};
	answer_fault(o, "fault", &d->fault);
	const json_t *renewal = json_obj(o, "renewal");
	const json_t *window = json_obj(renewal, "window");
	d->window_start_at = answer_time(window, "start");
	d->window_end_at = answer_time(window, "end");
	d->window_why = answer_str(renewal, "explanation_url");
	const json_t *fallback = json_obj(o, "fallback");
	d->has_fallback = json_is_object(fallback);
	d->fallback_ready = json_bool(fallback, "ready");
	d->fallback_stands_by = json_bool(fallback, "stands_by");
	answer_fault(fallback, "fault", &d->fallback_fault);
	d->together = read_together(d, json_obj(o, "set"));
	read_records(d, o);
	read_resolvers(d, o);
	const json_t *certificate = json_obj(o, "certificate");
	d->has_certificate = json_is_object(certificate);
	if (d->has_certificate)
		cert_read(&d->certificate, certificate);
}

void
domain_clear(struct domain *d)
{
	free(d->host);
	free(d->app);
	free(d->origin);
	free(d->reference);
	free(d->status_text);
	free(d->dns);
	free(d->serving);
	free(d->together);
	free(d->window_why);
	for (size_t i = 0; i < d->n_records; i++) {
		struct record *r = &d->records[i];
		free(r->what);
		free(r->type);
		free(r->name);
		free(r->value);
		free(r->was);
	}
	free(d->records);
	for (size_t i = 0; i < d->n_resolvers; i++) {
		free(d->resolvers[i].name);
		free(d->resolvers[i].sees);
		free(d->resolvers[i].address);
	}
	cert_clear(&d->certificate);
	*d = (struct domain){0};
}

static bool
has_fault(const struct domain *d)
{
	return d->fault.text[0] != '\0';
}

/* What tries again by itself but has failed is a warning, not a failure. */
const char *
domain_glyph(const struct domain *d)
{
	if (d->status == STATUS_CREATING && has_fault(d))
		return "!";
	return status_table[d->status].glyph;
}

enum role
domain_role(const struct domain *d)
{
	if (d->status == STATUS_CREATING && has_fault(d))
		return ROLE_WARN;
	return status_table[d->status].role;
}

bool
domain_is_expiring(const struct domain *d, int64_t now)
{
	if (d->expires_at == 0)
		return false;
	int64_t left = d->expires_at - now;
	if (left <= 0)
		return true;
	if (strcmp(d->serving, "custom") != 0)
		return d->renews_at != 0 && now > d->renews_at + DAY;
	int64_t third = CUSTOM_WARN;
	if (d->has_certificate && d->certificate.not_before != 0)
		third = (d->expires_at - d->certificate.not_before) / 3;
	return left < (third < CUSTOM_WARN ? third : CUSTOM_WARN);
}

bool
domain_is_problem(const struct domain *d, int64_t now)
{
	return domain_urgency(d, now) < 50;
}

int
domain_urgency(const struct domain *d, int64_t now)
{
	if (d->status == STATUS_ACTION_REQUIRED)
		return 0;
	if (d->expires_at != 0 && d->expires_at <= now)
		return 10;
	if (has_fault(d) && d->status != STATUS_PENDING_DNS)
		return 20;
	if (domain_is_expiring(d, now))
		return 30;
	if (d->status == STATUS_PENDING_DNS)
		return 40;
	if (d->status == STATUS_CREATING)
		return 50;
	return d->status == STATUS_UNKNOWN ? 55 : 60;
}

char *
record_line(const struct record *r, char out[RECORD_LINE_SIZE])
{
	size_t n = strlen(r->name);
	const char *dot = n > 0 && r->name[n - 1] == '.' ? "" : ".";
	snprintf(out, RECORD_LINE_SIZE, "%s%s %lld IN %s %s", r->name, dot,
	    (long long)r->ttl, r->type, r->value);
	return out;
}
