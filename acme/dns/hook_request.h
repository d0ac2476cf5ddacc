#ifndef ACME_DNS_HOOK_REQUEST_H
#define ACME_DNS_HOOK_REQUEST_H
/*
 * MSG_HOOK_RUN: the change of a record that the operator's command is asked to
 * make.  The reader believes nothing: what gets through is safe as an argument
 * and in the environment of a program, whoever wrote it.
 */
#include "acme/dns/provider.h"
#include "base/buf.h"

#define HOOK_TYPE_SIZE 8
#define HOOK_TTL_MAX   (7 * 86400)

struct hook_request {
	enum provider_act act;
	char name[PROVIDER_NAME_SIZE];
	char type[HOOK_TYPE_SIZE];
	char value[PROVIDER_VALUE_SIZE];
	int ttl_s;
};

const char *hook_act_text(enum provider_act act); /* "add" */

void hook_request_write(struct buf *b, const struct provider_change *change);
enum err MUST_USE hook_request_read(
    struct slice body, struct hook_request *out);

#endif
