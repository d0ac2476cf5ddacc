#ifndef ROUTER_HOOK_COMMAND_H
#define ROUTER_HOOK_COMMAND_H
/*
 * One run of the operator's command ([dns.exec] command):
 *
 *     PROGRAM [ARGS] ACTION NAME TYPE VALUE TTL
 *
 * without a shell.  The same is in TOWPATH_ACTION, _NAME, _TYPE, _VALUE and
 * _TTL; else it has the daemon's environment.  Standard input and output lead
 * nowhere; of what it writes to standard error the first line is kept, and the
 * rest is read and forgotten.  It has a process group of its own, which is
 * ended with it when it takes too long.
 *
 * Owned by: the hook.   Freed by: its end, or hook_command_kill.
 */
#include <ev.h>

#include "acme/dns/hook_request.h"
#include "base/fault.h"

struct hook_command;

/* Once, never from within hook_command_run.  f NULL: it ended with 0.  D30: it
 * ended otherwise; D31: it did not end in time or could not be started. */
typedef void hook_command_done(void *ctx, const struct fault *f);

/* command is PROGRAM [ARGS], words between blanks. */
struct hook_command *hook_command_run(struct ev_loop *loop, const char *command,
    const struct hook_request *request, int timeout_ms, hook_command_done *done,
    void *ctx);
/* done is not called. */
void hook_command_kill(struct hook_command *c);

#endif
