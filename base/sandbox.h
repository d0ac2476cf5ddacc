#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H
/*
 * A role's seccomp allow-list, libseccomp's only door.  Entered after
 * everything that needs opening is open.  A call outside the list fails with
 * EPERM (and is logged once by the kernel): a bug costs one function, not the
 * site.  Keys: no socket, no open, no exec.  Worker: no open for writing, no
 * listen, no exec, connect and accept only on stream sockets.  Control: no
 * exec, no ptrace, no mount.  Hook: the other way round, for it runs the
 * operator's programs: no ptrace, mount, module, key ring, namespace or clock,
 * and the rest is open to them as far as their user goes.
 */
#include "base/messages.h"

/* Ends the process when the list cannot be loaded.  Under sanitizers the list
 * also has what their run time needs. */
void sandbox_enter(enum role role);

#endif
