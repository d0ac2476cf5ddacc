#ifndef BASE_ERR_H
#define BASE_ERR_H
/*
 * The one error type.  A function that can fail because of the outside world
 * returns enum err; 0 is good, results go out through pointers.  Where a human
 * will read the reason the function also takes a struct fault (base/fault.h).
 * Bugs are asserted, lack of memory dies: neither has a code.
 */
enum err {
	ERR_OK = 0,
	ERR_AGAIN,     /* not now: more bytes, room or time are needed */
	ERR_CLOSED,    /* the other side ended in good order */
	ERR_TIMEOUT,   /* a deadline passed */
	ERR_TOO_BIG,   /* a stated limit would be exceeded */
	ERR_SYNTAX,    /* bytes that are not what they should be */
	ERR_DENIED,    /* not allowed */
	ERR_NOT_FOUND, /* no such thing; the end of a list */
	ERR_EXISTS,    /* already there */
	ERR_PEER,      /* the other side broke the rules or went away */
	ERR_TLS,       /* cryptography said no */
	ERR_IO,        /* the operating system said no; errno was logged */
};

#define MUST_USE          __attribute__((warn_unused_result))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* A short lower-case word for logs: "timeout".  Never NULL. */
const char *err_name(enum err e);

#endif
