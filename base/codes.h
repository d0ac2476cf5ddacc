#ifndef BASE_CODES_H
#define BASE_CODES_H
/*
 * Router codes: what went wrong with one request, with the names that Heroku
 * gave them (INTERFACE.md, section 5).  codes.c has the one table; workers log
 * and answer from it, and `towpath help H12` explains from it.
 */
#include <stdbool.h>

enum code {
	CODE_NONE,
	CODE_H10, /* app crashed: every backend is down */
	CODE_H11, /* backlog too deep */
	CODE_H12, /* no first byte in time */
	CODE_H13, /* connection closed without a response */
	CODE_H14, /* it had backends, has none */
	CODE_H15, /* idle connection: the response stopped coming */
	CODE_H17, /* response that is not HTTP */
	CODE_H18, /* response cut short by the backend */
	CODE_H19, /* connecting took too long */
	CODE_H20, /* waited for a first backend */
	CODE_H21, /* connection refused */
	CODE_H22, /* too many active requests */
	CODE_H24, /* the drain ended */
	CODE_H25, /* a response that we may not pass on */
	CODE_H26, /* a request that we may not pass on */
	CODE_H27, /* the client went away */
	CODE_H28, /* the client stopped sending or reading */
	CODE_H31, /* host not covered by the connection's certificate */
	CODE_H80, /* maintenance */
	CODE_H81, /* never had a backend */
	CODE_H99, /* our own trouble */
	CODE_T10, /* no such domain */
	CODE_T11, /* more requests of one client than the app takes */
	CODE_T12, /* the client's address is not let in */
	CODES
};

enum code_level {
	CODE_INFO,
	CODE_WARNING,
	CODE_ERROR
};

struct code_row {
	const char *name; /* "H12" */
	const char *desc; /* "Request timeout" */
	int status;       /* unless the case says another */
	enum code_level level;
	const char *cause; /* how it comes about; no full stop, as in fault.h */
	const char *action; /* what to do: what to type or set */
};

const struct code_row *code_row(enum code code);
enum code code_parse(const char *name);             /* CODE_NONE: unknown */
const char *code_level_text(enum code_level level); /* "error" */

#endif
