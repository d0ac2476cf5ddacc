#include "router/control/peer.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/slice.h"

#define GROUPS_MAX 65536 /* NGROUPS_MAX */

static bool
is_in_groups(int fd, gid_t group)
{
	socklen_t size = 64 * sizeof(gid_t);
	gid_t *groups = xmalloc(size);
	bool found = false;

	/* ERANGE tells the size that is needed */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) != 0 &&
	    size <= GROUPS_MAX * sizeof(gid_t)) {
		groups = xrealloc(groups, size);
		if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) !=
		    0)
			size = 0;
	}
	for (size_t i = 0; i < size / sizeof(gid_t); i++)
		found = found || groups[i] == group;
	free(groups);
	return found;
}

/* The number behind "KEY:\t" in /proc/PID/status; -1 when there is none. */
static long
status_number(struct slice text, const char *key)
{
	struct slice line;
	uint64_t n;

	while (slice_cut(&text, '\n', &line))
		if (slice_starts_with(line, slice_str(key)) &&
		    slice_to_u64(slice_trim(slice_from(line, strlen(key))),
			&n) == ERR_OK)
			return (long)n;
	return -1;
}

/*
 * A child of our parent under a seccomp filter is one of towpath's processes.
 * The filter counts too because in a container everything orphaned becomes a
 * child of process 1, which may be towpathd.
 */
static bool
is_sibling(pid_t pid, pid_t parent)
{
	char path[64], text[4096];
	struct slice status;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text));
	close(fd);
	if (n <= 0)
		return false;
	status = slice_of(text, (size_t)n);
	return status_number(status, "PPid:") == parent &&
	       status_number(status, "Seccomp:") == 2;
}

enum err
peer_read(int fd, const struct peer_policy *policy, struct peer *out)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);

	*out = (struct peer){0};
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) != 0)
		return ERR_IO;
	out->uid = cred.uid;
	out->gid = cred.gid;
	out->pid = cred.pid;
	out->is_member =
	    policy->has_group &&
	    (cred.gid == policy->group || is_in_groups(fd, policy->group));
	out->is_ours = is_sibling(cred.pid, policy->parent);
	return ERR_OK;
}

enum err
peer_check(
    const struct peer *p, const struct peer_policy *policy, struct fault *f)
{
	if (p->is_ours || (policy->has_edge && p->uid == policy->edge)) {
		fault_set(f, FAULT_P15_NOT_PERMITTED,
		    "towpath's own workers may not use the API");
		return ERR_DENIED;
	}
	if (p->uid == 0 || p->uid == policy->own || p->is_member)
		return ERR_OK;
	fault_set(f, FAULT_P15_NOT_PERMITTED,
	    "User %u may not use the control socket", (unsigned)p->uid);
	return ERR_DENIED;
}
