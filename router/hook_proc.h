#ifndef ROUTER_HOOK_PROC_H
#define ROUTER_HOOK_PROC_H
/*
 * `towpathd: hook`: runs the command of [dns.exec] for control, which may run
 * no program.  It is there only where [dns] provider = exec, runs as control's
 * user, and knows the command from the configuration: what control sends is the
 * change of a record and nothing else, looked at here again.  It reads nothing
 * of the network.
 */
#include <stdint.h>

int hook_main(uint32_t instance); /* returns the exit status */

#endif
