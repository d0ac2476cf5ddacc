#ifndef BASE_HTTP1_JUDGE_H
#define BASE_HTTP1_JUDGE_H
/*
 * What a head's fields mean: who is asked, where the body ends, whether the
 * connection lives on.  A pure function of the start line and the fields, and
 * the place of our refusals that are about meaning (RFC 9112, section 6; RFC
 * 9110, sections 7 and 8).
 */
#include "base/http1.h"

/*
 * Fills host, content_length, is_chunked, keep_alive, expects_continue,
 * is_upgrade, has_body and until_close of a head whose start line and fields
 * are there.  `was_head`: the response answers a HEAD.
 */
enum http1_cause MUST_USE http1_judge(struct http1_head *head, bool was_head);

#endif
