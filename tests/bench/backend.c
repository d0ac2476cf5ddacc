/*
 * The app behind every proxy of `make bench`: a small HTTP/1.1 server that
 * costs little, so that the proxies are what is measured.
 *
 *   backend PORT
 *
 * GET /bytes/N answers N bytes; a body of Content-Length bytes is read and then
 * answered with 2 bytes; `Upgrade: websocket` is answered with 101, and what
 * comes then is thrown away.  One process, one epoll, no clocks.
 */
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/tcp.h>

#define HEAD_MAX  8192
#define BODY_STEP (256 * 1024)
#define EVENTS    256

struct peer {
	int fd;
	bool is_tunnel, waits; /* for room */
	size_t n_head;         /* bytes of the request's head so far */
	size_t body_left;      /* of the request, to be read */
	size_t n_out, out_at;  /* of the answer's head */
	size_t answer_left;    /* of its body */
	char head[HEAD_MAX + 1];
	char out[256];
};

static const char zeros[BODY_STEP];
static int poll_fd;

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static void
watch(struct peer *p, int how, unsigned events)
{
	struct epoll_event e = {.events = events, .data.ptr = p};

	if (epoll_ctl(poll_fd, how, p->fd, &e) != 0)
		fail("epoll_ctl");
}

static void
drop(struct peer *p)
{
	close(p->fd);
	free(p);
}

/* The value of a header field of p->head, or NULL. */
static const char *
field(const struct peer *p, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = p->head; (at = strstr(at, "\r\n")) != NULL;) {
		at += 2;
		if (strncasecmp(at, name, n) == 0 && at[n] == ':')
			return at + n + 1 + strspn(at + n + 1, " ");
	}
	return NULL;
}

static void
answer(struct peer *p)
{
	const char *upgrade = field(p, "upgrade");
	size_t n = 2;

	if (upgrade != NULL && strncasecmp(upgrade, "websocket", 9) == 0) {
		p->is_tunnel = true;
		p->n_out = (size_t)snprintf(p->out, sizeof(p->out),
		    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket"
		    "\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
		    "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
		return;
	}
	if (strncmp(p->head, "GET /bytes/", 11) == 0)
		n = strtoul(p->head + 11, NULL, 10);
	p->n_out = (size_t)snprintf(p->out, sizeof(p->out),
	    "HTTP/1.1 200 OK\r\nServer: bench\r\n"
	    "Content-Type: application/octet-stream\r\n"
	    "Cache-Control: no-store\r\nContent-Length: %zu\r\n\r\n",
	    n);
	p->answer_left = n;
}

/* False: closed. */
static bool
write_some(struct peer *p)
{
	while (p->out_at < p->n_out || p->answer_left > 0) {
		size_t body =
		    p->answer_left < BODY_STEP ? p->answer_left : BODY_STEP;
		struct iovec pieces[] = {
		    {p->out + p->out_at, p->n_out - p->out_at},
		    {(void *)zeros, body}};
		ssize_t n = writev(p->fd, pieces, 2);
		size_t head;

		if (n < 0 && errno == EAGAIN) {
			if (!p->waits)
				watch(p, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
			p->waits = true;
			return true;
		}
		if (n < 0) {
			drop(p);
			return false;
		}
		head = p->n_out - p->out_at;
		head = (size_t)n < head ? (size_t)n : head;
		p->out_at += head;
		p->answer_left -= (size_t)n - head;
	}
	p->out_at = p->n_out = 0;
	if (p->waits)
		watch(p, EPOLL_CTL_MOD, EPOLLIN);
	p->waits = false;
	return true;
}

/* A whole head and its body make an answer. */
static bool
take(struct peer *p, size_t n)
{
	const char *end, *length;
	size_t rest;

	p->n_head += n;
	p->head[p->n_head] = '\0';
	if ((end = strstr(p->head, "\r\n\r\n")) == NULL) {
		if (p->n_head < HEAD_MAX)
			return true;
		drop(p);
		return false;
	}
	rest = p->n_head - (size_t)(end + 4 - p->head);
	length = field(p, "content-length");
	p->body_left = length == NULL ? 0 : strtoul(length, NULL, 10);
	p->n_head = 0;
	answer(p);
	p->body_left -= rest < p->body_left ? rest : p->body_left;
	return p->body_left > 0 || write_some(p);
}

static void
read_some(struct peer *p)
{
	static char scrap[BODY_STEP];
	bool is_head = !p->is_tunnel && p->body_left == 0;
	ssize_t n =
	    is_head ? recv(p->fd, p->head + p->n_head, HEAD_MAX - p->n_head, 0)
		    : recv(p->fd, scrap, sizeof(scrap), 0);

	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		drop(p);
	} else if (n > 0 && is_head) {
		(void)take(p, (size_t)n);
	} else if (n > 0 && p->body_left > 0) {
		p->body_left -=
		    (size_t)n < p->body_left ? (size_t)n : p->body_left;
		if (p->body_left == 0)
			(void)write_some(p);
	}
}

static void
take_in(int listener)
{
	int fd, one = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		struct peer *p = calloc(1, sizeof(*p));

		if (p == NULL)
			fail("calloc");
		p->fd = fd;
		(void)setsockopt(
		    fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		watch(p, EPOLL_CTL_ADD, EPOLLIN);
	}
}

static int
listen_at(int port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
	struct sockaddr_in at = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event e = {.events = EPOLLIN};

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(fd, 4096) != 0)
		fail("listen");
	if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &e) != 0)
		fail("epoll_ctl");
	return fd;
}

int
main(int argc, char **argv)
{
	int listener;

	if (argc != 2)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN); /* proxies cut what their clients cut */
	poll_fd = epoll_create1(0);
	listener = listen_at((int)strtol(argv[1], NULL, 10));
	for (;;) {
		struct epoll_event events[EVENTS];
		int n = epoll_wait(poll_fd, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			struct peer *p = events[i].data.ptr;

			if (p == NULL)
				take_in(listener);
			else if ((events[i].events & EPOLLOUT) == 0 ||
				 write_some(p))
				read_some(p);
		}
	}
}
