#include "tests/unit/pebble.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netinet/in.h>

#include "tests/unit/test.h"

#define START_MS 20000

int
pebble_free_port(void)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static void
write_file(const struct pebble *p, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", p->dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* Starts argv in the folder, its output into `log` there. */
static pid_t
run(const struct pebble *p, const char *const *argv)
{
	pid_t pid = fork();
	int fd;

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	if (chdir(p->dir) != 0)
		_exit(127);
	fd = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

static void
run_whole(const struct pebble *p, const char *const *argv)
{
	int status;
	pid_t pid = run(p, argv);

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
make_certificates(const struct pebble *p)
{
	static const char *const keys[] = {"ca.key", "srv.key"};
	static const char *const self[] = {"certtool", "--generate-self-signed",
	    "--load-privkey", "ca.key", "--template", "ca.tmpl", "--outfile",
	    "ca.pem", NULL};
	static const char *const server[] = {"certtool",
	    "--generate-certificate", "--load-privkey", "srv.key",
	    "--load-ca-certificate", "ca.pem", "--load-ca-privkey", "ca.key",
	    "--template", "srv.tmpl", "--outfile", "srv.pem", NULL};

	write_file(p, "ca.tmpl",
	    "cn = \"test CA\"\nca\ncert_signing_key\nexpiration_days = 30\n");
	write_file(p, "srv.tmpl",
	    "cn = \"localhost\"\ndns_name = \"localhost\"\n"
	    "ip_address = \"127.0.0.1\"\ntls_www_server\nsigning_key\n"
	    "expiration_days = 30\n");
	for (int i = 0; i < 2; i++) {
		const char *const key[] = {"certtool", "--generate-privkey",
		    "--key-type=ecdsa", "--curve=secp256r1", "--outfile",
		    keys[i], NULL};

		run_whole(p, key);
	}
	run_whole(p, self);
	run_whole(p, server);
}

static int
connect_to(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_port = htons((in_port_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void
wait_for(int port)
{
	for (int ms = 0; ms < START_MS; ms += 20) {
		int fd = connect_to(port);

		if (fd >= 0) {
			close(fd);
			return;
		}
		usleep(20000);
	}
	fail_msg("nothing answers on port %d", port);
}

static void
start_dns(struct pebble *p)
{
	char dns[32], management[32];
	const char *const argv[] = {"pebble-challtestsrv", "-defaultIPv4",
	    "127.0.0.1", "-defaultIPv6", "", "-dns01", dns, "-http01", "",
	    "-https01", "", "-tlsalpn01", "", "-management", management, NULL};

	p->dns_port = pebble_free_port();
	p->dns_management = pebble_free_port();
	snprintf(dns, sizeof(dns), "127.0.0.1:%d", p->dns_port);
	snprintf(
	    management, sizeof(management), "127.0.0.1:%d", p->dns_management);
	p->dns = run(p, argv);
	wait_for(p->dns_management);
}

void
pebble_start_ca_at(struct pebble *p, int port, int http_port, int nonce_reject)
{
	char config[1024], dns[32], percent[16];
	const char *const argv[] = {
	    "pebble", "-config", "config", "-dnsserver", dns, "-strict", NULL};

	p->port = port;
	snprintf(config, sizeof(config),
	    "{\"pebble\":{\"listenAddress\":\"127.0.0.1:%d\","
	    "\"managementListenAddress\":\"\",\"certificate\":\"srv.pem\","
	    "\"privateKey\":\"srv.key\",\"httpPort\":%d,\"tlsPort\":1,"
	    "\"domainBlocklist\":[\"blocked.test\"]}}",
	    p->port, http_port);
	write_file(p, "config", config);
	snprintf(p->directory, sizeof(p->directory), "https://localhost:%d/dir",
	    p->port);
	snprintf(dns, sizeof(dns), "127.0.0.1:%d", p->dns_port);
	snprintf(percent, sizeof(percent), "%d", nonce_reject);
	setenv("PEBBLE_WFE_NONCEREJECT", percent, 1);
	setenv("PEBBLE_VA_NOSLEEP", "1", 1);
	setenv("PEBBLE_AUTHZREUSE", "0", 1);
	p->ca = run(p, argv);
	wait_for(p->port);
}

void
pebble_start_ca(struct pebble *p, int http_port, int nonce_reject)
{
	pebble_start_ca_at(p, pebble_free_port(), http_port, nonce_reject);
}

void
pebble_init(struct pebble *p)
{
	memset(p, 0, sizeof(*p));
	strcpy(p->dir, "/tmp/towpath-acme-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->ca_file, sizeof(p->ca_file), "%s/ca.pem", p->dir);
	make_certificates(p);
	start_dns(p);
}

void
pebble_set_a(const struct pebble *p, const char *host, const char *address)
{
	char request[512], body[256], answer[256];
	int fd = connect_to(p->dns_management);

	snprintf(body, sizeof(body), "{\"host\":\"%s\",\"addresses\":[\"%s\"]}",
	    host, address);
	snprintf(request, sizeof(request),
	    "POST /add-a HTTP/1.0\r\nContent-Length: %zu\r\n\r\n%s",
	    strlen(body), body);
	assert_true(fd >= 0);
	assert_true(write(fd, request, strlen(request)) > 0);
	assert_true(read(fd, answer, sizeof(answer)) > 0);
	close(fd);
}

void
pebble_stop_child(pid_t *pid)
{
	if (*pid <= 0)
		return;
	kill(*pid, SIGKILL);
	waitpid(*pid, NULL, 0);
	*pid = 0;
}

void
pebble_clear(struct pebble *p)
{
	const char *const argv[] = {"rm", "-rf", p->dir, NULL};

	pebble_stop_child(&p->ca);
	pebble_stop_child(&p->dns);
	run_whole(p, argv);
}
