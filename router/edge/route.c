/*
 * Policy: what becomes of a request, in the order of INTERFACE.md, section 5:
 * what is reserved, whose host it is, whether this connection may ask for it,
 * what the app says, and then on to a backend.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "certs/echo.h"
#include "router/edge/challenge.h"
#include "router/edge/client_rate.h"
#include "router/edge/exchange.h"
#include "router/edge/site_certificate.h"

#define RESERVED_PATH ECHO_PATH

static struct slice
path_of(struct slice target)
{
	return (struct slice){target.p, slice_find(target, '?')};
}

/* --- reserved on every host ----------------------------------------------- */

/* False: not ours, the app's. */
static bool
answer_challenge(struct exchange *ex, struct slice path)
{
	struct slice token = slice_from(path, strlen(CHALLENGE_PATH)), answer;
	enum err e = challenge_answer(ex->w->db, token, &ex->arena, &answer);

	if (e == ERR_NOT_FOUND)
		return false;
	ex->rule = "challenge";
	if (e == ERR_OK)
		exchange_text(ex, 200, answer);
	else
		exchange_fail(ex, CODE_H99, 0); /* the CA asks again */
	return true;
}

/* Control asks whether a name comes to us through somebody else. */
static void
answer_echo(struct exchange *ex, struct slice nonce)
{
	struct ticket_master masters[2];
	char answer[ECHO_SIZE];

	if (shared_masters(ex->w->shared, masters) == ERR_OK &&
	    echo_answer(&masters[0], nonce, answer) != NULL)
		exchange_text(
		    ex, 200, arena_copy(&ex->arena, slice_str(answer)));
	else
		exchange_fail(ex, CODE_H99, 0);
	explicit_bzero(masters, sizeof(masters));
}

static void
answer_reserved(struct exchange *ex, struct slice path)
{
	struct slice name = slice_from(path, strlen(RESERVED_PATH));

	ex->rule = "reserved";
	if (echo_is_nonce(name))
		answer_echo(ex, name);
	else if (!slice_eq(name, SLICE("ready")))
		exchange_text(ex, 404, SLICE("not found\n"));
	else if (ex->w->is_draining && !ex->w->is_replaced)
		exchange_text(ex, 503, SLICE("draining\n"));
	else
		exchange_text(ex, 200, SLICE("ready\n"));
}

static bool
is_reserved(struct exchange *ex)
{
	struct slice path = path_of(ex->request.target);

	if (slice_starts_with(path, SLICE(CHALLENGE_PATH)))
		return answer_challenge(ex, path);
	if (!slice_starts_with(path, SLICE(RESERVED_PATH)))
		return false;
	answer_reserved(ex, path);
	return true;
}

/* --- whose it is ---------------------------------------------------------- */

/* The request's host needs the certificate that the connection's SNI has now:
 * else a connection to one customer could carry requests for another. */
static bool
is_covered(struct exchange *ex)
{
	struct slice host = slice_str(ex->host);
	struct worker *w = ex->w;
	struct tls_certificate *t;
	struct site *sni;
	bool covers;

	if (ex->client->site == NULL ||
	    slice_eq(host, slice_str(ex->client->site->host)))
		return true;
	if (site_get(&w->sites, slice_str(ex->client->site->host), &sni) !=
	    ERR_OK)
		return false;
	t = site_certificate(w->certificates, sni, clock_now());
	covers = t != NULL && tls_certificate_covers(t, host);
	tls_certificate_unref(t);
	site_unref(sni);
	return covers;
}

/* Fills in site and app.  False: failed already. */
static bool
find_app(struct exchange *ex)
{
	struct worker *w = ex->w;
	enum err e = site_get(&w->sites, slice_str(ex->host), &ex->site);

	if (e != ERR_OK) {
		exchange_fail(ex, CODE_H99, 0);
		return false;
	}
	if (!ex->site->is_known) {
		exchange_fail(ex, CODE_T10, 0);
		return false;
	}
	if (!is_covered(ex)) {
		exchange_fail(ex, CODE_H31, 0);
		return false;
	}
	e = app_get(&w->apps, slice_str(ex->site->app), &ex->app);
	if (e != ERR_OK) {
		exchange_fail(ex, e == ERR_NOT_FOUND ? CODE_T10 : CODE_H99, 0);
		return false;
	}
	ex->app->tally->traffic.active++;
	site_count(ex->site, clock_now());
	return true;
}

/* --- what the app says ---------------------------------------------------- */

static void
redirect(struct exchange *ex, const char *rule, bool is_https, const char *host)
{
	const struct request *r = &ex->request;
	bool is_safe = slice_eq(r->method, SLICE("GET")) ||
		       slice_eq(r->method, SLICE("HEAD"));
	struct slice location = arena_printf(&ex->arena, "%s://%s%" SLICE_FMT,
	    is_https ? "https" : "http", host, SLICE_ARG(r->target));

	ex->rule = rule;
	if (location.p == NULL)
		exchange_fail(ex, CODE_H99, 0);
	else /* 308 keeps the method, which old clients do not know */
		exchange_redirect(ex, is_safe ? 301 : 308, location);
}

static bool
asks_too_often(struct exchange *ex)
{
	ex->retry_after_s = client_rate_wait(ex->w->limits,
	    slice_str(ex->app->name), ex->forwarded.client, &ex->app->set.rate);
	return ex->retry_after_s > 0;
}

/* The app's own rules.  True: answered. */
static bool
is_answered(struct exchange *ex)
{
	const struct app_policy *set = &ex->app->set;

	if (!app_policy_admits(set, ex->forwarded.client))
		exchange_fail(ex, CODE_T12, 0);
	else if (asks_too_often(ex))
		exchange_fail(ex, CODE_T11, 0);
	else if (set->maintenance)
		exchange_fail(ex, CODE_H80, 0);
	else if (set->canonical_host[0] != '\0' &&
		 strcmp(set->canonical_host, ex->host) != 0)
		redirect(ex, "canonical_host",
		    set->force_https || ex->forwarded.is_https,
		    set->canonical_host);
	else if (set->force_https && !ex->forwarded.is_https)
		redirect(ex, "force_https", true, ex->host);
	else if (set->max_body > 0 &&
		 ex->request.content_length > set->max_body)
		exchange_refuse(ex, 413, "body too large");
	else if (set->max_headers > 0 &&
		 headers_head_size(&ex->request) > set->max_headers)
		exchange_refuse(ex, 431, "head too large");
	else
		return false;
	return true;
}

/* Past the rules: on to a backend. */
static void
forward(struct exchange *ex)
{
	struct headers h = {0};

	if (ex->app->authority[0] != '\0')
		ex->forwarded.host =
		    arena_copy(&ex->arena, slice_str(ex->app->authority));
	if (ex->forwarded.host.p != NULL)
		h = headers_to_backend(&ex->arena, &ex->request,
		    &ex->client->origin, &ex->forwarded, ex->request_id,
		    ex->began_ms);
	if (h.items != NULL)
		h = headers_ruled(
		    &ex->arena, &h, &ex->app->set.request_headers);
	ex->to_backend = h;
	if (h.items == NULL)
		exchange_refuse(ex, 431, "head too large");
	else
		exchange_try(ex);
}

void
route(struct exchange *ex)
{
	const struct request *r = &ex->request;

	if (slice_eq(r->method, SLICE("CONNECT"))) {
		exchange_refuse(ex, 400, "no CONNECT here");
		return;
	}
	if (is_reserved(ex))
		return;
	if (host_canonical(r->host, ex->host) != ERR_OK) {
		exchange_refuse(ex, 400, "bad host");
		return;
	}
	if (r->expects_other) {
		exchange_refuse(ex, 417, "unknown expectation");
		return;
	}
	if (find_app(ex) && !is_answered(ex))
		forward(ex);
}
