#include "admin-tui/commands.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin-tui/cli_run.h"
#include "base/buf.h"
#include "base/mem.h"

#define APP                                                                    \
	{                                                                      \
		"app", 'a', NULL, "APP", "of this app only"                    \
	}
#define TO_APP                                                                 \
	{                                                                      \
		"app", 'a', NULL, "APP", "the app it belongs to"               \
	}
#define WAIT                                                                   \
	{                                                                      \
		"wait", 0, NULL, "[S]", "until done, at most S seconds (300)"  \
	}
#define CONFIRM                                                                \
	{                                                                      \
		"confirm", 'c', NULL, "NAME", "the name again: do not ask"     \
	}
#define END                                                                    \
	{                                                                      \
		NULL, 0, NULL, NULL, NULL                                      \
	}

#define UPLOAD                                                                 \
	{"cert", 0, NULL, "FILE", "a file with the certificate"},              \
	    {"chain", 0, NULL, "FILE", "a file with intermediates"},           \
	    {"key", 0, NULL, "FILE", "a file with the private key"},           \
	    {"bypass", 0, NULL, NULL, "serve the chain exactly as given"},     \
	    {"complete", 0, NULL, NULL,                                        \
		"fetch missing intermediates from their authority"},           \
	{                                                                      \
		"passphrase-file", 0, NULL, "FILE",                            \
		    "the passphrase of an encrypted key or PKCS#12"            \
	}
#define DRY_RUN                                                                \
	{                                                                      \
		"dry-run", 0, NULL, NULL, "only say what would change"         \
	}

static const struct command_option apps_create_options[] = {
    {"backend", 0, NULL, "BACKEND", "where it runs; may be repeated"}, END};
static const struct command_option confirm_options[] = {CONFIRM, END};
static const struct command_option wait_options[] = {WAIT, END};
static const struct command_option app_options[] = {APP, END};
static const struct command_option domains_options[] = {APP,
    {"status", 0, NULL, "STATUS", "in this status only, e.g. \"In use\""},
    {"problems", 0, NULL, NULL, "only those with a fault"}, END};
static const struct command_option domains_add_options[] = {TO_APP, WAIT,
    {"set-dns", 0, NULL, NULL, "make its records at the DNS provider"},
    {"repair-caa", 0, NULL, NULL,
	"with --set-dns: also let our CA issue, where CAA forbids it"},
    CONFIRM, UPLOAD, END};
static const struct command_option set_dns_options[] = {
    {"repair-caa", 0, NULL, NULL,
	"also let our CA issue, where CAA forbids it"},
    DRY_RUN, CONFIRM, END};
static const struct command_option challenge_options[] = {
    {"done", 0, NULL, NULL, "a challenge is served: let the CA look now"},
    {"type", 0, NULL, "TYPE",
	"http-01 or dns-01: the one, when it cannot be seen from here"},
    WAIT, END};
static const struct command_option upload_options[] = {
    {"app", 'a', NULL, "APP",
	"every domain of APP that the certificate covers"},
    UPLOAD, DRY_RUN, END};
static const struct command_option rollback_options[] = {
    {"to", 0, NULL, "N", "the certificate of this number of the history"}, END};
static const struct command_option certs_remove_options[] = {
    {"force", 0, NULL, NULL, "also when no automatic certificate is ready"},
    END};
static const struct command_option order_options[] = {
    {"no-auto-renew", 0, NULL, NULL,
	"do not renew it: each name gets one of its own in time"},
    WAIT, END};
static const struct command_option revoke_options[] = {
    {"reason", 0, NULL, "REASON", "what the CA is told"},
    {"force", 0, NULL, NULL, "now, even if visitors are left without one"},
    WAIT, END};
static const struct command_option csr_options[] = {
    {"key-type", 0, NULL, "TYPE",
	"ecdsa-p256 (as default), ecdsa-p384, rsa-2048, rsa-3072, rsa-4096"},
    {"subject", 0, NULL, "DN", "as \"CN=www.example.com,O=Example\""},
    {"name", 0, NULL, "NAME", "another domain of the app; may be repeated"},
    {"all-domains", 0, NULL, NULL, "every domain of the app"}, END};
static const struct command_option export_options[] = {
    {"number", 0, NULL, "N", "of the history; else what is served"},
    {"with-key", 0, NULL, NULL, "the private key too; recorded as an event"},
    {"output", 'o', NULL, "FILE", "write there (mode 0600), not to stdout"},
    END};
static const struct command_option rollover_options[] = {
    {"ca", 0, NULL, "CA", "first (as default) or fallback"},
    {"new-account", 0, NULL, NULL, "give up the account and make another one"},
    END};
static const struct command_option events_options[] = {
    {"follow", 'f', "tail", NULL, "go on with new ones as they happen"},
    {"after", 0, NULL, "N", "those after number N"}, APP,
    {"host", 0, NULL, "HOST", "of this domain only"},
    {"name", 0, NULL, "NAME", "of this name, or as certificate.*"}, END};
static const struct command_option logs_options[] = {
    {"follow", 'f', "tail", NULL, "go on with new ones as they come"},
    {"lines", 'n', NULL, "N", "begin with the last N in memory (100)"}, APP,
    {"host", 0, NULL, "HOST", "of this host only"},
    {"code", 0, NULL, "CODE", "with this router code only, as H12"},
    {"status", 0, NULL, "STATUS", "with this status only, as 404 or 5xx"}, END};
static const struct command_option import_options[] = {
    {"dry-run", 0, NULL, NULL,
	"only say what could be taken, each line by itself"},
    END};
static const struct command_option status_options[] = {
    {"check", 0, NULL, NULL, "one line; exit 1 when a person is needed"}, END};
static const struct command_option help_options[] = {
    {"man", 0, NULL, NULL, ""}, END};

const struct command_option command_globals[] = {
    {"server", 's', NULL, "SERVER",
	"a socket's path, https://HOST or ssh://HOST"},
    {"json", 'j', NULL, NULL, "print the API's JSON"},
    {"read-only", 0, NULL, NULL, "refuse whatever would change something"},
    {"help", 'h', NULL, NULL, "help of the command"},
    {"version", 'V', NULL, NULL, "print the version"},
    END,
};

#define BACKEND_FORMS                                                          \
	"BACKEND is HOST:PORT, [IPv6]:PORT or unix:/PATH, with h2c:// or "     \
	"https:// in front for another protocol, and *N behind for a weight."

#define SETTINGS                                                               \
	"KEY= puts the default back, which [defaults] of towpath.conf may "    \
	"say. Times are 500ms, 30s, 5m, 1h, sizes 64k, 75M. A list may be "    \
	"given as several KEY=VALUE. A page is a FILE, or a URL that is "      \
	"fetched now and every day; {{code}} and {{request_id}} in it are "    \
	"filled in. A header rule is \"NAME: VALUE\" to set, \"+NAME: "        \
	"VALUE\" "                                                             \
	"to add and \"-NAME\" to remove. The keys:"

const struct command commands[] = {
    {"apps", "", NULL, COMMAND_READS, "read", "list the apps", NULL,
	cli_apps_list},
    {"apps create", "NAME", apps_create_options, COMMAND_CHANGES, "apps",
	"a new app, with the backends it runs on",
	"NAME is a DNS label. " BACKEND_FORMS, cli_apps_create},
    {"apps info", "NAME", NULL, COMMAND_READS, "read",
	"an app, its settings and backends", NULL, cli_apps_info},
    {"apps set", "NAME KEY=VALUE...", NULL, COMMAND_CHANGES, "apps",
	"change settings of an app", SETTINGS, cli_apps_set},
    {"apps destroy", "NAME", confirm_options, COMMAND_DESTROYS, "apps",
	"remove an app with its backends", NULL, cli_apps_destroy},

    {"backends", "[APP]", NULL, COMMAND_READS, "read",
	"list backends and how they are", NULL, cli_backends_list},
    {"backends add", "APP BACKEND...", NULL, COMMAND_CHANGES, "apps",
	"send requests there too", BACKEND_FORMS, cli_backends_add},
    {"backends remove", "APP BACKEND...", NULL, COMMAND_CHANGES, "apps",
	"send no request there any more", NULL, cli_backends_remove},
    {"backends set", "APP BACKEND...", NULL, COMMAND_CHANGES, "apps",
	"exactly these from now on; what leaves is drained", BACKEND_FORMS,
	cli_backends_set},
    {"backends drain", "APP BACKEND", NULL, COMMAND_CHANGES, "apps",
	"no new requests; open ones go on", NULL, cli_backends_drain},
    {"backends resume", "APP BACKEND", NULL, COMMAND_CHANGES, "apps",
	"new requests again, after a drain", NULL, cli_backends_resume},

    {"domains", "", domains_options, COMMAND_READS, "read",
	"list domains: status, DNS, what is served, faults", NULL,
	cli_domains_list},
    {"domains add", "HOST [FILE...]", domains_add_options, COMMAND_CHANGES,
	"domains", "serve a host; prints the DNS records to set",
	"With FILEs, a certificate is installed in the same step (see certs "
	"add): both or neither. HOST may be *.example.com.",
	cli_domains_add},
    {"domains info", "HOST", NULL, COMMAND_READS, "read",
	"a domain: status, fault, records to set", NULL, cli_domains_info},
    {"domains check", "HOST", wait_options, COMMAND_CHANGES, "domains",
	"look now whether a host reaches us; exit 1 when not",
	"Works for a host that was not added yet, too. Shows what each "
	"resolver sees (us, elsewhere, both, nothing, or why it fails) with "
	"the seconds that it keeps each record, how long caches keep the old "
	"answer at most, what answers behind addresses that are not ours, "
	"whether CAA lets each CA issue, and the records to set.",
	cli_domains_check},
    {"domains set", "HOST KEY=VALUE...", NULL, COMMAND_CHANGES, "domains",
	"change a domain: app, origin, automatic, ca, reference",
	"KEY= puts the default back. automatic is on or off. ca is first, "
	"fallback ([acme.fallback] of towpath.conf) or auto: the first that "
	"will issue. With an origin "
	"(https://HOST or as a BACKEND is written) its requests go there by "
	"the app's rules; HOST then is what the origin is asked for.",
	cli_domains_set},
    {"domains set-dns", "HOST", set_dns_options, COMMAND_CHANGES, "domains",
	"make the records that lead a host here at the DNS provider",
	"Where [dns] provider of towpath.conf serves the zone. Shows the "
	"changes first, and asks; without a terminal it wants --confirm HOST. "
	"No other record is touched.",
	cli_domains_set_dns},
    {"domains challenge", "HOST", challenge_options, COMMAND_CHANGES, "certs",
	"order now, before DNS moves; shows what a CA will look for",
	"Serve one of the challenges elsewhere: the answer at the URL, or the "
	"TXT record. The CA is told as soon as it can be seen from here, or "
	"by --done, and the certificate is there before the name leads here.",
	cli_domains_challenge},
    {"domains remove", "HOST", confirm_options, COMMAND_DESTROYS, "domains",
	"serve a host no more",
	"Its certificates are kept until they expire: added again, the "
	"domain has them back.",
	cli_domains_remove},

    {"certs", "", app_options, COMMAND_READS, "read",
	"list what is served: name, issuer, expiry, trust", NULL,
	cli_certs_list},
    {"certs add", "HOST|--app=APP [FILE...]", upload_options, COMMAND_CHANGES,
	"certs", "install a custom certificate; refused where one is",
	"FILEs are any mix of PEM, DER and PKCS#12 in any order; - is "
	"standard input. They are recognised by content.",
	cli_certs_add},
    {"certs update", "HOST|--app=APP [FILE...]", upload_options,
	COMMAND_CHANGES, "certs", "install a custom certificate, or replace it",
	"As certs add; with only a certificate it keeps the existing key.",
	cli_certs_update},
    {"certs info", "HOST", NULL, COMMAND_READS, "read",
	"the certificate that visitors of a host get", NULL, cli_certs_info},
    {"certs history", "HOST", NULL, COMMAND_READS, "read",
	"every certificate a host had, with its number", NULL,
	cli_certs_history},
    {"certs rollback", "HOST", rollback_options, COMMAND_CHANGES, "certs",
	"back to the custom certificate before this one",
	"Each time one further back; --to any that is still valid, also "
	"forward. After certs remove: the removed one.",
	cli_certs_rollback},
    {"certs remove", "HOST", certs_remove_options, COMMAND_CHANGES, "certs",
	"back to the automatic certificate",
	"Refused while no automatic certificate is ready.", cli_certs_remove},
    {"certs renew", "HOST", wait_options, COMMAND_CHANGES, "certs",
	"order a new automatic certificate now",
	"Five times in 24 hours for a name at most (A32), and not while the "
	"certificate authority's limits are used up (A30); `towpath acme` "
	"shows them.",
	cli_certs_renew},
    {"certs order", "HOST...", order_options, COMMAND_CHANGES, "certs",
	"order one automatic certificate for several domains",
	"It is ordered once all of them reach us, put in the automatic slot of "
	"each at once, and renewed as one. A domain that is removed, goes to "
	"another app, no longer reaches us or fails its validation leaves the "
	"certificate and goes on alone, as the others do when it is refused "
	"and nobody is to blame. One certificate for each name is the default "
	"because one failed name fails the whole order: no neighbour waits. "
	"With one HOST: its own certificate again.",
	cli_certs_order},
    {"certs revoke", "HOST", revoke_options, COMMAND_CHANGES, "certs",
	"a lost key: replace the automatic certificate, revoke it",
	"A new certificate with a new key is ordered first; as soon as it is "
	"in use the old one is never served again, and its CA revokes it. "
	"Refused while no new one can be had, unless forced. REASON is "
	"key-compromise (as default), superseded, affiliation-changed, "
	"cessation-of-operation or unspecified.",
	cli_certs_revoke},
    {"certs csr", "HOST", csr_options, COMMAND_CHANGES, "certs",
	"make a key here and print a request for it",
	"The key never leaves towpath. Give the signed certificate to certs "
	"add, alone: its key is found, whichever domain of the app it is "
	"for.",
	cli_certs_csr},
    {"certs requests", "HOST", NULL, COMMAND_READS, "read",
	"requests whose certificate has not come yet", NULL,
	cli_certs_requests},
    {"certs forget", "HOST NUMBER", NULL, COMMAND_CHANGES, "certs",
	"forget a request of certs csr, and its key", NULL, cli_certs_forget},
    {"certs export", "HOST", export_options, COMMAND_READS, "keys:export",
	"write out a certificate with its chain, and its key if asked",
	"A private key is never written to a terminal.", cli_certs_export},

    {"acme", "", NULL, COMMAND_READS, "read",
	"the CA account, budgets, orders under way, renewals", NULL, cli_acme},
    {"acme rollover", "", rollover_options, COMMAND_CHANGES, "admin",
	"give the account with a CA another key",
	"For a key that may be known to others, or is simply old. Orders under "
	"way are waited for; domains, certificates and the account itself stay "
	"as they are. With --new-account it is given up for another one, as "
	"when the CA has deactivated it.",
	cli_acme_rollover},
    {"events", "", events_options, COMMAND_READS, "read",
	"what happened, oldest first", NULL, cli_events},
    {"logs", "", logs_options, COMMAND_READS, "logs",
	"the last router lines, whatever access_log says",
	"They are kept in memory, some hundreds by each worker. What could "
	"not be shown in time is counted.",
	cli_logs},
    {"explain", "HOST|REQUEST-ID", NULL, COMMAND_READS, "read",
	"the whole story of a host, or of a request",
	"Of a HOST: what DNS says, the orders for a certificate with the "
	"certificate authority's own words, what visitors get and why, what "
	"stands by, what happened and what comes next. Of a host that is no "
	"domain: what DNS shows now, who would answer, and what to type. "
	"REQUEST-ID is the X-Request-Id of an answer, and in router lines; "
	"what was decided for it is told (a token needs the scope logs). "
	"Some hundreds are remembered.",
	cli_explain},
    {"import", "FILE", import_options, COMMAND_CHANGES, "admin",
	"take apps, domains and certificates from JSON lines",
	"A line is {\"type\": \"app\", \"name\", \"backends\", "
	"\"settings\"}, {\"type\": \"domain\", \"host\", \"app\"} or "
	"{\"type\": \"certificate\", \"host\", \"certificate\", \"chain\", "
	"\"private_key\"}, in an order in which each can be taken. "
	"Each line is taken or refused on its own; refused ones are told with "
	"their number, and then the exit status is 1.",
	cli_import},
    {"status", "", status_options, COMMAND_READS, "read",
	"how everything is, on one screen", NULL, cli_status},
    {"stats", "", app_options, COMMAND_READS, "read",
	"traffic of all apps, or of one with its backends",
	"Rates are of the last minute, latencies of the last one to two.",
	cli_stats},
    {"console", "[HOST]", NULL, COMMAND_READS, "read",
	"the full-screen console, at HOST if given", NULL, cli_console},
    {"help", "[COMMAND|CODE...]", help_options, COMMAND_LOCAL, "",
	"this list, a command, or what a fault code means", NULL, cli_help},
    {"completion", "bash|zsh", NULL, COMMAND_LOCAL, "",
	"print a completion script for the shell", NULL, cli_completion},
    {NULL, NULL, NULL, COMMAND_LOCAL, NULL, NULL, NULL, NULL},
};

const struct command *
command_find(struct slice words)
{
	for (const struct command *c = commands; c->words != NULL; c++)
		if (slice_eq(slice_str(c->words), words))
			return c;
	return NULL;
}

/* "certs:add" and "certs-add" are "certs add". */
static const struct command *
find_joined(const char *word)
{
	char words[64];
	if (slice_to_str(slice_str(word), words, sizeof(words)) != ERR_OK)
		return NULL;
	size_t at = strcspn(words, ":-");
	if (words[at] == '\0')
		return NULL;
	words[at] = ' ';
	return command_find(slice_str(words));
}

const struct command *
command_match(char *const *words, size_t n, size_t *used)
{
	*used = 0;
	if (n >= 2) {
		char *both = xasprintf("%s %s", words[0], words[1]);
		const struct command *c = command_find(slice_str(both));
		free(both);
		if (c != NULL) {
			*used = 2;
			return c;
		}
	}
	if (n == 0)
		return NULL;
	const struct command *c = command_find(slice_str(words[0]));
	if (c == NULL)
		c = find_joined(words[0]);
	*used = c != NULL;
	return c;
}

static const struct command_option *
option_in(const struct command_option *list, struct slice name, char letter)
{
	for (const struct command_option *o = list;
	     o != NULL && o->name != NULL; o++) {
		if (letter != 0 ? o->letter == letter
				: slice_eq(slice_str(o->name), name) ||
				      (o->also != NULL &&
					  slice_eq(slice_str(o->also), name)))
			return o;
	}
	return NULL;
}

static const struct command_option *
option_of(const struct command *command, struct slice name, char letter)
{
	const struct command_option *o =
	    option_in(command_globals, name, letter);
	if (o != NULL)
		return o;
	if (command != NULL)
		return option_in(command->options, name, letter);
	for (const struct command *c = commands; c->words != NULL; c++) {
		o = option_in(c->options, name, letter);
		if (o != NULL)
			return o;
	}
	return NULL;
}

bool
command_takes_settings(const struct command *command)
{
	return command->run == cli_apps_set;
}

const struct command_option *
command_option(const struct command *command, struct slice name)
{
	return option_of(command, name, 0);
}

const struct command_option *
command_letter(const struct command *command, char letter)
{
	return option_of(command, SLICE(""), letter);
}

/* "HOST|--app=APP" shows that option already. */
static bool
stands_in_args(
    const struct command *command, const struct command_option *option)
{
	const char *at = strstr(command->args, "--");
	size_t n = strlen(option->name);
	return at != NULL && strncmp(at + 2, option->name, n) == 0;
}

char *
command_synopsis(const struct command *command, char out[COMMAND_SYNOPSIS_SIZE])
{
	struct buf b;
	buf_init(&b, COMMAND_SYNOPSIS_SIZE - 1);
	buf_add_str(&b, command->words);
	if (command->args[0] != '\0')
		buf_printf(&b, " %s", command->args);
	for (const struct command_option *o = command->options;
	     o != NULL && o->name != NULL; o++) {
		if (o->help[0] == '\0' || stands_in_args(command, o))
			continue;
		if (o->value == NULL)
			buf_printf(&b, " [--%s]", o->name);
		else if (o->value[0] == '[')
			buf_printf(&b, " [--%s[=%s]", o->name, o->value + 1);
		else
			buf_printf(&b, " [--%s %s]", o->name, o->value);
	}
	snprintf(out, COMMAND_SYNOPSIS_SIZE, "%" SLICE_FMT,
	    SLICE_ARG(buf_slice(&b)));
	buf_clear(&b);
	return out;
}
