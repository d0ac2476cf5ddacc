#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin-tui/cli.h"
#include "admin-tui/cli_run.h"
#include "base/mem.h"

#define EXPORT_MAX (4 * 1024 * 1024)

/* The number that was asked for, or of what is served. */
static int
find_number(struct cli *c, const char *host, char out[24])
{
	const char *given = args_value(&c->args, "number");
	uint64_t number;
	struct client_answer a;
	if (given != NULL) {
		if (slice_to_u64(slice_str(given), &number) != ERR_OK)
			return cli_usage(c, "not a number: --number %s", given);
		snprintf(out, 24, "%llu", (unsigned long long)number);
		return CLI_DONE;
	}
	int status =
	    cli_ask(c, "GET", client_path("domains", host, NULL), NULL, &a);
	if (status != CLI_DONE)
		return status;
	const json_t *certificate = json_obj(a.body, "certificate");
	snprintf(out, 24, "%lld", (long long)json_int(certificate, "number"));
	client_answer_clear(&a);
	if (certificate != NULL)
		return CLI_DONE;
	struct fault f;
	fault_set(
	    &f, FAULT_C26_NONE_INSTALLED, "%s has no certificate yet", host);
	fault_name(&f, "HOST", host);
	return cli_refuse(c, &f);
}

/* One part of the certificate: "download" or "private_key". */
static int
ask_part(struct cli *c, const char *host, const char *number, const char *part,
    struct client_answer *a)
{
	return cli_ask(c, "GET",
	    client_path("domains", host, "certificates", number, part, NULL),
	    NULL, a);
}

static void
add_pem(struct buf *b, const json_t *answer, const char *key)
{
	struct slice pem = slice_str(json_str(answer, key));
	buf_add(b, pem);
	if (pem.n > 0 && !slice_ends_with(pem, SLICE("\n")))
		buf_add_char(b, '\n');
}

/* PEM of leaf, chain and, if asked, key; or one object of all three. */
static int
collect(struct cli *c, const char *host, const char *number, struct buf *out)
{
	struct client_answer pem, key = {0};
	int status = ask_part(c, host, number, "download", &pem);
	if (status != CLI_DONE)
		return status;
	if (args_has(&c->args, "with-key"))
		status = ask_part(c, host, number, "private_key", &key);
	if (status == CLI_DONE && c->out.is_json) {
		if (key.body != NULL)
			json_object_update(pem.body, key.body);
		json_add(out, pem.body);
		buf_add_char(out, '\n');
	} else if (status == CLI_DONE) {
		add_pem(out, pem.body, "certificate");
		add_pem(out, pem.body, "chain");
		add_pem(out, key.body, "private_key");
	}
	client_answer_clear(&pem);
	client_answer_clear(&key);
	return status;
}

static bool
write_all(int fd, struct slice s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s = slice_from(s, (size_t)n);
	}
	return true;
}

/* Written beside and renamed, so that FILE is never half a key, nor readable
 * for a moment because an older one was. */
static int
write_file(struct cli *c, const char *name, struct slice bytes)
{
	struct fault f;
	char *draft = xasprintf("%s.XXXXXX", name);
	int fd = mkstemp(draft); /* mode 0600 */
	bool is_written = fd >= 0 && write_all(fd, bytes) && fsync(fd) == 0 &&
			  rename(draft, name) == 0;
	int status = CLI_DONE;
	if (!is_written) {
		fault_set(&f, FAULT_S24_FILE_UNREADABLE,
		    "%s cannot be written: %s", name, strerror(errno));
		status = cli_refuse(c, &f);
		if (fd >= 0)
			unlink(draft);
	}
	if (fd >= 0)
		close(fd);
	free(draft);
	return status;
}

int
cli_certs_export(struct cli *c)
{
	char host[HOST_SIZE];
	char number[24];
	struct buf text;
	const char *file = args_value(&c->args, "output");
	bool to_stdout = file == NULL || strcmp(file, "-") == 0;
	if (to_stdout && args_has(&c->args, "with-key") && c->out.is_terminal)
		return cli_usage(
		    c, "a private key is never written to a terminal");
	int status = cli_host(c, 0, host);
	if (status == CLI_DONE)
		status = find_number(c, host, number);
	if (status != CLI_DONE)
		return status;
	buf_init(&text, EXPORT_MAX);
	status = collect(c, host, number, &text);
	if (status == CLI_DONE && to_stdout)
		fwrite(buf_slice(&text).p, 1, text.len, c->out.out);
	else if (status == CLI_DONE)
		status = write_file(c, file, buf_slice(&text));
	buf_wipe(&text);
	return status;
}
