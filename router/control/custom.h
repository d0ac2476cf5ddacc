#ifndef ROUTER_CONTROL_CUSTOM_H
#define ROUTER_CONTROL_CUSTOM_H
/*
 * A certificate that somebody uploads (INTERFACE.md, "upload"): read from
 * whatever they sent, checked, proved on a real handshake, installed.
 *
 * Owned by: whoever made it.   Freed by: custom_clear.
 */
#include "base/json.h"
#include "certs/keyring.h"
#include "certs/x509/bundle.h"
#include "certs/x509/chain.h"
#include "router/control/domain.h"

struct custom {
	struct chain *chain;
	struct key_new key; /* id, sealed */
	bool trusted;
	struct fault trust;     /* C21, C22, when it is not */
	int64_t certificate_id; /* its row, once installed; 0 before */
	int64_t request;        /* of `certs csr`, whose key it has; 0: none */
};

/* Everything that "certificate", "chain" and "private_key" hold.  C18, C19,
 * C20, C24, P11. */
enum err MUST_USE custom_bundle(
    struct bundle *b, const json_t *upload, struct fault *f);

/*
 * Reads "certificate", "chain", "private_key", "passphrase" and "bypass".
 * Without a private key it takes the one that host has already, of its custom
 * certificate or made by `certs csr`.  C10..C12, C16..C20, C24, C31, C37, C38,
 * C40, P11.
 */
enum err MUST_USE custom_read(struct control *c, const json_t *upload,
    const char *host, struct custom *out, struct fault *f);
void custom_clear(struct custom *u);

/* Checks it for the domain, proves it, installs it; settles the domain; events.
 * Inside a change.  As custom_check; C30, C45. */
enum err MUST_USE custom_install(struct control *c, struct custom *u,
    struct domain *d, const char *by, struct fault *f);

/* For an upload that may not replace: ERR_EXISTS and C25 when the host has a
 * custom certificate. */
enum err MUST_USE custom_refuse_second(
    struct control *c, const char *host, struct fault *f);

/* All of it for one host.  C25 unless may_replace. */
enum err MUST_USE custom_upload(struct control *c, const char *host,
    const json_t *upload, bool may_replace, const char *by, struct fault *f);

#endif
