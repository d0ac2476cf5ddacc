#include "base/fetch.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/list.h"
#include "base/mem.h"

#define SYSTEM_ROOTS "/etc/ssl/certs/ca-certificates.crt"
#define ROOTS_MAX    (8 * 1024 * 1024)
#define NETWORKS_MAX 32

struct fetch {
	struct ev_loop *loop;
	CURLM *multi;
	ev_timer timer; /* curl's own */
	ev_timer reap;  /* finished calls are told and freed from the loop */
	struct list calls;
	struct list finished;
	char *user_agent;
	char *ca_file;
};

/* A socket that curl wants watched; belongs to curl's socket callback. */
struct watch {
	ev_io io;
	struct fetch *fetch;
};

struct fetch_call {
	struct list link;
	struct fetch *fetch;
	CURL *easy;
	struct curl_slist *headers, *resolve;
	struct buf body;
	char error[CURL_ERROR_SIZE];
	bool guarded, too_big, denied;
	struct network allowed[NETWORKS_MAX];
	size_t n_allowed;
	fetch_done *done;
	fetch_data *data;
	void *ctx;
	CURLcode result;
};

/* --- curl's sockets and timer on the loop ----------------------------------
 */

static void collect(struct fetch *fe);

static void
on_io(struct ev_loop *loop, ev_io *w, int events)
{
	struct fetch *fe = container_of(w, struct watch, io)->fetch;
	int action = (events & EV_READ ? CURL_CSELECT_IN : 0) |
		     (events & EV_WRITE ? CURL_CSELECT_OUT : 0);
	int running;

	(void)loop;
	curl_multi_socket_action(fe->multi, w->fd, action, &running);
	collect(fe);
}

static void
on_timer(struct ev_loop *loop, ev_timer *w, int events)
{
	struct fetch *fe = container_of(w, struct fetch, timer);
	int running;

	(void)loop;
	(void)events;
	curl_multi_socket_action(fe->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(fe);
}

static int
set_timer(CURLM *multi, long timeout_ms, void *ctx)
{
	struct fetch *fe = ctx;

	(void)multi;
	ev_timer_stop(fe->loop, &fe->timer);
	if (timeout_ms < 0)
		return 0;
	ev_now_update(fe->loop);
	ev_timer_set(&fe->timer, (double)timeout_ms / 1000., 0.);
	ev_timer_start(fe->loop, &fe->timer);
	return 0;
}

static int
set_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
	struct fetch *fe = ctx;
	struct watch *w = socket_ctx;
	int events = (what & CURL_POLL_IN ? EV_READ : 0) |
		     (what & CURL_POLL_OUT ? EV_WRITE : 0);

	(void)easy;
	if (w != NULL)
		ev_io_stop(fe->loop, &w->io);
	if (what == CURL_POLL_REMOVE) {
		free(w);
		curl_multi_assign(fe->multi, fd, NULL);
		return 0;
	}
	if (w == NULL) {
		w = xcalloc(1, sizeof(*w));
		w->fetch = fe;
		curl_multi_assign(fe->multi, fd, w);
	}
	ev_io_init(&w->io, on_io, fd, events);
	ev_io_start(fe->loop, &w->io);
	return 0;
}

/* --- one call ---------------------------------------------------------------
 */

static void
call_free(struct fetch_call *call)
{
	list_remove(&call->link);
	if (call->easy != NULL) {
		curl_multi_remove_handle(call->fetch->multi, call->easy);
		curl_easy_cleanup(call->easy);
	}
	curl_slist_free_all(call->headers);
	curl_slist_free_all(call->resolve);
	buf_wipe(&call->body);
	free(call);
}

static enum err
translate(const struct fetch_call *call, struct fault *f)
{
	const char *why = call->error[0] != '\0'
			      ? call->error
			      : curl_easy_strerror(call->result);

	if (call->denied) {
		fault_set(f, FAULT_P15_NOT_PERMITTED,
		    "the name leads to an address that may not be asked");
		return ERR_DENIED;
	}
	if (call->too_big) {
		fault_set(f, FAULT_P14_BODY_TOO_LARGE,
		    "the answer has more than %zu bytes", call->body.max);
		return ERR_TOO_BIG;
	}
	if (call->result == CURLE_OK)
		return ERR_OK;
	fault_set(f, FAULT_A11_CA_UNREACHABLE, "%s", why);
	switch ((int)call->result) {
	case CURLE_OPERATION_TIMEDOUT:
		return ERR_TIMEOUT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return ERR_TLS;
	default:
		return ERR_PEER;
	}
}

static const char *
response_header(const struct fetch_response *r, const char *name)
{
	struct curl_header *h;

	if (curl_easy_header(r->priv, name, 0, CURLH_HEADER, -1, &h) !=
	    CURLHE_OK)
		return NULL;
	return h->value;
}

static void
on_reap(struct ev_loop *loop, ev_timer *w, int events)
{
	struct fetch *fe = container_of(w, struct fetch, reap);
	struct list *first;

	(void)loop;
	(void)events;
	while ((first = list_first(&fe->finished)) != NULL) {
		struct fetch_call *call =
		    container_of(first, struct fetch_call, link);
		struct fetch_response r = {.body = buf_slice(&call->body),
		    .header = response_header,
		    .priv = call->easy};
		struct fault f = {0};
		enum err e = translate(call, &f);
		long status = 0;

		curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
		r.status = e == ERR_OK ? (int)status : 0;
		/* off the list first: the callback may free the fetch or
		 * cancel others, but this call is ours alone now */
		list_remove(&call->link);
		call->done(call->ctx, e, &r, &f);
		call_free(call);
	}
}

static void
finish(struct fetch_call *call, CURLcode result)
{
	struct fetch *fe = call->fetch;

	call->result = result;
	list_remove(&call->link);
	list_append(&fe->finished, &call->link);
	ev_timer_set(&fe->reap, 0., 0.);
	ev_timer_start(fe->loop, &fe->reap);
}

/* A handle may not be removed inside its own callbacks; reading the messages
 * afterwards is curl's way. */
static void
collect(struct fetch *fe)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(fe->multi, &left)) != NULL) {
		struct fetch_call *call;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(
		    m->easy_handle, CURLINFO_PRIVATE, (char **)&call);
		finish(call, m->data.result);
	}
}

static size_t
on_body(char *p, size_t size, size_t n, void *ctx)
{
	struct fetch_call *call = ctx;

	n *= size;
	if (call->data != NULL) {
		call->data(call->ctx, slice_of(p, n));
		return n;
	}
	if (buf_add(&call->body, slice_of(p, n)) != ERR_OK) {
		call->too_big = true;
		return 0;
	}
	return n;
}

/* After resolution, for every connection, also of a redirect: the address
 * rules. */
static curl_socket_t
open_guarded(void *ctx, curlsocktype purpose, struct curl_sockaddr *sa)
{
	struct fetch_call *call = ctx;
	struct addr a = {.len = sa->addrlen};
	bool fine;

	(void)purpose;
	if (sa->addrlen > sizeof(a.u.storage))
		return CURL_SOCKET_BAD;
	memcpy(&a.u.storage, &sa->addr, sa->addrlen);
	fine = !addr_is_special(&a);
	for (size_t i = 0; i < call->n_allowed && !fine; i++)
		fine = network_has(&call->allowed[i], &a);
	if (!fine) {
		call->denied = true;
		return CURL_SOCKET_BAD;
	}
	return socket(sa->family, sa->socktype | SOCK_CLOEXEC, sa->protocol);
}

/* The system's roots and the caller's, as one: curl takes a single source. */
static char *
read_roots(const char *const files[], size_t n_files, size_t *n)
{
	struct buf all;

	buf_init(&all, ROOTS_MAX);
	for (size_t i = 0; i < n_files; i++) {
		FILE *file;
		size_t got;
		char *to;

		if (files[i] == NULL || files[i][0] == '\0' ||
		    (file = fopen(files[i], "re")) == NULL)
			continue;
		while ((to = buf_room(&all, 65536)) != NULL &&
		       (got = fread(to, 1, 65536, file)) > 0)
			buf_added(&all, got);
		(void)fclose(file);
		(void)buf_add_char(&all, '\n');
	}
	*n = all.len;
	return buf_take(&all);
}

static void
set_roots(struct fetch_call *call, const char *extra)
{
	const char *files[] = {SYSTEM_ROOTS, call->fetch->ca_file, extra};
	struct curl_blob blob = {.flags = CURL_BLOB_COPY};

	/* the ordinary case costs nothing: curl reads the system's bundle */
	if ((files[1] == NULL || *files[1] == '\0') &&
	    (extra == NULL || *extra == '\0')) {
		curl_easy_setopt(call->easy, CURLOPT_CAINFO, SYSTEM_ROOTS);
		return;
	}
	blob.data = read_roots(files, COUNT_OF(files), &blob.len);
	curl_easy_setopt(call->easy, CURLOPT_CAINFO_BLOB, &blob);
	free(blob.data);
}

static void
set_via(struct fetch_call *call, const struct addr *via)
{
	char text[ADDR_TEXT_SIZE], *entry;

	/* "::" matches every host and port of the URL */
	addr_format(via, text);
	entry = xasprintf("::%s", text);
	call->resolve = curl_slist_append(NULL, entry);
	curl_easy_setopt(call->easy, CURLOPT_CONNECT_TO, call->resolve);
	free(entry);
}

static void
set_body(struct fetch_call *call, const struct fetch_request *q)
{
	CURL *e = call->easy;

	if (strcmp(q->method, "HEAD") == 0)
		curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
	if (q->body.p != NULL) {
		curl_easy_setopt(
		    e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.n);
		curl_easy_setopt(
		    e, CURLOPT_COPYPOSTFIELDS, q->body.n == 0 ? "" : q->body.p);
	}
	curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, q->method);
	for (size_t i = 0; q->headers != NULL && q->headers[i] != NULL; i++)
		call->headers = curl_slist_append(call->headers, q->headers[i]);
	/* no round trip for leave to send a body */
	call->headers = curl_slist_append(call->headers, "Expect:");
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, call->headers);
}

static void
set_guard(struct fetch_call *call, const struct fetch_request *q)
{
	CURL *e = call->easy;

	if (!q->guarded)
		return;
	assert(q->n_allowed <= NETWORKS_MAX);
	call->n_allowed = q->n_allowed;
	for (size_t i = 0; i < q->n_allowed; i++)
		call->allowed[i] = q->allowed[i];
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_guarded);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, call);
	/* a kept connection would not pass the guard again */
	curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
}

struct fetch_call *
fetch_start(struct fetch *fe, const struct fetch_request *q)
{
	struct fetch_call *call = xcalloc(1, sizeof(*call));
	CURL *e = curl_easy_init();

	if (e == NULL)
		die("no memory for a request");
	call->fetch = fe;
	call->easy = e;
	call->done = q->done;
	call->data = q->data;
	call->ctx = q->ctx;
	buf_init(&call->body, q->body_max);
	list_append(&fe->calls, &call->link);
	curl_easy_setopt(e, CURLOPT_PRIVATE, call);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, call->error);
	curl_easy_setopt(e, CURLOPT_URL, q->url);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_USERAGENT, fe->user_agent);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)q->timeout_ms);
	curl_easy_setopt(
	    e, CURLOPT_CONNECTTIMEOUT_MS, (long)q->connect_timeout_ms);
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, q->redirects_max > 0);
	curl_easy_setopt(e, CURLOPT_MAXREDIRS, (long)q->redirects_max);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, call);
	if (q->unix_socket != NULL)
		curl_easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH, q->unix_socket);
	set_body(call, q);
	set_roots(call, q->ca_file);
	set_guard(call, q);
	if (q->via != NULL)
		set_via(call, q->via);
	curl_multi_add_handle(fe->multi, e);
	return call;
}

void
fetch_cancel(struct fetch_call *call)
{
	if (call != NULL)
		call_free(call);
}

struct fetch *
fetch_new(struct ev_loop *loop, const struct fetch_options *options)
{
	struct fetch *fe = xcalloc(1, sizeof(*fe));

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (fe->multi = curl_multi_init()) == NULL)
		die("libcurl cannot be used");
	fe->loop = loop;
	fe->user_agent = xstrdup(options->user_agent);
	fe->ca_file = xstrdup(options->ca_file);
	list_init(&fe->calls);
	list_init(&fe->finished);
	ev_timer_init(&fe->timer, on_timer, 0., 0.);
	ev_timer_init(&fe->reap, on_reap, 0., 0.);
	curl_multi_setopt(fe->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(fe->multi, CURLMOPT_SOCKETDATA, fe);
	curl_multi_setopt(fe->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(fe->multi, CURLMOPT_TIMERDATA, fe);
	return fe;
}

void
fetch_free(struct fetch *fe)
{
	if (fe == NULL)
		return;
	LIST_FOREACH_SAFE(it, &fe->calls)
		call_free(container_of(it, struct fetch_call, link));
	LIST_FOREACH_SAFE(done, &fe->finished)
		call_free(container_of(done, struct fetch_call, link));
	curl_multi_cleanup(fe->multi);
	ev_timer_stop(fe->loop, &fe->timer);
	ev_timer_stop(fe->loop, &fe->reap);
	free(fe->user_agent);
	free(fe->ca_file);
	free(fe);
}
