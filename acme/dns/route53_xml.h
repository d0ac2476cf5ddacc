#ifndef ACME_DNS_ROUTE53_XML_H
#define ACME_DNS_ROUTE53_XML_H
/*
 * The XML of Route 53's API of 2013-04-01: libxml2's door.  Elements are found
 * by their local names, wherever a namespace or an error's odd root puts them.
 * Answers may be from anybody: bounded, no entities, no network.
 */
#include "base/buf.h"

#define ROUTE53_VALUES_MAX 100
#define ROUTE53_XML_MAX    ((size_t)256 * 1024)
#define ROUTE53_ID_SIZE    64

/* One record set as it stands. */
struct route53_set {
	char name[256]; /* lower case, without the last dot */
	char type[16];
	int ttl_s;
	char *values[ROUTE53_VALUES_MAX]; /* as they stand, TXT quoted */
	size_t n_values;
	bool is_special; /* an alias, or with a routing policy: not ours to
			  * change */
};
void route53_set_clear(struct route53_set *s);

/*
 * Answer to hostedzonesbyname: the id ("Z123") of the public zone with exactly
 * this name.  ERR_NOT_FOUND: not among them; ERR_SYNTAX: no such answer.
 */
enum err MUST_USE route53_read_zone(
    struct slice xml, const char *name, char id[ROUTE53_ID_SIZE]);

/* Answer to rrset?name=&type=: the set of that name and type; n_values 0 when
 * there is none. */
enum err MUST_USE route53_read_set(struct slice xml, const char *name,
    const char *type, struct route53_set *out);

/* Of a change: its id ("C123") and whether all servers have it. */
enum err MUST_USE route53_read_change(
    struct slice xml, char id[ROUTE53_ID_SIZE], bool *is_in_sync);

/* Code ("Throttling") and message of an error; ERR_SYNTAX: no such answer. */
enum err MUST_USE route53_read_error(struct slice xml, char *code,
    size_t code_size, char *message, size_t message_size);

/* The body of a change: UPSERT of the set or, when it has no values left,
 * DELETE of what it was. */
enum err MUST_USE route53_write_change(struct buf *b,
    const struct route53_set *was, const struct route53_set *set);

#endif
