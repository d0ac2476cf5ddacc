#include "admin-tui/ask.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

static const struct {
	struct ask_row row;
	const char *path; /* %s: the host, escaped */
} ask_table[ASK_KINDS] = {
    [ASK_DOMAIN] = {{"GET", NULL, NULL}, "/v1/domains/%s"},
    [ASK_HISTORY] = {{"GET", NULL, NULL}, "/v1/domains/%s/certificates"},
    [ASK_EVENTS] = {{"GET", NULL, NULL}, "/v1/events?limit=1000&host=%s"},
    [ASK_STORY] = {{"GET", NULL, NULL}, "/v1/explain/%s"},
    [ASK_CHECK] = {{"POST", "checking", "checked"}, "/v1/domains/%s/check"},
    [ASK_RENEW] = {{"POST", "ordering", "a new certificate is ordered"},
	"/v1/domains/%s/renew"},
    [ASK_ADD] = {{"POST", "adding", "added"}, "/v1/domains"},
    [ASK_REMOVE_DOMAIN] = {{"DELETE", "removing", "removed"}, "/v1/domains/%s"},
    [ASK_REMOVE_CERTIFICATE] = {{"DELETE", "removing the certificate",
				    "the custom certificate is removed"},
	"/v1/domains/%s/certificate"},
    [ASK_ROLL_BACK] = {{"POST", "rolling back", "rolled back"},
	"/v1/domains/%s/rollback"},
    [ASK_DRY_RUN] = {{"PUT", "checking the files", NULL},
	"/v1/domains/%s/certificate?dry_run=1"},
    [ASK_INSTALL] = {{"PUT", "installing", "the certificate is installed"},
	"/v1/domains/%s/certificate"},
};

const struct ask_row *
ask_row(enum ask_kind kind)
{
	return &ask_table[kind].row;
}

/* RFC 3986, 2.3: all but the unreserved. */
static void
escape(const char *s, char *out, size_t size)
{
	size_t n = 0;
	for (; *s != '\0' && n + 4 <= size; s++) {
		unsigned char c = (unsigned char)*s;
		bool is_plain =
		    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || strchr("-._~", c) != NULL;
		n += (size_t)snprintf(
		    out + n, size - n, is_plain ? "%c" : "%%%02X", c);
	}
	out[n] = '\0';
}

/* The table's paths have at most one "%s", which takes the host. */
static void
make_path(struct ask *a, const char *pattern)
{
	char host[3 * sizeof(a->host) + 1];
	const char *hole = strstr(pattern, "%s");
	if (hole == NULL) {
		snprintf(a->path, sizeof(a->path), "%s", pattern);
		return;
	}
	escape(a->host, host, sizeof(host));
	snprintf(a->path, sizeof(a->path), "%.*s%s%s", (int)(hole - pattern),
	    pattern, host, hole + 2);
}

struct ask *
ask_new(enum ask_kind kind, const char *host, char *body)
{
	struct ask *a = xcalloc(1, sizeof(*a));
	a->kind = kind;
	a->body = body;
	a->n_body = body == NULL ? 0 : strlen(body);
	snprintf(a->host, sizeof(a->host), "%s", host);
	make_path(a, ask_table[kind].path);
	return a;
}

struct ask *
ask_with(enum ask_kind kind, const char *host, json_t *body)
{
	struct ask *a = ask_new(kind, host, json_text(body));
	json_decref(body);
	return a;
}

void
ask_free(struct ask *a)
{
	if (a == NULL)
		return;
	secret_free(a->body, a->n_body);
	free(a);
}
