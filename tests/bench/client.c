/*
 * The client of `make bench` where counts must be exact: it does a number of
 * things over TLS 1.3 and ends, or holds connections open.
 *
 *   client [-c THREADS] [-n COUNT] [-g GROUP] [-b BYTES] PORT HOST WORK
 *
 *   full        COUNT connections: handshake, close_notify both ways
 *   resumed     the same, each with the ticket of the one before (after one
 *               full handshake a thread, not counted); fails if one is not
 *   get PATH    COUNT requests on a kept connection a thread
 *   put PATH    COUNT uploads of BYTES
 *   idle PATH   COUNT connections, one request each; prints "open", then holds
 *               them until standard input ends
 *   websocket PATH   the same with an upgrade
 *
 * The client offers one cipher, AES-128-GCM, and one group, so that every
 * server has the same work.
 */
#include <sys/socket.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#define THREADS_MAX 64
#define ADDRESSES   16 /* of 127.0.0.0/24, for more ports than one has */

static struct {
	int port, n_threads;
	long count;
	size_t bytes;
	const char *host, *work, *path, *group;
	SSL_CTX *tls;
} o = {.n_threads = 8,
    .count = 1000,
    .bytes = 10485760,
    .group = "X25519",
    .host = "",
    .work = "",
    .path = "/"};

static void
fail(const char *what)
{
	perror(what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

static int
connect_from(unsigned i)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	struct sockaddr_in from = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK + i % ADDRESSES)};
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)o.port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(
	    fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) != 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		fail("connect");
	return fd;
}

/* A connection that has shaken hands. */
static SSL *
open_tls(unsigned i, SSL_SESSION *session)
{
	SSL *s = SSL_new(o.tls);

	if (s == NULL || SSL_set_fd(s, connect_from(i)) != 1 ||
	    SSL_set_tlsext_host_name(s, o.host) != 1 ||
	    (session != NULL && SSL_set_session(s, session) != 1))
		fail("SSL_new");
	if (SSL_connect(s) != 1)
		fail("SSL_connect");
	return s;
}

static void
close_tls(SSL *s)
{
	int fd = SSL_get_fd(s);

	SSL_free(s);
	close(fd);
}

/* --- handshakes ------------------------------------------------------------*/

/* OpenSSL gives a ticket that it takes over when this says so. */
static int
on_ticket(SSL *s, SSL_SESSION *ticket)
{
	SSL_SESSION **newest = SSL_get_app_data(s);

	if (newest == NULL)
		return 0;
	SSL_SESSION_free(*newest);
	*newest = ticket;
	return 1;
}

static void
shake(unsigned i, SSL_SESSION **ticket, bool must_resume)
{
	SSL *s = SSL_new(o.tls);
	char scrap[512];

	if (s == NULL || SSL_set_fd(s, connect_from(i)) != 1 ||
	    SSL_set_tlsext_host_name(s, o.host) != 1 ||
	    SSL_set_app_data(s, ticket) != 1)
		fail("SSL_new");
	if (*ticket != NULL && SSL_set_session(s, *ticket) != 1)
		fail("SSL_set_session");
	if (SSL_connect(s) != 1)
		fail("SSL_connect");
	if (must_resume && SSL_session_reused(s) != 1) {
		fputs("a handshake was not resumed\n", stderr);
		exit(1);
	}
	/* tickets come before the goodbye that answers ours */
	(void)SSL_shutdown(s);
	(void)shutdown(SSL_get_fd(s), SHUT_WR);
	while (SSL_read(s, scrap, sizeof(scrap)) > 0)
		;
	close_tls(s);
}

static void
do_handshakes(unsigned thread, long count)
{
	bool resumes = strcmp(o.work, "resumed") == 0;
	SSL_SESSION *ticket = NULL, *none = NULL;

	if (resumes)
		shake(thread, &ticket, false);
	for (long i = 0; i < count; i++) {
		shake(thread, resumes ? &ticket : &none, resumes);
		SSL_SESSION_free(none);
		none = NULL;
	}
	SSL_SESSION_free(ticket);
}

/* --- requests --------------------------------------------------------------*/

static void
send_all(SSL *s, const char *data, size_t n)
{
	size_t done;

	if (SSL_write_ex(s, data, n, &done) != 1)
		fail("SSL_write");
}

static void
send_head(SSL *s, const char *method, const char *more)
{
	char head[1024];
	int n = snprintf(head, sizeof(head),
	    "%s %s HTTP/1.1\r\nHost: %s:%d\r\nUser-Agent: bench\r\n%s\r\n",
	    method, o.path, o.host, o.port, more);

	send_all(s, head, (size_t)n);
}

/* Reads one answer; its status. */
static int
read_answer(SSL *s)
{
	char data[32768];
	size_t n = 0, length = 0, body;
	char *end, *at;
	int got, status;

	do {
		got = SSL_read(s, data + n, (int)(sizeof(data) - 1 - n));
		if (got <= 0)
			fail("no answer");
		n += (size_t)got;
		data[n] = '\0';
	} while ((end = strstr(data, "\r\n\r\n")) == NULL);
	end += 4;
	status = (int)strtol(data + 9, NULL, 10);
	for (at = data; (at = strstr(at, "\r\n")) != NULL && at < end;) {
		at += 2;
		if (strncasecmp(at, "content-length:", 15) == 0)
			length = strtoul(at + 15, NULL, 10);
	}
	for (body = n - (size_t)(end - data); body < length;) {
		got = SSL_read(s, data, sizeof(data));
		if (got <= 0)
			fail("the answer is cut");
		body += (size_t)got;
	}
	return status;
}

static int
ask(SSL *s)
{
	static const char chunk[16384];
	char more[128];

	if (strcmp(o.work, "put") == 0) {
		(void)snprintf(
		    more, sizeof(more), "Content-Length: %zu\r\n", o.bytes);
		send_head(s, "PUT", more);
		for (size_t at = 0; at < o.bytes; at += sizeof(chunk))
			send_all(s, chunk,
			    o.bytes - at < sizeof(chunk) ? o.bytes - at
							 : sizeof(chunk));
	} else if (strcmp(o.work, "websocket") == 0) {
		send_head(s, "GET",
		    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
		    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		    "Sec-WebSocket-Version: 13\r\n");
	} else {
		send_head(s, "GET", "");
	}
	return read_answer(s);
}

static void
ask_well(SSL *s)
{
	int wanted = strcmp(o.work, "websocket") == 0 ? 101 : 200;
	int status = ask(s);

	if (status == wanted)
		return;
	fprintf(stderr, "answered %d, not %d\n", status, wanted);
	exit(1);
}

static void
do_requests(unsigned thread, long count)
{
	SSL *s = open_tls(thread, NULL);

	for (long i = 0; i < count; i++)
		ask_well(s);
	(void)SSL_shutdown(s);
	close_tls(s);
}

/* --- connections that stay -------------------------------------------------*/

static void
hold(void)
{
	SSL **all = calloc((size_t)o.count, sizeof(SSL *));

	if (all == NULL)
		fail("calloc");
	for (long i = 0; i < o.count; i++) {
		all[i] = open_tls((unsigned)i, NULL);
		ask_well(all[i]);
	}
	puts("open");
	(void)fflush(stdout);
	while (getchar() != EOF)
		;
	for (long i = 0; i < o.count; i++)
		close_tls(all[i]);
	free(all);
}

/* --- the command -----------------------------------------------------------*/

static void *
run(void *arg)
{
	unsigned thread = *(const unsigned *)arg;
	long count = o.count / o.n_threads +
		     ((long)thread < o.count % o.n_threads ? 1 : 0);

	if (strcmp(o.work, "get") == 0 || strcmp(o.work, "put") == 0)
		do_requests(thread, count);
	else
		do_handshakes(thread, count);
	return NULL;
}

static SSL_CTX *
client_tls(void)
{
	SSL_CTX *t = SSL_CTX_new(TLS_client_method());

	if (t == NULL ||
	    SSL_CTX_set_min_proto_version(t, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_ciphersuites(t, "TLS_AES_128_GCM_SHA256") != 1 ||
	    SSL_CTX_set1_groups_list(t, o.group) != 1)
		fail("SSL_CTX_new");
	(void)SSL_CTX_set_mode(t, SSL_MODE_RELEASE_BUFFERS);
	(void)SSL_CTX_set_session_cache_mode(
	    t, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(t, on_ticket);
	return t;
}

static bool
read_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "c:n:g:b:")) != -1) {
		if (c == 'c')
			o.n_threads = (int)strtol(optarg, NULL, 10);
		else if (c == 'n')
			o.count = strtol(optarg, NULL, 10);
		else if (c == 'g')
			o.group = optarg;
		else if (c == 'b')
			o.bytes = strtoul(optarg, NULL, 10);
		else
			return false;
	}
	if (argc - optind < 3 || o.n_threads < 1 || o.n_threads > THREADS_MAX)
		return false;
	o.port = (int)strtol(argv[optind], NULL, 10);
	o.host = argv[optind + 1];
	o.work = argv[optind + 2];
	if (argc - optind > 3)
		o.path = argv[optind + 3];
	return true;
}

int
main(int argc, char **argv)
{
	pthread_t threads[THREADS_MAX];
	unsigned numbers[THREADS_MAX];

	if (!read_options(argc, argv)) {
		fputs("usage: see the head of client.c\n", stderr);
		return 2;
	}
	o.tls = client_tls();
	if (strcmp(o.work, "idle") == 0 || strcmp(o.work, "websocket") == 0) {
		hold();
		return 0;
	}
	for (int i = 0; i < o.n_threads; i++) {
		numbers[i] = (unsigned)i;
		if (pthread_create(&threads[i], NULL, run, &numbers[i]) != 0)
			fail("pthread_create");
	}
	for (int i = 0; i < o.n_threads; i++)
		(void)pthread_join(threads[i], NULL);
	SSL_CTX_free(o.tls);
	return 0;
}
