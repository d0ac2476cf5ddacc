#include "tests/unit/issuing.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netinet/in.h>

#include "acme/issuer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "certs/key_requests.h"
#include "tests/unit/test.h"

#define PATIENCE_S 30. /* for one run */

int issuing_http_port;

static char dir[64];
static char store[128];
static pid_t responder;

/* --- http-01, as a worker would answer it -------------------------------- */

static void
lookup(const char *token, char *out, size_t size)
{
	static const char sql[] =
	    "SELECT key_authorization FROM challenge WHERE token = ?1";
	struct db *db;
	struct stmt *s;

	out[0] = '\0';
	if (db_open(store, DB_READ, &db, NULL) != ERR_OK)
		return;
	s = db_stmt(db, sql);
	stmt_str(s, 1, token);
	if (stmt_step(s) == ERR_OK) {
		snprintf(out, size, "%s", stmt_get_str(s, 0));
		stmt_done(s);
	}
	db_close(db);
}

static void
respond(int fd)
{
	static const char prefix[] = "GET /.well-known/acme-challenge/";
	char request[2048] = "", text[256] = "";
	ssize_t n = read(fd, request, sizeof(request) - 1);
	char *token = request + sizeof(prefix) - 1;

	if (n > 0 && strncmp(request, prefix, sizeof(prefix) - 1) == 0) {
		token[strcspn(token, " ")] = '\0';
		lookup(token, text, sizeof(text));
		if (strstr(token + strlen(token) + 1, "Host: wrong.") != NULL)
			snprintf(text, sizeof(text), "another server");
	}
	dprintf(fd,
	    "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
	    text[0] == '\0' ? "404 Not Found" : "200 OK", strlen(text), text);
	close(fd);
}

void
issuing_start(const char *folder)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	log_set_level(LOG_LEVEL_ERROR);
	snprintf(dir, sizeof(dir), "%s", folder);
	/* where an answer is looked up must not depend on the store in use */
	snprintf(store, sizeof(store), "%s/store", dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	issuing_http_port = ntohs(a.sin_port);
	responder = fork();
	assert_true(responder >= 0);
	while (responder == 0) {
		int peer = accept(fd, NULL, NULL);

		if (peer >= 0)
			respond(peer);
	}
	close(fd);
}

void
issuing_stop(void)
{
	pebble_stop_child(&responder);
}

/* --- the keys process ---------------------------------------------------- */

/* One of its own for each run, so that a run may be killed with it. */
struct keys {
	pid_t pid;
	struct channel *channel;
	struct keyring *keyring;
};

static const struct master_keys masters = {.key = {{1, 2, 3}}, .n = 1};

static enum err
on_message(void *ctx, struct channel *c, const struct channel_message *m)
{
	return key_requests_handle(ctx, c, m);
}

static void
on_served_gone(void *ctx, struct channel *c)
{
	(void)ctx;
	(void)c;
	_exit(0);
}

static enum err
on_stray(void *ctx, struct channel *c, const struct channel_message *m)
{
	(void)ctx;
	(void)c;
	(void)m;
	return ERR_OK;
}

static void
on_keys_gone(void *ctx, struct channel *c)
{
	(void)ctx;
	(void)c;
}

static const struct channel_ops keys_ops = {on_message, on_served_gone};
static const struct channel_ops client_ops = {on_stray, on_keys_gone};

static void
serve_keys(int fd)
{
	struct ev_loop *loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	struct channel *c = channel_new(fd, ROLE_KEYS, ROLE_CONTROL, 0,
	    &keys_ops, key_requests_new(&masters));

	channel_start(c, loop);
	ev_run(loop, 0);
	_exit(0);
}

static void
keys_start(struct keys *k)
{
	int fds[2];

	assert_int_equal(channel_pair(fds), ERR_OK);
	k->pid = fork();
	if (k->pid == 0) {
		close(fds[0]);
		serve_keys(fds[1]);
	}
	close(fds[1]);
	k->channel =
	    channel_new(fds[0], ROLE_CONTROL, ROLE_KEYS, 0, &client_ops, k);
	k->keyring = keyring_new(KEYRING_CONTROL_MS);
	keyring_set_channel(k->keyring, k->channel);
}

static void
keys_stop(struct keys *k)
{
	pebble_stop_child(&k->pid);
	keyring_free(k->keyring);
	channel_free(k->channel);
}

/* --- one run of the issuer ----------------------------------------------- */

struct run {
	const struct issuing_plan *plan;
	struct db *db;
	struct issuer *issuer;
	ev_timer patience;
	ev_prepare watch;
	int turns_left, refused, n_issued;
	enum issuing_outcome outcome;
};

/* What the parent wants to know of a failure. */
static void
write_result(const char *code, const char *text, int64_t ms)
{
	char path[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/result", dir);
	f = fopen(path, "w");
	fprintf(f, "%s\n%s\n%lld\n", code, text, (long long)ms);
	fclose(f);
}

static void
finish(struct run *run, enum issuing_outcome outcome)
{
	run->outcome = outcome;
	ev_break(EV_DEFAULT, EVBREAK_ALL);
}

static enum err
on_issued(void *ctx, int64_t order_id, const char *host,
    const struct chain *chain, struct slice sealed, struct fault *unfit)
{
	struct run *run = ctx;
	const struct certificate *leaf = chain->items[0];
	bool is_good = chain->n >= 1 && sealed.n > 0 &&
		       certificate_covers(leaf, slice_str(host)) &&
		       strcmp(leaf->key_type, "ecdsa-p256") == 0;

	if (run->refused++ < run->plan->refusals)
		return ERR_AGAIN;
	if (run->plan->is_unfit) {
		fault_set(unfit, FAULT_A24_CERTIFICATE_UNFIT, "no good here");
		return ERR_TLS;
	}
	if (db_begin(run->db) != ERR_OK ||
	    issuer_close_order(run->db, order_id) != ERR_OK ||
	    db_commit(run->db) != ERR_OK)
		is_good = false;
	if (!is_good || ++run->n_issued > run->plan->n_more)
		finish(run, is_good ? ISSUED : BROKEN);
	return ERR_OK;
}

static void
on_failed(void *ctx, int64_t order_id, const char *host, const struct fault *f,
    int64_t retry_at, bool needs_person)
{
	int64_t in_s = retry_at == 0 ? 0 : retry_at - clock_now();

	(void)order_id;
	(void)host;
	write_result(fault_code_name(f->code), f->text, in_s);
	finish(ctx, needs_person ? NEEDS_PERSON : FAILED);
}

static const struct issuer_ops ops = {
    .on_issued = on_issued, .on_failed = on_failed};

static void
on_patience(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	finish(container_of(w, struct run, patience), TOO_SLOW);
}

static bool
is_in_state(struct db *db, const char *state)
{
	static const char sql[] =
	    "SELECT 1 FROM acme_order WHERE state = ?1 AND ended_at IS NULL";
	struct stmt *s = db_stmt(db, sql);
	enum err e;

	stmt_str(s, 1, state);
	e = stmt_step(s);
	stmt_done(s);
	return e == ERR_OK;
}

/* Before every wait of the loop: the row is written, the request that follows
 * is not sent yet; one turn later it is. */
static void
on_watch(struct ev_loop *loop, ev_prepare *w, int revents)
{
	struct run *run = container_of(w, struct run, watch);

	(void)loop;
	(void)revents;
	if (run->turns_left < 0 && is_in_state(run->db, run->plan->kill_at))
		run->turns_left = run->plan->kill_after_send ? 12 : 0;
	if (run->turns_left == 0) {
		if (run->plan->kill_after_send)
			usleep(200000); /* the CA works on it */
		raise(SIGKILL);
	}
	if (run->turns_left > 0)
		run->turns_left--;
}

static int64_t
needed_at(const struct issuing_plan *plan, int i)
{
	int64_t now = clock_now();

	if (!plan->by_urgency || i % 3 == 1)
		return 0;
	return i % 3 == 0 ? now + 30 * INT64_C(86400) - i : now + 3600 * i;
}

/* More than may be in flight at once: they wait in line. */
static void
order_more(struct run *run)
{
	struct issuer_status status;
	int64_t at;
	char name[32];
	const char *names[] = {name};
	struct order_wish wish = {.names = names, .n_names = 1};

	for (int i = 0; i < run->plan->n_more; i++) {
		wish.needed_at = needed_at(run->plan, i);
		snprintf(name, sizeof(name), "n%d.more.test", i);
		if (issuer_order(run->issuer, &wish, &at, NULL) != ERR_OK)
			finish(run, BROKEN);
	}
	issuer_status(run->issuer, &status);
	if (status.waiting != (size_t)run->plan->n_more + 1)
		finish(run, BROKEN);
}

static void
begin(struct run *run)
{
	const struct issuing_plan *plan = run->plan;
	const struct order_wish wish = {
	    .names = plan->names, .n_names = plan->n_names};
	struct fault f = {0};
	int64_t at;

	issuer_resume(run->issuer);
	if (plan->n_names == 0) {
		struct issuer_status status;

		issuer_status(run->issuer, &status);
		if (status.waiting == 0)
			finish(run, NOTHING);
		return;
	}
	if (issuer_order(run->issuer, &wish, &at, &f) != ERR_OK) {
		write_result(fault_code_name(f.code), f.text, 0);
		finish(run, REFUSED);
		return;
	}
	if (!issuer_has_order(run->issuer, plan->names[0]))
		finish(run, BROKEN);
	order_more(run);
	if (plan->cancel) {
		issuer_cancel(run->issuer, plan->names[0]);
		finish(run, issuer_has_order(run->issuer, plan->names[0])
				? BROKEN
				: ISSUED);
	}
}

static enum issuing_outcome
run_issuer(const struct issuing_plan *plan)
{
	struct run run = {.plan = plan, .turns_left = -1, .outcome = BROKEN};
	struct issuer_config config = {
	    .directory = plan->ca->directory,
	    .email = "ops@example.test",
	    .agree_terms = !plan->no_terms,
	    .ca_file = plan->ca->ca_file,
	    .profile = "",
	    .key_type = "ecdsa-p256",
	    .eab_kid = "",
	    .eab_hmac_key = "",
	    .challenges = {.types = {CHALLENGE_HTTP_01}, .n = 1},
	    .max_orders = plan->by_urgency ? 1 : 5,
	};
	struct fetch_options options = {.user_agent = "towpath-test/0"};
	struct fetch *fetch = fetch_new(EV_DEFAULT, &options);
	struct keys keys;
	struct shared *shared;
	struct fault f = {0};
	int64_t started = clock_mono_ms();
	int fd;

	keys_start(&keys);
	assert_int_equal(shared_create(&fd), ERR_OK);
	assert_int_equal(shared_map(fd, true, &shared), ERR_OK);
	assert_int_equal(db_open(store, DB_WRITE, &run.db, &f), ERR_OK);
	assert_int_equal(db_migrate(run.db, &f), ERR_OK);
	run.issuer = issuer_new(
	    EV_DEFAULT, run.db, shared, keys.keyring, fetch, &config);
	issuer_set_owner(run.issuer, &ops, &run);
	ev_timer_init(&run.patience, on_patience, PATIENCE_S, 0.);
	ev_timer_start(EV_DEFAULT, &run.patience);
	ev_prepare_init(&run.watch, on_watch);
	if (plan->kill_at != NULL)
		ev_prepare_start(EV_DEFAULT, &run.watch);
	begin(&run);
	if (run.outcome == BROKEN)
		ev_run(EV_DEFAULT, 0);
	if (run.outcome == ISSUED)
		write_result("", "", clock_mono_ms() - started);
	issuer_free(run.issuer);
	fetch_free(fetch);
	db_close(run.db);
	shared_unmap(shared);
	keys_stop(&keys);
	return run.outcome;
}

/* The child's exit status, or minus the signal that ended it. */
int
issuing_run(const struct issuing_plan *plan)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		exit((int)run_issuer(plan));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* --- what the store says ------------------------------------------------- */

int64_t
issuing_count(const char *sql)
{
	struct db *db;
	struct stmt *s;
	int64_t n = -1;

	assert_int_equal(db_open(store, DB_READ, &db, NULL), ERR_OK);
	s = db_stmt(db, sql);
	if (stmt_step(s) == ERR_OK)
		n = stmt_get_int(s, 0);
	stmt_done(s);
	db_close(db);
	return n;
}

void
issuing_result(char code[16], char text[ISSUING_TEXT_SIZE], long *number)
{
	char path[160], digits[32];
	FILE *f;

	snprintf(path, sizeof(path), "%s/result", dir);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(code, 16, f));
	assert_non_null(fgets(text, ISSUING_TEXT_SIZE, f));
	assert_non_null(fgets(digits, sizeof(digits), f));
	*number = strtol(digits, NULL, 10);
	fclose(f);
	code[strcspn(code, "\n")] = '\0';
}

int
issuing_fresh_store(void **state)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	char path[160];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		snprintf(path, sizeof(path), "%s%s", store, ends[i]);
		(void)unlink(path);
	}
	return 0;
}
