#include "base/fetch.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/ca_bundles.h"
#include "base/list.h"
#include "base/mem.h"

struct fetch {
	struct ev_loop *loop;
	CURLM *multi;
	ev_timer timer; /* curl's */
	ev_timer soon;  /* ours: what must not happen within a callback */
	struct list calls;
	struct ca_bundles *bundles;
	char *user_agent, *ca_file;
};

enum call_state {
	CALL_NEW,     /* not given to curl yet */
	CALL_RUNNING, /* curl has it */
	CALL_CANCELLED
};

struct fetch_call {
	struct list link;
	struct fetch *fetch;
	enum call_state state;
	CURL *easy;
	struct curl_slist *headers, *connect_to;
	struct buf body; /* of the response */
	fetch_done *done;
	fetch_data *data;
	void *ctx;
	bool is_local; /* to a Unix socket */
	bool is_too_big, is_denied;
	enum err broken; /* before it began, with fault */
	struct fault fault;
	bool guarded;
	struct network *allowed, *refused;
	size_t n_allowed, n_refused;
	char message[CURL_ERROR_SIZE];
};

/* --- one call ----------------------------------------------------------- */

static void
call_free(struct fetch_call *call)
{
	list_remove(&call->link);
	if (call->state != CALL_NEW)
		(void)curl_multi_remove_handle(call->fetch->multi, call->easy);
	curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	curl_slist_free_all(call->connect_to);
	buf_clear(&call->body);
	free(call->allowed);
	free(call->refused);
	free(call);
}

static enum err
error_of(const struct fetch_call *call, CURLcode code)
{
	if (call->broken != ERR_OK)
		return call->broken;
	if (call->is_too_big)
		return ERR_TOO_BIG;
	if (code == CURLE_OK)
		return ERR_OK;
	if (call->is_denied || code == CURLE_UNSUPPORTED_PROTOCOL)
		return ERR_DENIED;
	switch ((int)code) {
	case CURLE_OPERATION_TIMEDOUT:
		return ERR_TIMEOUT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_USE_SSL_FAILED:
		return ERR_TLS;
	default:
		return ERR_PEER;
	}
}

/* What curl said, or what we know better. */
static void
explain(struct fetch_call *call, enum err e, CURLcode code)
{
	enum fault_code fault =
	    call->is_local ? FAULT_P20_DAEMON_AWAY : FAULT_A11_CA_UNREACHABLE;

	if (e == ERR_OK || call->broken != ERR_OK)
		return;
	if (e == ERR_TOO_BIG)
		fault_set(&call->fault, fault, "the answer is too large");
	else if (call->is_denied)
		fault_set(&call->fault, fault,
		    "its address is not on the Internet, where alone this "
		    "request may go");
	else
		fault_set(&call->fault, fault, "%s",
		    call->message[0] != '\0' ? call->message
					     : curl_easy_strerror(code));
}

static const char *
find_header_at(const struct fetch_response *r, const char *name, size_t index)
{
	struct curl_header *h;

	if (curl_easy_header(r->priv, name, index, CURLH_HEADER, -1, &h) !=
	    CURLHE_OK)
		return NULL;
	return h->value;
}

static const char *
find_header(const struct fetch_response *r, const char *name)
{
	return find_header_at(r, name, 0);
}

/* Ends a call: tells its owner and frees it. */
static void
finish(struct fetch_call *call, CURLcode code)
{
	enum err e = error_of(call, code);
	struct fetch_response r = {.header = find_header,
	    .header_at = find_header_at,
	    .priv = call->easy};
	long status = 0;

	explain(call, e, code);
	(void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	r.status = (int)status;
	r.body = buf_slice(&call->body);
	if (call->done != NULL)
		call->done(call->ctx, e, &r, &call->fault);
	call_free(call);
}

/* --- curl's callbacks for one call -------------------------------------- */

static size_t
on_data(char *bytes, size_t one, size_t n, void *ctx)
{
	struct fetch_call *call = ctx;

	(void)one; /* is 1, says curl's manual */
	if (call->state == CALL_CANCELLED)
		return CURL_WRITEFUNC_ERROR;
	if (call->data != NULL) {
		call->data(call->ctx, slice_of(bytes, n));
		return n;
	}
	if (buf_add(&call->body, slice_of(bytes, n)) != ERR_OK) {
		call->is_too_big = true;
		return CURL_WRITEFUNC_ERROR;
	}
	return n;
}

static bool
is_in(const struct network *nets, size_t n, const struct addr *a)
{
	for (size_t i = 0; i < n; i++)
		if (network_has(&nets[i], a))
			return true;
	return false;
}

static bool
may_connect(const struct fetch_call *call, const struct curl_sockaddr *to)
{
	struct addr a = {.len = to->addrlen};

	if (!call->guarded)
		return true;
	if (to->addrlen > sizeof(a.u))
		return false;
	memcpy(&a.u, &to->addr, to->addrlen);
	if (is_in(call->allowed, call->n_allowed, &a))
		return true;
	return !addr_is_special(&a) &&
	       !is_in(call->refused, call->n_refused, &a);
}

/* The one place where an address is known for certain: the name was resolved
 * and this is what will be connected to, for redirects too. */
static curl_socket_t
on_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct fetch_call *call = ctx;

	(void)purpose;
	if (!may_connect(call, to)) {
		call->is_denied = true;
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    to->protocol);
}

/* --- curl on the loop ---------------------------------------------------- */

struct watcher {
	ev_io io;
	struct fetch *fetch;
};

static void
finish_done(struct fetch *fe)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(fe->multi, &left)) != NULL) {
		char *p = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &p);
		finish((struct fetch_call *)(void *)p, m->data.result);
	}
}

static void
on_socket(struct ev_loop *loop, ev_io *w, int events)
{
	struct fetch *fe = container_of(w, struct watcher, io)->fetch;
	int what = (events & EV_READ ? CURL_CSELECT_IN : 0) |
		   (events & EV_WRITE ? CURL_CSELECT_OUT : 0);
	int running;

	(void)loop;
	/* w may be freed from here on */
	(void)curl_multi_socket_action(fe->multi, w->fd, what, &running);
	finish_done(fe);
}

static int
on_interest(CURL *easy, curl_socket_t fd, int what, void *ctx, void *assigned)
{
	struct fetch *fe = ctx;
	struct watcher *w = assigned;
	int events = (what & CURL_POLL_IN ? EV_READ : 0) |
		     (what & CURL_POLL_OUT ? EV_WRITE : 0);

	(void)easy;
	if (w != NULL)
		ev_io_stop(fe->loop, &w->io);
	if (what == CURL_POLL_REMOVE) {
		free(w);
		(void)curl_multi_assign(fe->multi, fd, NULL);
		return 0;
	}
	if (w == NULL) {
		w = xcalloc(1, sizeof(*w));
		w->fetch = fe;
		ev_init(&w->io, on_socket);
		(void)curl_multi_assign(fe->multi, fd, w);
	}
	ev_io_set(&w->io, fd, events);
	ev_io_start(fe->loop, &w->io);
	return 0;
}

static void
on_timer(struct ev_loop *loop, ev_timer *t, int events)
{
	struct fetch *fe = container_of(t, struct fetch, timer);
	int running;

	(void)loop;
	(void)events;
	(void)curl_multi_socket_action(
	    fe->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	finish_done(fe);
}

static int
on_timeout_change(CURLM *multi, long ms, void *ctx)
{
	struct fetch *fe = ctx;

	(void)multi;
	ev_timer_stop(fe->loop, &fe->timer);
	if (ms < 0)
		return 0;
	ev_now_update(fe->loop);
	ev_timer_set(&fe->timer, (double)ms / 1000., 0.);
	ev_timer_start(fe->loop, &fe->timer);
	return 0;
}

static void
do_soon(struct fetch *fe)
{
	if (ev_is_active(&fe->soon))
		return;
	ev_timer_set(&fe->soon, 0., 0.);
	ev_timer_start(fe->loop, &fe->soon);
}

/* Begins a new call, or ends it when it was broken from the start. */
static void
begin(struct fetch_call *call)
{
	if (call->broken != ERR_OK) {
		finish(call, CURLE_OK);
		return;
	}
	call->state = CALL_RUNNING;
	if (curl_multi_add_handle(call->fetch->multi, call->easy) != CURLM_OK)
		die("fetch: curl_multi_add_handle failed");
}

static struct fetch_call *
first_pending(struct fetch *fe)
{
	LIST_FOREACH(it, &fe->calls) {
		struct fetch_call *call =
		    container_of(it, struct fetch_call, link);

		if (call->state != CALL_RUNNING)
			return call;
	}
	return NULL;
}

static void
on_soon(struct ev_loop *loop, ev_timer *t, int events)
{
	struct fetch *fe = container_of(t, struct fetch, soon);
	struct fetch_call *call;

	(void)loop;
	(void)events;
	/* from the first each time: a callback may have changed the list */
	while ((call = first_pending(fe)) != NULL) {
		if (call->state == CALL_CANCELLED)
			call_free(call);
		else
			begin(call);
	}
}

/* --- making them --------------------------------------------------------- */

struct fetch *
fetch_new(struct ev_loop *loop, const struct fetch_options *options)
{
	struct fetch *fe = xcalloc(1, sizeof(*fe));
	const char *system = curl_version_info(CURLVERSION_NOW)->cainfo;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (fe->multi = curl_multi_init()) == NULL)
		die("fetch: libcurl does not start");
	fe->loop = loop;
	fe->user_agent = xstrdup(options->user_agent);
	fe->ca_file = xstrdup(options->ca_file);
	fe->bundles = ca_bundles_new(system == NULL ? "" : system);
	list_init(&fe->calls);
	ev_timer_init(&fe->timer, on_timer, 0., 0.);
	ev_timer_init(&fe->soon, on_soon, 0., 0.);
	(void)curl_multi_setopt(
	    fe->multi, CURLMOPT_SOCKETFUNCTION, on_interest);
	(void)curl_multi_setopt(fe->multi, CURLMOPT_SOCKETDATA, fe);
	(void)curl_multi_setopt(
	    fe->multi, CURLMOPT_TIMERFUNCTION, on_timeout_change);
	(void)curl_multi_setopt(fe->multi, CURLMOPT_TIMERDATA, fe);
	return fe;
}

void
fetch_free(struct fetch *fe)
{
	if (fe == NULL)
		return;
	LIST_FOREACH_SAFE(it, &fe->calls)
		call_free(container_of(it, struct fetch_call, link));
	(void)curl_multi_cleanup(fe->multi);
	ev_timer_stop(fe->loop, &fe->timer);
	ev_timer_stop(fe->loop, &fe->soon);
	ca_bundles_free(fe->bundles);
	free(fe->user_agent);
	free(fe->ca_file);
	free(fe);
	curl_global_cleanup();
}

/* A string, a number or a pointer for curl, which refuses only what it was
 * built without: then this program does not fit the machine. */
#define SET(easy, option, value)                                               \
	do {                                                                   \
		if (curl_easy_setopt(easy, option, value) != CURLE_OK)         \
			die("fetch: libcurl lacks " #option);                  \
	} while (0)

static void
set_method(CURL *easy, const struct fetch_request *rq)
{
	if (rq->body.p != NULL) {
		SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->body.n);
		SET(easy, CURLOPT_COPYPOSTFIELDS, rq->body.p);
		SET(easy, CURLOPT_CUSTOMREQUEST, rq->method);
	} else if (strcmp(rq->method, "HEAD") == 0) {
		SET(easy, CURLOPT_NOBODY, 1L);
	} else if (strcmp(rq->method, "GET") != 0) {
		SET(easy, CURLOPT_CUSTOMREQUEST, rq->method);
	}
}

static void
set_headers(struct fetch_call *call, const struct fetch_request *rq)
{
	/* curl would wait for "100 Continue" before a longer body; of AWS'
	 * signatures it makes a header that is signed and not sent */
	if (rq->aws_sigv4 == NULL)
		call->headers = curl_slist_append(NULL, "Expect:");
	for (size_t i = 0; rq->headers != NULL && rq->headers[i] != NULL; i++)
		call->headers =
		    curl_slist_append(call->headers, rq->headers[i]);
	SET(call->easy, CURLOPT_HTTPHEADER, call->headers);
}

static void
set_limits(CURL *easy, const struct fetch_request *rq)
{
	SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	SET(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	SET(easy, CURLOPT_PROXY, ""); /* none from the environment */
	SET(easy, CURLOPT_NOSIGNAL, 1L);
	SET(easy, CURLOPT_TIMEOUT_MS, (long)rq->timeout_ms);
	if (rq->connect_timeout_ms > 0)
		SET(easy, CURLOPT_CONNECTTIMEOUT_MS,
		    (long)rq->connect_timeout_ms);
	SET(easy, CURLOPT_FOLLOWLOCATION, rq->redirects_max > 0 ? 1L : 0L);
	SET(easy, CURLOPT_MAXREDIRS, (long)rq->redirects_max);
}

/* Where it may go and where it goes. */
static void
set_addresses(struct fetch_call *call, const struct fetch_request *rq)
{
	char text[ADDR_TEXT_SIZE], to[ADDR_TEXT_SIZE + 8];

	call->guarded = rq->guarded;
	call->allowed =
	    xmemdup(rq->allowed, rq->n_allowed * sizeof(*rq->allowed));
	call->n_allowed = rq->n_allowed;
	call->refused =
	    xmemdup(rq->refused, rq->n_refused * sizeof(*rq->refused));
	call->n_refused = rq->n_refused;
	SET(call->easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	SET(call->easy, CURLOPT_OPENSOCKETDATA, call);
	if (rq->guarded || rq->alone) {
		/* a connection of an unguarded call would slip through */
		SET(call->easy, CURLOPT_FRESH_CONNECT, 1L);
		SET(call->easy, CURLOPT_FORBID_REUSE, 1L);
	}
	if (rq->unix_socket != NULL) {
		call->is_local = true;
		SET(call->easy, CURLOPT_UNIX_SOCKET_PATH, rq->unix_socket);
	}
	if (rq->via == NULL)
		return;
	addr_format_ip(rq->via, text);
	if (strchr(text, ':') != NULL)
		(void)snprintf(to, sizeof(to), "::[%s]:", text);
	else
		(void)snprintf(to, sizeof(to), "::%s:", text);
	if (addr_port(rq->via) != 0)
		(void)snprintf(to + strlen(to), sizeof(to) - strlen(to), "%u",
		    addr_port(rq->via));
	call->connect_to = curl_slist_append(NULL, to);
	SET(call->easy, CURLOPT_CONNECT_TO, call->connect_to);
}

static void
set_protocol(CURL *easy, const struct fetch_request *rq)
{
	if (rq->h2c)
		SET(easy, CURLOPT_HTTP_VERSION,
		    (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
	if (rq->proxy_header)
		SET(easy, CURLOPT_HAPROXYPROTOCOL, 1L);
}

static void
set_trust(struct fetch_call *call, const struct fetch_request *rq)
{
	struct fetch *fe = call->fetch;
	const char *bundle;

	if (rq->unverified) {
		SET(call->easy, CURLOPT_SSL_VERIFYPEER, 0L);
		SET(call->easy, CURLOPT_SSL_VERIFYHOST, 0L);
		return;
	}
	call->broken = ca_bundles_get(
	    fe->bundles, fe->ca_file, rq->ca_file, &bundle, &call->fault);
	if (call->broken == ERR_OK && bundle[0] != '\0')
		SET(call->easy, CURLOPT_CAINFO, bundle);
}

struct fetch_call *
fetch_start(struct fetch *fe, const struct fetch_request *rq)
{
	struct fetch_call *call = xcalloc(1, sizeof(*call));

	call->easy = curl_easy_init();
	if (call->easy == NULL)
		die("fetch: curl_easy_init failed");
	call->fetch = fe;
	call->done = rq->done;
	call->data = rq->data;
	call->ctx = rq->ctx;
	buf_init(&call->body, rq->body_max);
	SET(call->easy, CURLOPT_PRIVATE, call);
	SET(call->easy, CURLOPT_ERRORBUFFER, call->message);
	SET(call->easy, CURLOPT_URL, rq->url);
	SET(call->easy, CURLOPT_USERAGENT, fe->user_agent);
	SET(call->easy, CURLOPT_WRITEFUNCTION, on_data);
	SET(call->easy, CURLOPT_WRITEDATA, call);
	set_method(call->easy, rq);
	set_headers(call, rq);
	if (rq->aws_sigv4 != NULL) {
		SET(call->easy, CURLOPT_AWS_SIGV4, rq->aws_sigv4);
		SET(call->easy, CURLOPT_USERNAME, rq->user);
		SET(call->easy, CURLOPT_PASSWORD, rq->password);
	}
	set_limits(call->easy, rq);
	set_addresses(call, rq);
	set_protocol(call->easy, rq);
	set_trust(call, rq);
	list_append(&fe->calls, &call->link);
	do_soon(fe);
	return call;
}

void
fetch_cancel(struct fetch_call *call)
{
	call->done = NULL;
	if (call->state == CALL_RUNNING)
		call->state = CALL_CANCELLED;
	else
		call->broken = ERR_CLOSED; /* ends before it begins */
	do_soon(call->fetch);
}
