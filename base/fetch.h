#ifndef BASE_FETCH_H
#define BASE_FETCH_H
/*
 * HTTP requests that we make: libcurl's only door, its multi interface on the
 * loop, nothing blocks.  ACME, probes and AIA in control; the API in towpath.
 *
 * Address rules: a request to an address that a customer chose (guarded) is
 * refused after resolution when it is loopback, private, link-local or one of
 * ours, unless a network in `allowed` has it; redirects are then checked again.
 *
 * Owned by: the process.   Freed by: fetch_free, which drops open requests
 * without calling them back; never from within a callback.
 */
#include <ev.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/fault.h"

struct fetch;
struct fetch_call; /* one request under way */

struct fetch_options {
	const char *user_agent; /* "towpath/0.1" */
	const char *ca_file;    /* extra roots for every call; NULL: none */
};

struct fetch *fetch_new(
    struct ev_loop *loop, const struct fetch_options *options);
void fetch_free(struct fetch *fe);

struct fetch_response {
	int status;        /* 0: none came, see the fault */
	struct slice body; /* at most body_max bytes */
	/* Value of a response header, case ignored; NULL when absent. */
	const char *(*header)(const struct fetch_response *, const char *name);
	/* The same of a field that may be there several times. */
	const char *(*header_at)(
	    const struct fetch_response *, const char *name, size_t index);
	void *priv;
};

/* Called once, never from within fetch_start.  e: ERR_OK with any status,
 * ERR_TIMEOUT, ERR_TOO_BIG, ERR_DENIED (address rules), ERR_TLS, ERR_PEER;
 * f->text then says what curl said (code A11 where nothing better fits). */
typedef void fetch_done(void *ctx, enum err e, const struct fetch_response *r,
    const struct fault *f);

/* For endless answers: bytes as they come; the body of done is then empty. */
typedef void fetch_data(void *ctx, struct slice piece);

struct fetch_request {
	const char *method; /* "GET", "POST"... */
	const char *url;
	const char *const *headers; /* "Name: value", NULL at the end */
	struct slice body;          /* copied; n == 0 and p == NULL: none */
	/* Signed as AWS wants it: "aws:amz:REGION:SERVICE", with these.  curl
	 * signs the query as it stands: it must be sorted and encoded. */
	const char *aws_sigv4, *user, *password;
	const char *unix_socket; /* connect there instead; NULL: no */
	const char *ca_file;     /* further roots (added to the system's) */
	int timeout_ms;          /* whole call; 0: endless */
	int connect_timeout_ms;
	size_t body_max;               /* ERR_TOO_BIG past it */
	int redirects_max;             /* 0: a redirect is an answer */
	bool guarded;                  /* address rules apply */
	const struct network *allowed; /* beside public ones, when guarded */
	size_t n_allowed;
	const struct network *refused; /* our own, when guarded */
	size_t n_refused;
	const struct addr *via; /* connect to this address instead of
				 * what the host name resolves to */
	/* for checks of a backend */
	bool alone;        /* on a connection that serves nothing else */
	bool h2c;          /* HTTP/2 without TLS and without asking */
	bool proxy_header; /* PROXY protocol, version 1, in front */
	bool unverified;   /* whatever its certificate */
	fetch_done *done;
	fetch_data *data; /* NULL: collect */
	void *ctx;
};

/* Everything needed is copied.  Returns the call; it ends with `done`. */
struct fetch_call *fetch_start(
    struct fetch *fe, const struct fetch_request *request);
void fetch_cancel(struct fetch_call *call); /* done is not called; not after
					     * or in it */

#endif
