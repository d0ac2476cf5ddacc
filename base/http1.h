#ifndef BASE_HTTP1_H
#define BASE_HTTP1_H
/*
 * HTTP/1.1 messages (RFC 9112), strict and sans-I/O; llhttp's only door.
 * Serves the edge (both sides) and the control API.
 *
 * Reading pulls: http1_head until it gives a head, then http1_body until it
 * says the end, then http1_next for the next message of the connection.
 * Beyond llhttp's strict mode this refuses: lines that do not end with CRLF,
 * obs-fold, empty field names, more than one blank between the words of the
 * start line, Transfer-Encoding together with Content-Length, twice, in
 * HTTP/1.0 or with any coding but chunked, two Content-Length even if equal,
 * endless chunk extensions and trailers; and in requests: no Host (HTTP/1.0
 * may have none: host is then empty) or two, a Host with bytes no host has, a
 * body with CONNECT.  Methods are those that llhttp knows.
 *
 * The head's slices lie in the input given to http1_head and live as long as
 * it; nothing is copied.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

#define HTTP1_FIELDS_MAX   128
#define HTTP1_HEAD_MAX     (64 * 1024)
#define HTTP1_TRAILERS_MAX 32 /* fields; 16 KB */

enum http1_kind {
	HTTP1_REQUEST,
	HTTP1_RESPONSE
};

/* Why a message was refused, for the router line's cause=. */
enum http1_cause {
	HTTP1_FINE = 0,
	HTTP1_BAD_SYNTAX,     /* 400 */
	HTTP1_BAD_HOST,       /* 400: none, two, or not a host */
	HTTP1_BAD_FRAMING,    /* 400: Content-Length, Transfer-Encoding */
	HTTP1_BAD_FIELD,      /* 400: obs-fold, empty name, bare CR or LF */
	HTTP1_BAD_VERSION,    /* 505 */
	HTTP1_HEAD_TOO_LARGE, /* 431: bytes or number of fields */
	HTTP1_BAD_CODING,     /* 501: a Transfer-Encoding that we do not know */
};

struct http1_field {
	struct slice name, value; /* value without surrounding blanks */
};

/* Fields that decide framing and routing, found while parsing. */
struct http1_head {
	enum http1_kind kind;
	struct slice method, target; /* request */
	int status;                  /* response */
	struct slice reason;         /* response */
	int minor;                   /* HTTP/1.minor */
	struct http1_field *fields;  /* in order, as received */
	size_t n_fields;
	struct slice host;      /* Host, or the authority of an absolute-form
				 * target, which wins (RFC 9112, 3.2.2) */
	int64_t content_length; /* -1: none */
	bool is_chunked;
	bool keep_alive; /* the sender is willing */
	bool expects_continue;
	bool is_upgrade;  /* Connection: upgrade, and Upgrade */
	bool has_body;    /* framing says bytes follow; a response's
			   * also when it ends with the connection */
	bool until_close; /* response delimited by the connection */
};

struct http1; /* one reader */

struct http1 *http1_new(enum http1_kind kind);
void http1_free(struct http1 *h); /* NULL is allowed */

/* A response parser must know what was asked: no body follows a HEAD, and a
 * 2xx to CONNECT has none.  Before each http1_head. */
void http1_expect_head_response(struct http1 *h, bool was_head);

/*
 * `in` is all that was received of this message so far.  ERR_AGAIN: more is
 * needed; give the same bytes again with more behind (already seen bytes are
 * not parsed twice).  ERR_OK: *out is filled, *used bytes were the head.
 * ERR_SYNTAX: refused, http1_why says why.  Empty lines before a request are
 * skipped (RFC 9112, 2.2).  out->fields points into h and lives until
 * http1_next.
 */
enum err MUST_USE http1_head(
    struct http1 *h, struct slice in, struct http1_head *out, size_t *used);

/*
 * Next piece of the body out of `in`: *piece (may be empty) of *used bytes;
 * *end is set when the body is complete.  Give the rest again until *used == 0
 * and not *end.  ERR_SYNTAX: bad chunk or trailer.
 */
enum err MUST_USE http1_body(struct http1 *h, struct slice in,
    struct slice *piece, size_t *used, bool *end);

/* The trailer fields of the chunked body that http1_body has ended; how many.
 * They live until http1_next. */
size_t http1_trailers(struct http1 *h, const struct http1_field **out);

/* The connection ended.  ERR_OK when the message was complete with it (an
 * until_close body), ERR_CLOSED when none had begun, ERR_PEER when it was
 * cut. */
enum err MUST_USE http1_eof(struct http1 *h);

void http1_next(struct http1 *h); /* ready for the next message */

enum http1_cause http1_why(const struct http1 *h);
const char *http1_cause_text(enum http1_cause c); /* "bad framing" */
int http1_cause_status(enum http1_cause c);       /* 400, 431, 501, 505 */

/* The first field of that name, compared without case; .p NULL when none. */
struct slice http1_find(const struct http1_head *head, struct slice name);

/* "Not Found"; "" for an unknown status. */
const char *http1_reason(int status);

#endif
