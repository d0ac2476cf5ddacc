#ifndef ROUTER_CONTROL_CONFIG_CHANGE_H
#define ROUTER_CONTROL_CONFIG_CHANGE_H
/*
 * Many an action says "set this in towpath.conf, then reload".  Whoever did so
 * waits for no back-off: when [acme], [acme.fallback], [dns] or [platform] is
 * another than at the last start, domains with a fault that they can cure are
 * looked at again at once.
 */
struct control;

/* When control starts, before the scheduler.  A store that cannot be written
 * now leaves it to the next start. */
void config_change_follow(struct control *c);

#endif
