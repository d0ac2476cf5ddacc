#include "router/edge/upstream_socket.h"

#include "base/mem.h"
#include "router/edge/tls_backend.h"
#include "router/edge/worker.h"

/* --- TLS ------------------------------------------------------------------ */

static void
fail_handshake(struct upstream_socket *s, const char *cause)
{
	s->cause = cause;
	s->ops->on_end(s, ERR_TLS);
}

/* True: the backend has proved who it is. */
static bool
shake_hands(struct upstream_socket *s)
{
	enum err e = tls_handshake(s->tls);

	if (e == ERR_OK) {
		s->state = UPSTREAM_SOCKET_OPEN;
		tls_backend_keep(s->tls);
		s->ops->on_open(s);
		return true;
	}
	if (e != ERR_AGAIN)
		fail_handshake(s, tls_backend_cause(s->tls));
	return false;
}

static void
begin_tls(struct upstream_socket *s)
{
	struct tls_backend_options options = {
	    .name = s->backend->tls_name,
	    .trust = s->backend->trust,
	    .resumption = s->backend->resumption,
	};

	s->state = UPSTREAM_SOCKET_HANDSHAKE;
	s->tls = tls_backend_session_new(s->w->tls, &s->stream, &options);
	if (s->tls == NULL)
		fail_handshake(s, "no TLS session");
	else
		(void)shake_hands(s);
}

/* Whatever was decrypted goes on at once, even while nothing more is wanted:
 * nothing that GnuTLS holds would ever wake us. */
static void
read_all(struct upstream_socket *s)
{
	while (s->state == UPSTREAM_SOCKET_OPEN) {
		struct slice plain;
		enum err e = tls_read(s->tls, &plain);

		if (e == ERR_AGAIN)
			break;
		if (e != ERR_OK) {
			stream_pause(&s->stream, true);
			s->ops->on_end(
			    s, e == ERR_CLOSED ? ERR_CLOSED : ERR_PEER);
			return;
		}
		tls_backend_keep(s->tls); /* what came before these */
		s->ops->on_bytes(s, plain);
	}
}

/* --- what the stream tells ------------------------------------------------ */

static void
on_bytes(struct stream *stream, struct slice bytes)
{
	struct upstream_socket *s =
	    container_of(stream, struct upstream_socket, stream);

	if (s->tls == NULL) {
		s->ops->on_bytes(s, bytes);
		return;
	}
	tls_feed(s->tls, bytes);
	if (s->state == UPSTREAM_SOCKET_HANDSHAKE && !shake_hands(s))
		return;
	read_all(s);
}

static void
on_room(struct stream *stream)
{
	struct upstream_socket *s =
	    container_of(stream, struct upstream_socket, stream);

	switch (s->state) {
	case UPSTREAM_SOCKET_CONNECTING:
		if (s->backend->protocol == BACKEND_HTTPS) {
			begin_tls(s);
		} else {
			s->state = UPSTREAM_SOCKET_OPEN;
			s->ops->on_open(s);
		}
		break;
	case UPSTREAM_SOCKET_OPEN:
		s->ops->on_room(s);
		break;
	case UPSTREAM_SOCKET_HANDSHAKE:
	case UPSTREAM_SOCKET_CLOSED:
		break;
	}
}

static void
on_end(struct stream *stream, enum err why)
{
	struct upstream_socket *s =
	    container_of(stream, struct upstream_socket, stream);

	if (s->state == UPSTREAM_SOCKET_HANDSHAKE)
		fail_handshake(s, "TLS handshake cut");
	else if (s->tls != NULL)
		s->ops->on_end(s, ERR_PEER); /* it said no goodbye */
	else
		s->ops->on_end(s, why);
}

static const struct stream_ops stream_ops = {
    .on_bytes = on_bytes,
    .on_room = on_room,
    .on_end = on_end,
};

/* --- life ----------------------------------------------------------------- */

enum err
upstream_socket_connect(struct upstream_socket *s, struct worker *w,
    struct backend *b, struct slice first,
    const struct upstream_socket_ops *ops)
{
	enum err e;

	*s = (struct upstream_socket){.w = w, .backend = b, .ops = ops};
	e = stream_connect(&s->stream, w->io, &b->addr, &stream_ops);
	if (e == ERR_OK)
		stream_write(&s->stream, first);
	else
		s->state = UPSTREAM_SOCKET_CLOSED;
	return e;
}

void
upstream_socket_close(struct upstream_socket *s)
{
	if (s->state == UPSTREAM_SOCKET_CLOSED)
		return;
	if (s->state == UPSTREAM_SOCKET_OPEN && s->tls != NULL && !s->is_shut)
		tls_close(s->tls);
	s->state = UPSTREAM_SOCKET_CLOSED;
	stream_close(&s->stream);
}

void
upstream_socket_clear(struct upstream_socket *s)
{
	upstream_socket_close(s);
	tls_session_free(s->tls);
	s->tls = NULL;
}

/* --- writing -------------------------------------------------------------- */

void
upstream_socket_write(struct upstream_socket *s, struct slice bytes)
{
	if (s->tls != NULL)
		tls_write(s->tls, bytes);
	else
		stream_write(&s->stream, bytes);
}

void
upstream_socket_shut_down(struct upstream_socket *s)
{
	if (s->tls != NULL && !s->is_shut)
		tls_close(s->tls);
	s->is_shut = true;
	stream_shut_down(&s->stream);
}

void
upstream_socket_pause(struct upstream_socket *s, bool paused)
{
	stream_pause(&s->stream, paused);
}

bool
upstream_socket_is_full(const struct upstream_socket *s)
{
	return stream_is_full(&s->stream);
}

bool
upstream_socket_is_drained(struct upstream_socket *s)
{
	if (s->tls != NULL)
		tls_flush(s->w->tls);
	return stream_is_drained(&s->stream);
}

bool
upstream_socket_is_quiet(const struct upstream_socket *s)
{
	return stream_is_quiet(&s->stream);
}
