/* The part of base/proc.h that starts children and gives up privileges. */
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <assert.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/capability.h>

#include "base/log.h"
#include "base/proc.h"

#define EXIT_NOT_STARTED 71
#define PROGRAM_FD       (PROC_CHANNEL_FD + 1)

#define CAPABILITY(name) (UINT64_C(1) << (name))

/* capset(2) has no wrapper in libc, and one call is no reason for libcap. */
static int
set_capabilities(uint64_t permitted)
{
	struct __user_cap_header_struct header = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
	    {.effective = (uint32_t)permitted,
		.permitted = (uint32_t)permitted},
	    {.effective = (uint32_t)(permitted >> 32),
		.permitted = (uint32_t)(permitted >> 32)},
	};

	return (int)syscall(SYS_capset, &header, data);
}

void
proc_limit_parent(void)
{
	const uint64_t kept = CAPABILITY(CAP_SETUID) | CAPABILITY(CAP_SETGID) |
			      CAPABILITY(CAP_NET_BIND_SERVICE) |
			      CAPABILITY(CAP_KILL);

	if (geteuid() != 0)
		return;
	for (int i = 0; i <= CAP_LAST_CAP; i++)
		if ((kept & CAPABILITY(i)) == 0)
			(void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	if (set_capabilities(kept) != 0)
		log_warning("capabilities cannot be given up: %m");
}

void
proc_reset_signals(void)
{
	struct sigaction plain = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &plain, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Above what the three standard ones and the channel are moved to. */
static bool
move_up(int *fd)
{
	*fd = fcntl(*fd, F_DUPFD_CLOEXEC, PROGRAM_FD);
	return *fd >= 0;
}

/* 0 and 1 lead nowhere, 2 is the log, 3 the channel, 4 the program until it
 * runs; nothing else is open. */
static bool
arrange_descriptors(int channel_fd, int program)
{
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (!move_up(&channel_fd) || !move_up(&program))
		return false;

	if (nowhere < 0 || dup2(nowhere, STDIN_FILENO) < 0 ||
	    dup2(nowhere, STDOUT_FILENO) < 0)
		return false;
	if (dup2(channel_fd, PROC_CHANNEL_FD) < 0)
		return false;
	/* dup3 refuses to do nothing */
	if (program != PROGRAM_FD && dup3(program, PROGRAM_FD, O_CLOEXEC) < 0)
		return false;
	return close_range(PROGRAM_FD + 1, ~0U, 0) == 0;
}

bool
proc_drop(const struct proc_user *user)
{
	if (user->drop && (initgroups(user->name, user->gid) != 0 ||
			      setresgid(user->gid, user->gid, user->gid) != 0 ||
			      setresuid(user->uid, user->uid, user->uid) != 0))
		return false;
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0UL, 0UL, 0UL);
	return set_capabilities(0) == 0;
}

static _Noreturn void
become(int program, enum role role, uint32_t instance, int channel_fd,
    const struct proc_user *user)
{
	char name[16], number[16];
	char *const argv[] = {"towpathd", "--child", name, number, NULL};

	(void)snprintf(name, sizeof(name), "%s", role_name(role));
	(void)snprintf(number, sizeof(number), "%u", instance);
	proc_reset_signals();
	if (!arrange_descriptors(channel_fd, program) || !proc_drop(user)) {
		log_error("%s %u cannot be started: %m", name, instance);
		_exit(EXIT_NOT_STARTED);
	}
	(void)fexecve(PROGRAM_FD, argv, environ);
	log_error("%s %u cannot be started: %m", name, instance);
	_exit(EXIT_NOT_STARTED);
}

enum err
proc_spawn(int program, enum role role, uint32_t instance, int channel_fd,
    const struct proc_user *user, pid_t *pid)
{
	assert(channel_fd > STDERR_FILENO);
	*pid = fork();
	if (*pid == 0)
		become(program, role, instance, channel_fd, user);
	if (*pid < 0) {
		log_error("fork: %m");
		return ERR_IO;
	}
	return ERR_OK;
}

int
proc_program(void)
{
	return open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
}

static _Noreturn void
become_any(
    char *const argv[], char *const set[], const int *kept, size_t n_kept)
{
	int nowhere = open("/dev/null", O_RDONLY | O_CLOEXEC);

	proc_reset_signals();
	(void)setpgid(0, 0);
	(void)dup2(nowhere, STDIN_FILENO);
	(void)dup2(STDERR_FILENO, STDOUT_FILENO);
	for (size_t i = 0; i < n_kept; i++)
		(void)fcntl(kept[i], F_SETFD, 0);
	for (; *set != NULL; set++)
		(void)putenv(*set);
	execv(argv[0], argv);
	log_error("%s: %m", argv[0]);
	_exit(EXIT_NOT_STARTED);
}

enum err
proc_try(char *const argv[], char *const set[], const int *kept, size_t n_kept,
    pid_t *pid)
{
	*pid = fork();
	if (*pid == 0)
		become_any(argv, set, kept, n_kept);
	if (*pid < 0) {
		log_error("fork: %m");
		return ERR_IO;
	}
	(void)setpgid(*pid, *pid); /* who comes first; both want the same */
	return ERR_OK;
}
