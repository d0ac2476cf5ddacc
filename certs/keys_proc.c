#include "certs/keys_proc.h"

#include <sys/resource.h>
#include <sys/syscall.h>

#include <stdint.h>
#include <unistd.h>

#include "base/child.h"
#include "certs/key_requests.h"
#include "certs/key_sign.h"

#define MASTER_FILE_MAX 4096
#define SLICE_NS        100000 /* the shortest that the kernel takes */

struct keys {
	struct child *child;
	struct key_requests *requests;
	struct channel *served; /* the worker, or control */
};

static enum err
read_masters(int fd, struct master_keys *out, struct fault *f)
{
	char text[MASTER_FILE_MAX];
	ssize_t n;
	enum err e;

	/* several processes share the open file: its position belongs to none
	 */
	n = pread(fd, text, sizeof(text), 0);
	if (n < 0) {
		fault_set(f, FAULT_S15_MASTER_KEY_BAD,
		    "The master key file cannot be read");
		return ERR_IO;
	}
	e = master_keys_read(slice_of(text, (size_t)n), out, f);
	explicit_bzero(text, sizeof(text));
	return e;
}

static enum err
on_setup(
    void *ctx, struct slice config, int *fds, size_t n_fds, struct fault *f)
{
	struct keys *k = ctx;
	struct master_keys masters;
	enum err e;

	(void)config;
	if (n_fds != 1) {
		fault_set(f, FAULT_S25_INTERNAL, "no master key was given");
		return ERR_SYNTAX;
	}
	e = read_masters(fds[0], &masters, f);
	if (e == ERR_OK)
		k->requests = key_requests_new(&masters);
	explicit_bzero(&masters, sizeof(masters));
	return e;
}

static enum err
on_message(void *ctx, struct channel *c, const struct channel_message *m)
{
	struct keys *k = ctx;

	return key_requests_handle(k->requests, c, m);
}

/* Without the one it serves and without a parent that would bring another,
 * nobody can ask anything any more. */
static void
exit_if_alone(struct keys *k)
{
	if (child_is_orphan(k->child) &&
	    (k->served == NULL || !channel_is_open(k->served) ||
		channel_peer(k->served) == ROLE_CONTROL))
		child_exit(k->child, 0);
}

static void
on_closed(void *ctx, struct channel *c)
{
	(void)c;
	exit_if_alone(ctx);
}

static void
on_peer(void *ctx, enum role role, uint32_t instance, int fd)
{
	static const struct channel_ops ops = {on_message, on_closed};
	struct keys *k = ctx;

	channel_free(k->served);
	k->served = channel_new(fd, ROLE_KEYS, role, instance, &ops, k);
	channel_start(k->served, child_loop(k->child));
}

static enum err
on_start(void *ctx, struct fault *f)
{
	(void)ctx;
	(void)f;
	return ERR_OK;
}

static void
on_orphaned(void *ctx)
{
	exit_if_alone(ctx);
}

/*
 * A worker waits for every signature: on a machine that is too busy, keys
 * should not queue behind all that is to run.  A short slice of time says so to
 * the kernel (6.12 and later; it needs no rights and takes nothing from anyone
 * in sum).  Older kernels look at nothing but `nice` here, which stays.
 */
static void
ask_to_be_run_soon(void)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} attributes = {.size = 48,
	    .nice = getpriority(PRIO_PROCESS, 0),
	    .runtime = SLICE_NS};

	(void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}

int
keys_main(uint32_t instance)
{
	static const struct child_ops ops = {
	    .on_setup = on_setup,
	    .on_peer = on_peer,
	    .on_start = on_start,
	    .on_orphaned = on_orphaned,
	};
	struct keys k = {0};
	int status;

	ask_to_be_run_soon();
	key_signing_set_up();
	k.child = child_new(ROLE_KEYS, instance, &ops, &k);
	status = child_run(k.child);
	channel_free(k.served);
	key_requests_free(k.requests);
	child_free(k.child);
	return status;
}
