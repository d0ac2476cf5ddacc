#ifndef ROUTER_CONTROL_CUSTOM_COMPARE_H
#define ROUTER_CONTROL_CUSTOM_COMPARE_H
/*
 * What somebody who uploads a certificate may not have noticed: it is no reason
 * to refuse, so it is told as warnings.
 */
#include "base/json.h"
#include "certs/install.h"

/*
 * Adds to warnings: C43 its key is weaker than that of the one it replaces, C44
 * it ends before that one, C39 little of its lifetime is left.  before->number
 * 0: it replaces none.
 */
void custom_compare(const struct installation *before,
    const struct certificate *leaf, int64_t now, json_t *warnings);

#endif
