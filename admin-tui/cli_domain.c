#include "admin-tui/cli_domain.h"

#include <stdlib.h>

#include "admin-tui/cli_upload.h"
#include "base/clock.h"

#define POLL_FIRST                                                             \
	0.1 /* seconds; a domain whose DNS is right takes about one            \
	     */
#define POLL_MAX       2.0
#define YEAR_S         (INT64_C(365) * 86400)
#define NAMES_TEXT_MAX ((size_t)1024 * 1024)

static void
show_time(
    struct cli *c, const char *label, const json_t *object, const char *key)
{
	char time[CLI_TIME_SIZE];
	const char *at = json_str(object, key);
	if (at[0] != '\0')
		cli_field(&c->out, label, "%s", cli_time(&c->out, at, time));
}

char *
cli_names(const json_t *object)
{
	struct buf text;
	size_t i;
	json_t *name;
	buf_init(&text, NAMES_TEXT_MAX);
	json_array_foreach(json_obj(object, "names"), i, name)
	{
		buf_printf(
		    &text, "%s%s", i == 0 ? "" : ", ", json_string_value(name));
	}
	return buf_take(&text);
}

static void
show_fault(struct cli *c, const json_t *fault)
{
	char text[CLI_FAULT_SIZE];
	if (fault == NULL)
		return;
	cli_field(&c->out, "Fault", "%s", cli_fault_text(fault, text));
	cli_field(&c->out, "What to do", "%s", json_str(fault, "action"));
}

void
cli_set_show(struct cli *c, const json_t *set)
{
	if (set == NULL)
		return;
	char *names = cli_names(set);
	cli_field(&c->out, "Set", "number %lld: %s%s",
	    (long long)json_int(set, "number"), names,
	    json_bool(set, "auto_renew") ? "" : " (not renewed)");
	free(names);
}

/* As a zone file has it, where a name without its dot would be a part. */
void
cli_domain_show_records(struct cli *c, const json_t *records)
{
	size_t i;
	json_t *r;
	json_array_foreach(records, i, r)
	{
		const char *was = json_str(r, "was");
		const char *value = json_str(r, "value");
		bool is_name = strcmp(json_str(r, "type"), "CNAME") == 0 &&
			       !slice_ends_with(slice_str(value), SLICE("."));
		cli_field(&c->out, "DNS record", "%s: %s. %lld IN %s %s%s%s%s",
		    json_str(r, "do"), json_str(r, "name"),
		    (long long)json_int(r, "ttl"), json_str(r, "type"), value,
		    is_name ? "." : "", was[0] != '\0' ? " ; was " : "", was);
	}
}

/* How much work one like it is: who uploads it must do so this often. */
static void
show_renewals(struct cli *c, const json_t *certificate)
{
	int64_t from, to;
	if (strcmp(json_str(certificate, "source"), "custom") != 0 ||
	    clock_parse(slice_str(json_str(certificate, "not_before")),
		&from) != ERR_OK ||
	    clock_parse(slice_str(json_str(certificate, "not_after")), &to) !=
		ERR_OK ||
	    to <= from)
		return;
	int64_t a_year = (YEAR_S + to - from - 1) / (to - from);
	cli_field(
	    &c->out, "Renewals", "%lld a year, by hand", (long long)a_year);
}

void
cli_certificate_show(struct cli *c, const json_t *certificate)
{
	size_t i;
	json_t *name;
	cli_field(&c->out, "Number", "%lld",
	    (long long)json_int(certificate, "number"));
	cli_field(&c->out, "Source", "%s", json_str(certificate, "source"));
	cli_field(
	    &c->out, "Common name", "%s", json_str(certificate, "common_name"));
	json_array_foreach(json_obj(certificate, "names"), i, name)
	{
		cli_field(&c->out, "Name", "%s", json_string_value(name));
	}
	cli_field(&c->out, "Issuer", "%s", json_str(certificate, "issuer"));
	show_time(c, "Valid from", certificate, "not_before");
	show_time(c, "Expires", certificate, "not_after");
	show_renewals(c, certificate);
	cli_field(&c->out, "Serial", "%s", json_str(certificate, "serial"));
	cli_field(&c->out, "SHA-256", "%s",
	    json_str(certificate, "fingerprint_sha256"));
	cli_field(&c->out, "Key", "%s", json_str(certificate, "key_type"));
	cli_field(&c->out, "Chain", "%lld",
	    (long long)json_int(certificate, "chain_length"));
	cli_field(&c->out, "Trusted", "%s%s%s",
	    json_bool(certificate, "trusted") ? "yes" : "no",
	    json_str(certificate, "trust_fault")[0] != '\0' ? ": " : "",
	    json_str(certificate, "trust_fault"));
	show_time(c, "Installed", certificate, "installed_at");
	cli_field(&c->out, "Installed by", "%s",
	    json_str(certificate, "installed_by"));
}

/* What the CA says of the renewal. */
static void
show_renewal(struct cli *c, const json_t *renewal)
{
	const json_t *window = json_obj(renewal, "window");
	const char *why = json_str(renewal, "explanation_url");
	const json_t *fault = json_obj(renewal, "fault");

	show_time(c, "CA's window", window, "start");
	show_time(c, "until", window, "end");
	if (why[0] != '\0')
		cli_field(&c->out, "CA explains", "%s", why);
	if (fault != NULL)
		cli_field(&c->out, "CA not heard", "%s %s",
		    json_str(fault, "code"), json_str(fault, "text"));
}

void
cli_domain_show(struct cli *c, const json_t *domain)
{
	char unicode[HOST_TEXT_SIZE];
	const char *host = json_str(domain, "host");
	const json_t *certificate = json_obj(domain, "certificate");
	cli_field(&c->out, "Host", "%s", host);
	host_display(slice_str(host), unicode);
	if (strcmp(unicode, host) != 0)
		cli_field(&c->out, "In letters", "%s", unicode);
	cli_field(&c->out, "App", "%s", json_str(domain, "app"));
	cli_field(&c->out, "Status", "%s", json_str(domain, "status"));
	show_time(c, "Since", domain, "status_since");
	cli_field(&c->out, "DNS", "%s", json_str(domain, "dns"));
	show_time(c, "DNS checked", domain, "dns_checked_at");
	cli_field(&c->out, "Serving", "%s", json_str(domain, "serving"));
	show_time(c, "Expires", domain, "expires_at");
	show_time(c, "Renews", domain, "renews_at");
	show_renewal(c, json_obj(domain, "renewal"));
	show_time(c, "Next attempt", domain, "next_attempt_at");
	show_fault(c, json_obj(domain, "fault"));
	cli_domain_show_records(c, json_obj(domain, "records"));
	upload_show_fallback(c, json_obj(domain, "fallback"));
	cli_field(&c->out, "Automatic", "%s",
	    json_bool(domain, "automatic") ? "on" : "off");
	cli_field(&c->out, "CA", "%s", json_str(domain, "ca"));
	if (json_str(domain, "origin")[0] != '\0')
		cli_field(&c->out, "Origin", "%s", json_str(domain, "origin"));
	if (json_str(domain, "reference")[0] != '\0')
		cli_field(
		    &c->out, "Reference", "%s", json_str(domain, "reference"));
	cli_set_show(c, json_obj(domain, "set"));
	show_time(c, "Created", domain, "created_at");
	if (certificate != NULL)
		cli_field(&c->out, "Certificate", "number %lld by %s",
		    (long long)json_int(certificate, "number"),
		    json_str(certificate, "issuer"));
}

/* --- a look at DNS -------------------------------------------------------- */

static void
add_ttl(struct cli_table *t, const json_t *o, const char *key)
{
	const json_t *ttl = json_object_get(o, key);
	if (json_is_integer(ttl))
		cli_table_addf(t, "%lld", (long long)json_integer_value(ttl));
	else
		cli_table_add(t, NULL);
}

static void
add_resolver(struct cli_table *t, const json_t *r)
{
	cli_table_add(t, json_str(r, "resolver"));
	cli_table_add(t, json_str(r, "sees"));
}

/* One row for each record that a resolver knows; one when it knows none. */
static void
add_answer(struct cli_table *t, const json_t *r)
{
	const json_t *chain = json_obj(r, "chain");
	const json_t *addresses = json_obj(r, "addresses");
	size_t i;
	json_t *o;
	json_array_foreach(chain, i, o)
	{
		add_resolver(t, r);
		cli_table_addf(t, "CNAME %s", json_str(o, "name"));
		add_ttl(t, o, "ttl");
	}
	json_array_foreach(addresses, i, o)
	{
		add_resolver(t, r);
		cli_table_addf(t, "%s %s%s", json_str(o, "type"),
		    json_str(o, "address"),
		    json_bool(o, "ours") ? " (us)" : " (not us)");
		add_ttl(t, o, "ttl");
	}
	if (json_array_size(addresses) == 0) {
		add_resolver(t, r);
		cli_table_add(t, NULL);
		add_ttl(t, r, "denial_ttl");
	}
}

static void
show_resolvers(struct cli *c, const json_t *resolvers)
{
	static const char *const columns[] = {
	    "RESOLVER", "SEES", "RECORD", "TTL", NULL};
	struct cli_table t;
	size_t i;
	json_t *r;
	if (json_array_size(resolvers) == 0 || c->out.is_json)
		return;
	cli_table_init(&t, columns);
	json_array_foreach(resolvers, i, r) add_answer(&t, r);
	cli_table_show(&t, &c->out);
	cli_table_clear(&t);
}

static void
show_caa(struct cli *c, const json_t *caa)
{
	char text[CLI_FAULT_SIZE];
	size_t i;
	json_t *o;
	json_array_foreach(caa, i, o)
	{
		const json_t *fault = json_obj(o, "fault");
		const char *ca = json_str(o, "ca");
		const char *says = json_bool(o, "allowed")
				       ? "may issue"
				       : "the CA does not say who it is";
		if (fault != NULL)
			says = cli_fault_text(fault, text);
		if (ca[0] == '\0')
			ca = json_str(o, "directory");
		cli_field(&c->out, "CAA", "%s: %s", ca, says);
	}
}

void
cli_domain_show_diagnosis(struct cli *c, const json_t *diagnosis)
{
	const json_t *kept = json_object_get(diagnosis, "cached_for");
	const json_t *probe = json_obj(diagnosis, "probe");
	cli_field(&c->out, "Host", "%s", json_str(diagnosis, "host"));
	cli_field(&c->out, "Answer", "%s", json_str(diagnosis, "message"));
	show_time(c, "Looked", diagnosis, "checked_at");
	if (json_is_integer(kept))
		cli_field(&c->out, "Cached for", "%lld s at most",
		    (long long)json_integer_value(kept));
	if (probe != NULL)
		cli_field(&c->out, "Probe", "%s %s", json_str(probe, "address"),
		    json_bool(probe, "came_back") ? "leads here"
						  : json_str(probe, "text"));
	show_caa(c, json_obj(diagnosis, "caa"));
	cli_domain_show_records(c, json_obj(diagnosis, "records"));
	show_resolvers(c, json_obj(diagnosis, "resolvers"));
}

/* --- waiting -------------------------------------------------------------- */

static bool
is_status(const json_t *domain, const char *status)
{
	return strcmp(json_str(domain, "status"), status) == 0;
}

/* Without a fault there is nothing wrong yet, and so no code. */
static int
say_not_yet(struct cli *c, const json_t *domain)
{
	struct fault f = {.text = "no certificate yet"};
	const char *host = json_str(domain, "host");
	bool needs_person = is_status(domain, "Action required");
	if (json_obj(domain, "fault") != NULL)
		json_to_fault(json_obj(domain, "fault"), &f);
	else
		fault_action(
		    &f, "Look again with towpath domains info %s", host);
	fault_prefix(&f, "%s is %s", host, json_str(domain, "status"));
	cli_fault(&c->out, &f, NULL);
	return needs_person ? CLI_REFUSED : CLI_NOT_YET;
}

int
cli_domain_wait(struct cli *c, const char *host, int64_t seconds)
{
	int64_t until = clock_mono_ms() + seconds * 1000;
	double pause = POLL_FIRST;
	for (;;) {
		struct client_answer a;
		int status = cli_ask(
		    c, "GET", client_path("domains", host, NULL), NULL, &a);
		if (status != CLI_DONE)
			return status;
		bool is_there = is_status(a.body, "In use") ||
				is_status(a.body, "Not used");
		if (is_there) {
			cli_say(&c->out, "%s: %s", host,
			    json_str(a.body, "status"));
			cli_json(&c->out, a.body);
		} else if (is_status(a.body, "Action required") ||
			   clock_mono_ms() >= until) {
			status = say_not_yet(c, a.body);
		}
		client_answer_clear(&a);
		if (is_there || status != CLI_DONE)
			return status;
		cli_sleep(c, pause);
		pause = pause * 2 < POLL_MAX ? pause * 2 : POLL_MAX;
	}
}
