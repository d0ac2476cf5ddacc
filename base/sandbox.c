#include "base/sandbox.h"

#include <sys/mman.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include <linux/prctl.h>

#include "base/mem.h"

#ifdef __SANITIZE_ADDRESS__
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

/* Lists of names, NULL at the end: one that an architecture does not have (it
 * has a newer one instead) is passed over. */

/* Everybody: memory, time, the loop, what is open already. */
static const char *const for_all[] = {"brk", "clock_getres", "clock_gettime",
    "clock_nanosleep", "close", "dup", "dup2", "dup3", "epoll_create1",
    "epoll_ctl", "epoll_pwait", "epoll_wait", "eventfd2", "exit", "exit_group",
    "fcntl", "fstat", "futex", "getegid", "geteuid", "getgid", "getpid",
    "getppid", "getrandom", "getrlimit", "getrusage", "gettid", "gettimeofday",
    "getuid", "lseek", "madvise", "mremap", "munmap", "nanosleep", "pipe2",
    "poll", "ppoll", "pread64", "prlimit64", "pselect6", "read", "readv",
    "recvfrom", "recvmsg", "restart_syscall", "rseq", "rt_sigaction",
    "rt_sigprocmask", "rt_sigreturn", "sched_getaffinity", "sched_yield",
    "select", "sendmsg", "sendto", "set_robust_list", "set_tid_address",
    "shutdown", "sigaltstack", "sysinfo", "tgkill", "time", "timerfd_create",
    "timerfd_settime", "uname", "write", "writev", NULL};

/* Sockets that talk; none of them makes a listening one. */
static const char *const for_sockets[] = {"accept", "accept4", "bind",
    "connect", "getpeername", "getsockname", "getsockopt", "ioctl",
    "setsockopt", NULL};

/* To look at files; opening is a rule of its own. */
static const char *const for_looking[] = {"access", "faccessat", "fstatfs",
    "getcwd", "getdents64", "lstat", "newfstatat", "readlink", "readlinkat",
    "stat", "statfs", "statx", NULL};

/* The store, and what its libraries do with threads and name servers. */
static const char *const for_control[] = {"chdir", "chmod", "chown",
    "copy_file_range", "fallocate", "fchmod", "fchmodat", "fchown", "fchownat",
    "fdatasync", "flock", "fsync", "ftruncate", "get_robust_list", "getgroups",
    "getpriority", "link", "linkat", "memfd_create", "mkdir", "mkdirat", "open",
    "openat", "pwrite64", "pwritev", "recvmmsg", "rename", "renameat",
    "renameat2", "sched_getparam", "sched_getscheduler", "sendfile", "sendmmsg",
    "socket", "socketpair", "symlink", "umask", "unlink", "unlinkat",
    "utimensat", NULL};

/* What libraries try first and do without when the kernel "does not have" it;
 * EPERM would be taken as the answer. */
static const char *const not_there[] = {
    "clone3", "faccessat2", "openat2", "close_range", NULL};

/* The sanitizers' run time: reports, and the leak check in a thread. */
static const char *const for_sanitizers[] = {"clone", "mmap", "mprotect",
    "openat", "open", "readlink", "prctl", "ptrace", "wait4",
    "process_vm_readv", "getdents", "getdents64", "newfstatat", "stat", "kill",
    NULL};

/*
 * The hook's programs inherit its list, and nobody knows what they need: from
 * them only that is taken which no change of a DNS record is made with.
 */
static const char *const not_for_hook[] = {"acct", "add_key", "adjtimex", "bpf",
    "chroot", "clock_adjtime", "clock_settime", "delete_module", "finit_module",
    "fsconfig", "fsmount", "fsopen", "init_module", "io_uring_setup", "ioperm",
    "iopl", "kexec_file_load", "kexec_load", "keyctl", "mknod", "mknodat",
    "mount", "mount_setattr", "move_mount", "name_to_handle_at",
    "open_by_handle_at", "open_tree", "perf_event_open", "pidfd_getfd",
    "pivot_root", "process_vm_readv", "process_vm_writev", "ptrace", "quotactl",
    "reboot", "request_key", "sethostname", "setns", "settimeofday", "swapoff",
    "swapon", "syslog", "umount2", "unshare", "userfaultfd", "vhangup", NULL};

static void
checked(int result)
{
	if (result != 0 && result != -EEXIST)
		die("seccomp: a rule cannot be added: %s", strerror(-result));
}

static void
rule_all(scmp_filter_ctx s, uint32_t action, const char *const *names)
{
	for (; *names != NULL; names++) {
		int number = seccomp_syscall_resolve_name(*names);

		if (number >= 0)
			checked(seccomp_rule_add(s, action, number, 0));
	}
}

static void
allow(scmp_filter_ctx s, const char *const *names)
{
	rule_all(s, SCMP_ACT_ALLOW, names);
}

/* Allows `name` where the bits `mask` of argument `at` are `value`. */
static void
allow_masked(scmp_filter_ctx s, const char *name, unsigned at, uint64_t mask,
    uint64_t value)
{
	int number = seccomp_syscall_resolve_name(name);
	struct scmp_arg_cmp bits =
	    SCMP_CMP(at, SCMP_CMP_MASKED_EQ, mask, value);

	if (number >= 0)
		checked(seccomp_rule_add_array(
		    s, SCMP_ACT_ALLOW, number, 1, &bits));
}

static void
allow_equal(scmp_filter_ctx s, const char *name, unsigned at, uint64_t value)
{
	allow_masked(s, name, at, UINT64_MAX, value);
}

/* No new code: what is mapped executable is there before. */
static void
allow_data_memory(scmp_filter_ctx s)
{
	allow_masked(s, "mmap", 2, PROT_EXEC, 0);
	allow_masked(s, "mprotect", 2, PROT_EXEC, 0);
	allow_equal(s, "prctl", 0, PR_SET_NAME);
	allow_equal(s, "prctl", 0, PR_SET_VMA);
}

static void
allow_reading_files(scmp_filter_ctx s)
{
	const uint64_t writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;

	allow(s, for_looking);
	allow_masked(s, "open", 1, writing, 0);
	allow_masked(s, "openat", 2, writing, 0);
}

static void
allow_stream_sockets(scmp_filter_ctx s)
{
	static const uint64_t families[] = {AF_UNIX, AF_INET, AF_INET6};
	int number = seccomp_syscall_resolve_name("socket");

	allow(s, for_sockets);
	for (size_t i = 0; i < COUNT_OF(families); i++) {
		struct scmp_arg_cmp both[] = {
		    SCMP_CMP(0, SCMP_CMP_EQ, families[i], 0),
		    SCMP_CMP(1, SCMP_CMP_MASKED_EQ, 0xf, SOCK_STREAM)};

		checked(seccomp_rule_add_array(
		    s, SCMP_ACT_ALLOW, number, COUNT_OF(both), both));
	}
}

/* Threads, for libraries that resolve names in one; not processes. */
static void
allow_threads(scmp_filter_ctx s)
{
	allow_masked(s, "clone", 0, CLONE_THREAD, CLONE_THREAD);
}

static void
add_rules(scmp_filter_ctx s, enum role role)
{
	if (role == ROLE_HOOK) {
		rule_all(s, SCMP_ACT_ERRNO(EPERM), not_for_hook);
		return;
	}
	allow(s, for_all);
	rule_all(s, SCMP_ACT_ERRNO(ENOSYS), not_there);
	if (IS_SANITIZED)
		allow(s, for_sanitizers);
	else
		allow_data_memory(s);
	if (role == ROLE_WORKER) {
		if (!IS_SANITIZED)
			allow_reading_files(s);
		allow_stream_sockets(s);
	} else if (role == ROLE_CONTROL) {
		allow(s, for_looking);
		allow(s, for_sockets);
		allow(s, for_control);
		allow_threads(s);
	}
}

void
sandbox_enter(enum role role)
{
	scmp_filter_ctx s = seccomp_init(
	    role == ROLE_HOOK ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM));

	if (s == NULL)
		die("seccomp: no memory");
	/* old libraries ignore what they do not know, which is no loss */
	(void)seccomp_attr_set(s, SCMP_FLTATR_CTL_LOG, 1);
	(void)seccomp_attr_set(s, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	add_rules(s, role);
	if (seccomp_load(s) != 0)
		die("seccomp: the list cannot be loaded");
	seccomp_release(s);
}
