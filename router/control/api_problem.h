#ifndef ROUTER_CONTROL_API_PROBLEM_H
#define ROUTER_CONTROL_API_PROBLEM_H
/*
 * What the API answers when it does not do what was asked: a problem document
 * (RFC 9457) that carries the fault.
 */
#include "base/buf.h"
#include "base/fault.h"

#define API_PROBLEM_TYPE "application/problem+json"

/* Of the answer; 500 for a fault that was never set. */
int api_problem_status(const struct fault *f);

/* {"type", "title", "status", "detail", "code", "action"}, added to out. */
void api_problem_write(const struct fault *f, struct buf *out);

#endif
