#include "router/control/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fetch.h"
#include "base/host.h"
#include "base/map.h"
#include "base/mem.h"
#include "certs/echo.h"
#include "router/control/control.h"

#define TIMEOUT_MS    6000
#define CONNECT_MS    3000
#define REDIRECTS     3 /* as CAs follow them */
#define BODY_MAX      4096
#define HTTP_PORT     80
#define SERVER_MAX    40 /* of the header, in a sentence */
#define REMEMBER_MAX  1024
#define REMEMBER_MIN  INT64_C(1)
#define SERVER_ERRORS 500
#define NAME_SIZE     (HOST_SIZE + 16)
#define URL_SIZE      (NAME_SIZE + 80)

/* What came of a name's last probe. */
struct memory {
	char name[NAME_SIZE];
	struct addr addresses[REACH_PROBES_MAX];
	size_t n;
	int64_t at;
	struct reach_probe outcome;
};

struct probes {
	struct control *control;
	struct map by_name;
	struct memory ring[REMEMBER_MAX];
	size_t next;
};

/* The request to one address. */
struct asked {
	struct probe *probe;
	struct fetch_call *call; /* NULL: it has ended */
	bool came_back, is_reached, is_answered;
	char text[sizeof(((struct reach_probe *)0)->text)];
};

struct probe {
	struct probes *all;
	char name[NAME_SIZE];
	char nonce[ECHO_NONCE_SIZE];
	struct addr addresses[REACH_PROBES_MAX];
	struct asked asked[REACH_PROBES_MAX];
	size_t n, n_open;
	probe_done *done;
	void *ctx;
};

/* --- memory --------------------------------------------------------------- */

struct probes *
probes_new(struct control *c)
{
	struct probes *p = xcalloc(1, sizeof(*p));

	p->control = c;
	map_init(&p->by_name, REMEMBER_MAX);
	return p;
}

void
probes_free(struct probes *p)
{
	if (p == NULL)
		return;
	map_clear(&p->by_name);
	free(p);
}

static bool
same(const struct memory *m, const struct addr *addresses, size_t n)
{
	for (size_t i = 0; i < n && i < m->n; i++)
		if (!addr_eq_ip(&m->addresses[i], &addresses[i]))
			return false;
	return m->n == n;
}

const struct reach_probe *
probes_recall(
    struct probes *p, const char *name, const struct addr *addresses, size_t n)
{
	const struct memory *m = map_get(&p->by_name, slice_str(name));
	int64_t keep_s = p->control->config.dns.check_interval_ms / 1000;
	int64_t now = clock_now();

	if (keep_s < REMEMBER_MIN)
		keep_s = REMEMBER_MIN;
	if (m == NULL || now < m->at || now >= m->at + keep_s ||
	    !same(m, addresses, n))
		return NULL;
	return &m->outcome;
}

static void
remember(struct probe *pr, const struct reach_probe *outcome)
{
	struct probes *p = pr->all;
	struct memory *m = map_get(&p->by_name, slice_str(pr->name));

	if (m == NULL) {
		m = &p->ring[p->next++ % REMEMBER_MAX];
		map_remove(&p->by_name, slice_str(m->name));
		(void)snprintf(m->name, sizeof(m->name), "%s", pr->name);
		(void)map_put(&p->by_name, slice_str(m->name), m);
	}
	memcpy(m->addresses, pr->addresses, sizeof(m->addresses));
	m->n = pr->n;
	m->at = clock_now();
	m->outcome = *outcome;
}

/* --- what came ------------------------------------------------------------ */

static bool
is_ours(const struct probe *pr, struct slice body)
{
	struct ticket_master masters[2];
	char answer[ECHO_SIZE];
	bool is = false;

	body = slice_trim(body);
	if (shared_masters(pr->all->control->shared, masters) == ERR_OK)
		for (size_t i = 0; i < COUNT_OF(masters); i++)
			is |= masters[i].made_at != 0 &&
			      echo_answer(&masters[i], slice_str(pr->nonce),
				  answer) != NULL &&
			      slice_eq(body, slice_str(answer));
	explicit_bzero(masters, sizeof(masters));
	return is;
}

/* " (nginx)": who says it is, as far as that can be printed. */
static void
name_server(const struct fetch_response *r, char out[SERVER_MAX + 4])
{
	const char *server = r->header(r, "Server");
	size_t n = 0;

	out[0] = '\0';
	if (server == NULL || server[0] == '\0')
		return;
	out[n++] = ' ';
	out[n++] = '(';
	for (; *server != '\0' && n < SERVER_MAX + 2; server++)
		out[n++] = *server > ' ' && *server < 127 ? *server : '_';
	out[n++] = ')';
	out[n] = '\0';
}

static void
judge(struct asked *a, enum err e, const struct fetch_response *r)
{
	char server[SERVER_MAX + 4];

	a->is_reached = r->status != 0;
	a->is_answered = a->is_reached && r->status < SERVER_ERRORS;
	a->came_back =
	    e == ERR_OK && r->status == 200 && is_ours(a->probe, r->body);
	name_server(r, server);
	if (r->status == 200)
		(void)snprintf(a->text, sizeof(a->text),
		    "answers with a page of its own%s", server);
	else if (a->is_reached)
		(void)snprintf(a->text, sizeof(a->text),
		    "answers with status %d%s", r->status, server);
	else if (e == ERR_DENIED)
		(void)snprintf(a->text, sizeof(a->text),
		    "is not an address on the Internet");
	else
		(void)snprintf(a->text, sizeof(a->text),
		    e == ERR_TIMEOUT ? "does not answer in time"
				     : "does not answer");
}

/*
 * It leads to us when one way does and no other leads elsewhere.  A way that
 * is closed counts against it by IPv4; by IPv6 it may be us who have none.
 */
static void
conclude(const struct probe *pr, struct reach_probe *out)
{
	const struct asked *told = NULL, *good = NULL;
	size_t at;

	*out = (struct reach_probe){0};
	for (size_t i = 0; i < pr->n; i++) {
		const struct asked *a = &pr->asked[i];
		bool is_ipv6 = pr->addresses[i].u.sa.sa_family == AF_INET6;

		out->is_answered |= a->is_answered;
		if (a->came_back)
			good = good == NULL ? a : good;
		else if (told == NULL && (a->is_reached || !is_ipv6))
			told = a;
	}
	out->came_back = good != NULL && told == NULL;
	if (told == NULL)
		told = good == NULL ? &pr->asked[0] : good;
	at = (size_t)(told - pr->asked);
	addr_format_ip(&pr->addresses[at], out->address);
	(void)snprintf(out->text, sizeof(out->text), "%s", told->text);
}

static void
on_fetched(void *ctx, enum err e, const struct fetch_response *r,
    const struct fault *f)
{
	struct asked *a = ctx;
	struct probe *pr = a->probe;
	struct reach_probe outcome;

	(void)f;
	a->call = NULL;
	judge(a, e, r);
	if (--pr->n_open > 0)
		return;
	conclude(pr, &outcome);
	remember(pr, &outcome);
	pr->done(pr->ctx, &outcome);
	free(pr);
}

/* --- asking --------------------------------------------------------------- */

static void
ask(struct probe *pr, size_t i)
{
	const struct control *c = pr->all->control;
	const struct config_networks *allowed =
	    &c->config.control.webhook_networks;
	int port = (int)c->config.dns.probe_port;
	char url[URL_SIZE], shown[16] = "";
	struct fetch_request request = {
	    .method = "GET",
	    .url = url,
	    .timeout_ms = TIMEOUT_MS,
	    .connect_timeout_ms = CONNECT_MS,
	    .body_max = BODY_MAX,
	    .redirects_max = REDIRECTS,
	    .guarded = true,
	    .allowed = allowed->items,
	    .n_allowed = allowed->n,
	    .via = &pr->addresses[i], /* also where it redirects to */
	    .unverified = true,       /* as CAs do: nothing is secret */
	    .done = on_fetched,
	    .ctx = &pr->asked[i],
	};

	if (port != HTTP_PORT)
		(void)snprintf(shown, sizeof(shown), ":%d", port);
	(void)snprintf(url, sizeof(url), "http://%s%s" ECHO_PATH "%s", pr->name,
	    shown, pr->nonce);
	pr->asked[i].probe = pr;
	pr->asked[i].call = fetch_start(c->fetch, &request);
}

struct probe *
probe_start(struct probes *p, const char *name, const struct addr *addresses,
    size_t n, probe_done *done, void *ctx)
{
	struct probe *pr = xcalloc(1, sizeof(*pr));

	pr->all = p;
	pr->done = done;
	pr->ctx = ctx;
	pr->n = pr->n_open = n < REACH_PROBES_MAX ? n : REACH_PROBES_MAX;
	(void)snprintf(pr->name, sizeof(pr->name), "%s", name);
	memcpy(pr->addresses, addresses, pr->n * sizeof(*addresses));
	echo_nonce(pr->nonce);
	for (size_t i = 0; i < pr->n; i++)
		ask(pr, i);
	return pr;
}

void
probe_cancel(struct probe *pr)
{
	if (pr == NULL)
		return;
	for (size_t i = 0; i < pr->n; i++)
		if (pr->asked[i].call != NULL)
			fetch_cancel(pr->asked[i].call);
	free(pr);
}
