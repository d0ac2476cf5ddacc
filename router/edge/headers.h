#ifndef ROUTER_EDGE_HEADERS_H
#define ROUTER_EDGE_HEADERS_H
/*
 * Header rules of a proxy (RFC 9110, 7.6; INTERFACE.md, section 5): what is
 * between two peers ends here, who the client is, is told to the app.  Pure:
 * from headers to headers, in the exchange's arena.
 */
#include "base/addr.h"
#include "base/header_rule.h"
#include "router/edge/message.h"

/* Both sides' names for us. */
#define VIA_TEXT "1.1 towpath"

/* What is known of where a request came from. */
struct origin {
	struct slice peer; /* address of the peer, as text */
	uint16_t peer_port;
	bool peer_is_trusted;          /* its X-Forwarded-* are believed */
	const struct network *trusted; /* for the hops before it */
	size_t n_trusted;
	bool is_tls;
	uint16_t port; /* of ours that it came to */
};

/* What the rules made of it; slices lie in the request or the arena. */
struct forwarded {
	struct slice client; /* the last address that is not trusted */
	struct slice chain;  /* X-Forwarded-For as it goes on */
	struct slice host;   /* that the backend is told; as it came at first */
	bool is_https;       /* as the visitor sees it */
};

/* Reads the request's own X-Forwarded-*, as far as the peer is trusted. */
struct forwarded headers_origin(
    struct arena *a, const struct request *r, const struct origin *o);

/* The client's X-Request-Id when it is fit to be kept, else .p == NULL. */
struct slice headers_request_id(const struct request *r);

/* The headers of the request that goes to the backend, without framing. */
struct headers headers_to_backend(struct arena *a, const struct request *r,
    const struct origin *o, const struct forwarded *f, struct slice request_id,
    int64_t now_ms);

/* The headers of the response that goes to the client, without framing, and
 * with room for one more.
 * hsts_s: Strict-Transport-Security, unless the app has its own; 0: none. */
struct headers headers_to_client(struct arena *a, const struct headers *from,
    struct slice request_id, int64_t hsts_s);

/* Strict-Transport-Security (RFC 6797, 7.1), for an answer over HTTPS, unless
 * it has one; hsts_s 0: none.  Needs room for one more. */
void headers_add_hsts(struct arena *a, struct headers *h, int64_t hsts_s);

/* The headers after an app's rules, .items == NULL past the arena's limit;
 * without rules, as they are. */
struct headers headers_ruled(struct arena *a, const struct headers *from,
    const struct header_rules *rules);

/* Bytes of a request's head, as HTTP/1.1 would write it. */
int64_t headers_head_size(const struct request *r);

/* Whether the field ends at this hop: the fixed ones, framing, and those that
 * a Connection field of `all` names. */
bool header_is_hop_by_hop(const struct headers *all, struct slice name);

#endif
