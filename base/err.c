#include "base/err.h"

const char *
err_name(enum err e)
{
	static const char *const names[] = {
	    [ERR_OK] = "ok",
	    [ERR_AGAIN] = "again",
	    [ERR_CLOSED] = "closed",
	    [ERR_TIMEOUT] = "timeout",
	    [ERR_TOO_BIG] = "too big",
	    [ERR_SYNTAX] = "syntax",
	    [ERR_DENIED] = "denied",
	    [ERR_NOT_FOUND] = "not found",
	    [ERR_EXISTS] = "exists",
	    [ERR_PEER] = "peer",
	    [ERR_TLS] = "tls",
	    [ERR_IO] = "io",
	};

	if ((unsigned)e >= sizeof(names) / sizeof(names[0]))
		return "unknown";
	return names[e];
}
