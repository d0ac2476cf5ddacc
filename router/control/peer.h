#ifndef ROUTER_CONTROL_PEER_H
#define ROUTER_CONTROL_PEER_H
/*
 * Who is at the other end of the control socket, as the kernel knows it, and
 * whether they may use it: root, our own user and members of the configured
 * group may; a process of towpath itself may not, whatever its user, so that a
 * worker that was taken over has no power over the control plane.
 */
#include <sys/types.h>

#include "base/fault.h"

struct peer_policy {
	uid_t own;
	bool has_group;
	gid_t group;   /* [control] group */
	bool has_edge; /* workers have a user of their own... */
	uid_t edge;    /* ...this one, and it is refused */
	pid_t parent;  /* of control, and of the workers */
};

struct peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
	bool is_member; /* of the policy's group, by any of its groups */
	bool is_ours;   /* a sandboxed child of our own parent */
};

/* Asks the kernel about a connected Unix socket.  ERR_IO. */
enum err MUST_USE peer_read(
    int fd, const struct peer_policy *policy, struct peer *out);

/* ERR_DENIED and P15. */
enum err MUST_USE peer_check(
    const struct peer *p, const struct peer_policy *policy, struct fault *f);

#endif
