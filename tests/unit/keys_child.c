#include "tests/unit/keys_child.h"

#include <sys/wait.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "certs/key_requests.h"

static const struct master_keys masters = {
    .key = {{1, 2, 3}, {4, 5, 6}}, .n = 2};

static enum err
on_message(void *ctx, struct channel *c, const struct channel_message *m)
{
	return key_requests_handle(ctx, c, m);
}

static void
on_closed(void *ctx, struct channel *c)
{
	(void)ctx;
	(void)c;
	_exit(0);
}

static enum err
ignore(void *ctx, struct channel *c, const struct channel_message *m)
{
	(void)ctx;
	(void)c;
	(void)m;
	return ERR_OK;
}

static void
ignore_close(void *ctx, struct channel *c)
{
	(void)ctx;
	(void)c;
}

static const struct channel_ops keys_ops = {on_message, on_closed};
static const struct channel_ops client_ops = {ignore, ignore_close};

void
keys_start(struct keys *k, enum role served)
{
	int fds[2];

	log_set_level(LOG_LEVEL_ERROR);
	if (channel_pair(fds) != ERR_OK)
		abort();
	k->pid = fork();
	if (k->pid == 0) {
		struct ev_loop *loop =
		    ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
		struct channel *c;

		close(fds[0]);
		c = channel_new(fds[1], ROLE_KEYS, served, 0, &keys_ops,
		    key_requests_new(&masters));
		channel_start(c, loop);
		ev_run(loop, 0);
		_exit(0);
	}
	close(fds[1]);
	k->channel = channel_new(fds[0], served, ROLE_KEYS, 0, &client_ops, k);
	if (k->keyring == NULL)
		k->keyring = keyring_new(KEYRING_CONTROL_MS);
	keyring_set_channel(k->keyring, k->channel);
}

void
keys_stop(struct keys *k)
{
	kill(k->pid, SIGKILL);
	waitpid(k->pid, NULL, 0);
	channel_free(k->channel);
}

void
keys_end(struct keys *k)
{
	keys_stop(k);
	keyring_free(k->keyring);
}
