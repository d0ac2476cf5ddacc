#include "base/messages.h"

#include <stddef.h>

#define TO(role) (1u << (role))

/* Who may send each message, and to whom: a set of receivers per sender. */
struct row {
	const char *name;
	unsigned to[ROLES];
};

/* clang-format off */
static const struct row table[MESSAGES] = {
	[MSG_SETUP]      = {"SETUP", {[ROLE_PARENT] = TO(ROLE_CONTROL) | TO(ROLE_KEYS) | TO(ROLE_WORKER) | TO(ROLE_HOOK)}},
	[MSG_PEER]       = {"PEER", {[ROLE_PARENT] = TO(ROLE_CONTROL) | TO(ROLE_KEYS) | TO(ROLE_WORKER) | TO(ROLE_HOOK)}},
	[MSG_START]      = {"START", {[ROLE_PARENT] = TO(ROLE_CONTROL) | TO(ROLE_KEYS) | TO(ROLE_WORKER) | TO(ROLE_HOOK)}},
	[MSG_DRAIN]      = {"DRAIN", {[ROLE_PARENT] = TO(ROLE_CONTROL) | TO(ROLE_KEYS) | TO(ROLE_WORKER) | TO(ROLE_HOOK)}},
	[MSG_REOPEN]     = {"REOPEN", {[ROLE_PARENT] = TO(ROLE_WORKER)}},
	[MSG_LEVEL]      = {"LEVEL", {[ROLE_PARENT] = TO(ROLE_CONTROL) | TO(ROLE_KEYS) | TO(ROLE_WORKER) | TO(ROLE_HOOK)}},
	[MSG_CONFIG]     = {"CONFIG", {[ROLE_PARENT] = TO(ROLE_WORKER)}},
	[MSG_LISTEN]     = {"LISTEN", {[ROLE_PARENT] = TO(ROLE_WORKER)}},
	[MSG_RESTARTS]   = {"RESTARTS", {[ROLE_PARENT] = TO(ROLE_CONTROL)}},
	[MSG_READY]      = {"READY", {[ROLE_CONTROL] = TO(ROLE_PARENT), [ROLE_KEYS] = TO(ROLE_PARENT), [ROLE_WORKER] = TO(ROLE_PARENT), [ROLE_HOOK] = TO(ROLE_PARENT)}},
	[MSG_FAILED]     = {"FAILED", {[ROLE_CONTROL] = TO(ROLE_PARENT), [ROLE_KEYS] = TO(ROLE_PARENT), [ROLE_WORKER] = TO(ROLE_PARENT), [ROLE_HOOK] = TO(ROLE_PARENT)}},
	[MSG_KEY_LOAD]   = {"KEY_LOAD", {[ROLE_CONTROL] = TO(ROLE_KEYS), [ROLE_WORKER] = TO(ROLE_KEYS)}},
	[MSG_KEY_SIGN]   = {"KEY_SIGN", {[ROLE_CONTROL] = TO(ROLE_KEYS), [ROLE_WORKER] = TO(ROLE_KEYS)}},
	[MSG_KEY_MAKE]   = {"KEY_MAKE", {[ROLE_CONTROL] = TO(ROLE_KEYS)}},
	[MSG_KEY_IMPORT] = {"KEY_IMPORT", {[ROLE_CONTROL] = TO(ROLE_KEYS)}},
	[MSG_KEY_CSR]    = {"KEY_CSR", {[ROLE_CONTROL] = TO(ROLE_KEYS)}},
	[MSG_KEY_EXPORT] = {"KEY_EXPORT", {[ROLE_CONTROL] = TO(ROLE_KEYS)}},
	[MSG_KEY_DROP]   = {"KEY_DROP", {[ROLE_CONTROL] = TO(ROLE_KEYS)}},
	[MSG_HOST_STATS] = {"HOST_STATS", {[ROLE_CONTROL] = TO(ROLE_WORKER)}},
	[MSG_APP_STATS]  = {"APP_STATS", {[ROLE_CONTROL] = TO(ROLE_WORKER)}},
	[MSG_BACKEND_STATS] = {"BACKEND_STATS", {[ROLE_CONTROL] = TO(ROLE_WORKER)}},
	[MSG_LOGS]       = {"LOGS", {[ROLE_CONTROL] = TO(ROLE_WORKER)}},
	[MSG_LOGS_END]   = {"LOGS_END", {[ROLE_CONTROL] = TO(ROLE_WORKER)}},
	[MSG_EXPLAIN]    = {"EXPLAIN", {[ROLE_CONTROL] = TO(ROLE_WORKER)}},
	[MSG_HOOK_RUN]   = {"HOOK_RUN", {[ROLE_CONTROL] = TO(ROLE_HOOK)}},
};
/* clang-format on */

const char *
role_name(enum role r)
{
	static const char *const names[ROLES] = {
	    [ROLE_PARENT] = "parent",
	    [ROLE_CONTROL] = "control",
	    [ROLE_KEYS] = "keys",
	    [ROLE_WORKER] = "worker",
	    [ROLE_HOOK] = "hook",
	};

	return (unsigned)r < ROLES ? names[r] : "?";
}

const char *
message_name(enum message m)
{
	if (m == MSG_ANSWER)
		return "ANSWER";
	if (m == MSG_REFUSAL)
		return "REFUSAL";
	if ((unsigned)m >= MESSAGES || table[m].name == NULL)
		return "?";
	return table[m].name;
}

bool
message_allowed(enum message m, enum role from, enum role to)
{
	if ((unsigned)from >= ROLES || (unsigned)to >= ROLES)
		return false;
	if (m == MSG_ANSWER || m == MSG_REFUSAL)
		return true;
	if ((unsigned)m >= MESSAGES || table[m].name == NULL)
		return false;
	return (table[m].to[from] & TO(to)) != 0;
}
