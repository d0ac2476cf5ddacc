#ifndef ROUTER_CONTROL_CONTROL_PROC_H
#define ROUTER_CONTROL_CONTROL_PROC_H
/*
 * `towpathd: control`: owner of the store and its only writer.  Answers the
 * API, looks at DNS, obtains certificates, keeps the schedules.
 */
#include <stdint.h>

int control_main(uint32_t instance); /* returns the exit status */

#endif
