#ifndef ROUTER_EDGE_UPSTREAM_SOCKET_H
#define ROUTER_EDGE_UPSTREAM_SOCKET_H
/*
 * A connection to a backend as bytes: TCP or a Unix socket, with a PROXY header
 * at its start and TLS around it where the backend is to have them.  What is
 * said on it is a protocol's business (upstream_h1.h, upstream_h2.h).
 *
 * All callbacks come from the loop.  Any of them may close the socket.
 *
 * Owned by: whoever embeds it.   Freed by: upstream_socket_close, which may be
 * called from a callback, and upstream_socket_clear, which may not.
 */
#include "router/edge/backend.h"
#include "router/edge/stream.h"

struct worker;
struct upstream_socket;

struct upstream_socket_ops {
	/* It can be written to: connected, and the backend proved. */
	void (*on_open)(struct upstream_socket *s);
	void (*on_bytes)(struct upstream_socket *s, struct slice bytes);
	/* Some of what waited has gone. */
	void (*on_room)(struct upstream_socket *s);
	/* Nothing more will come.  Of an open one as stream_ops say; a TLS
	 * connection that ends without a goodbye was reset.  Before: as there,
	 * or ERR_TLS, and .cause says why. */
	void (*on_end)(struct upstream_socket *s, enum err why);
};

enum upstream_socket_state {
	UPSTREAM_SOCKET_CONNECTING,
	UPSTREAM_SOCKET_HANDSHAKE,
	UPSTREAM_SOCKET_OPEN,
	UPSTREAM_SOCKET_CLOSED,
};

struct upstream_socket {
	struct stream stream;
	struct worker *w;
	struct backend *backend;
	const struct upstream_socket_ops *ops;
	enum upstream_socket_state state;
	struct tls_session *tls; /* NULL: plain */
	bool is_shut;
	const char *cause; /* of ERR_TLS */
};

/* Begins to connect.  first: bytes that go before everything else, TLS too; ""
 * for none.  ERR_DENIED, ERR_IO: as stream_connect. */
enum err MUST_USE upstream_socket_connect(struct upstream_socket *s,
    struct worker *w, struct backend *b, struct slice first,
    const struct upstream_socket_ops *ops);

/* No callback comes any more. */
void upstream_socket_close(struct upstream_socket *s);
void upstream_socket_clear(struct upstream_socket *s); /* closes, if need be */

void upstream_socket_write(struct upstream_socket *s, struct slice bytes);
/* No more will be written, after what is there. */
void upstream_socket_shut_down(struct upstream_socket *s);
void upstream_socket_pause(struct upstream_socket *s, bool paused);
bool upstream_socket_is_full(const struct upstream_socket *s);
/* Everything written has been taken by the kernel. */
bool upstream_socket_is_drained(struct upstream_socket *s);
/* As stream_is_quiet. */
bool upstream_socket_is_quiet(const struct upstream_socket *s);

#endif
