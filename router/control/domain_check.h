#ifndef ROUTER_CONTROL_DOMAIN_CHECK_H
#define ROUTER_CONTROL_DOMAIN_CHECK_H
/*
 * Does a name reach us?  Asks DNS for it and for what customers are told to
 * point it at, asks behind addresses that are not ours (probe.h), judges
 * (acme/dns/reach.h), and writes what was seen down (diagnosis.h).
 *
 * Owned by: control.   Freed by: checks_free, before the dns.
 */
#include "router/control/diagnosis.h"

#define CHECKS_MAX 64 /* at once */

struct control;
struct checks;

struct checks *checks_new(struct control *c);
void checks_free(struct checks *ch);

/* Looks, unless a look is under way already or there is no room: the scheduler
 * comes back to it then. */
void checks_start(struct control *c, const char *host);
size_t checks_room(const struct control *c); /* looks that may begin */

/*
 * Looks now, or joins a look under way, at CAA records too; `done` is called
 * once, from the loop, after what was seen is committed.  S20: too many at
 * once.
 */
typedef void check_done(void *ctx, const struct diagnosis *d);
enum err MUST_USE checks_ask(struct control *c, const char *host,
    check_done *done, void *ctx, struct fault *f);

struct diagnoses *checks_diagnoses(const struct control *c);

/* The records to set for a host nobody has looked at; the caller frees. */
char *checks_records(struct control *c, const char *host);

#endif
