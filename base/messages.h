#ifndef BASE_MESSAGES_H
#define BASE_MESSAGES_H
/*
 * Every message between towpath's processes, and who may send it to whom.
 * A receiver drops the channel of a sender whose message is not in the table
 * (message_allowed) or does not decode; it never dies of it.
 *
 * A request carries a number; its answer is MSG_ANSWER (the fields named
 * below) or MSG_REFUSAL (a fault) with the same number.  `-> x` marks one that
 * is answered.  Fields are listed in the order of base/wire.h calls.
 *
 * During an upgrade a parent of one version has children of another: what it
 * says to them, and they to it, keeps its number and its fields for ever, and
 * what is added to these two groups is added at the end of all.
 */
#include <stdbool.h>
#include <stdint.h>

/* Of one towpathd at the same time: who serves, and who drains since it was
 * replaced. */
#define GENERATIONS_MAX 4

enum role {
	ROLE_PARENT,
	ROLE_CONTROL,
	ROLE_KEYS,
	ROLE_WORKER,
	ROLE_HOOK, /* runs the command of [dns.exec]; where it is configured */
	ROLES      /* how many */
};

const char *role_name(enum role r); /* "control" */

enum message {
	MSG_ANSWER = 1, /* any -> any: fields as the request says */
	MSG_REFUSAL,    /* any -> any: fault */

	/* parent -> child */
	MSG_SETUP,  /* u32 instance, u32 generation, bytes config
		     * (router/config.h), then per role; descriptors in this
		     * order:
		     *   control: shared memfd, control socket (listening),
		     *            limits memfd, stats memfd, then the
		     *            listeners for metrics
		     *   keys:    master key file
		     *   worker:  shared memfd (read-only), stats memfd,
		     *            limits memfd, access log (if any)
		     *   hook:    none */
	MSG_PEER,   /* u8 role, u32 instance (a worker's seat,
		     * router/config.h); fd: a fresh channel to that peer,
		     * replacing an older one */
	MSG_START,  /* every peer is there: enter the sandbox and serve */
	MSG_DRAIN,  /* u32 ms, u8 is replaced: stop accepting, finish what is
		     * open, exit; again: another ms from now on */
	MSG_REOPEN, /* worker; fd: the access log, opened again */
	MSG_LEVEL,  /* u8 log level from now on (base/log.h) */
	MSG_CONFIG, /* worker; bytes config, from now on */
	MSG_LISTEN, /* worker; u32 n, n times u32 id, u8 is TLS; fds: one for
		     * each.  Accept on these from now on: what is not among
		     * them is closed, after who waits there */

	MSG_RESTARTS, /* control; u32 n, n times u64: how often a process of
		       * role i died and was started again */

	/* child -> parent */
	MSG_READY,  /* serving */
	MSG_FAILED, /* fault: cannot start; the child exits 2 */

	/* worker, control -> keys.  `sealed` is certs/seal.h's text. */
	MSG_KEY_LOAD, /* u64 id, u8 purpose, bytes sealed -> u8 pk algorithm,
		       * u32 bits, bytes SubjectPublicKeyInfo */
	MSG_KEY_SIGN, /* u64 id, u8 how (0 data, 1 hash), u32 gnutls sign
		       * algorithm, u32 flags, bytes input -> bytes signature */

	/* control -> keys */
	MSG_KEY_MAKE,   /* u8 purpose, str key type ("ecdsa-p256", "rsa-2048")
			 * -> u64 id (loaded), bytes sealed, bytes SPKI */
	MSG_KEY_IMPORT, /* u8 purpose, bytes file, str passphrase -> u64 id
			 * (loaded), bytes sealed, bytes SPKI, str key type,
			 * u32 n, n times bytes certificate DER (PKCS#12) */
	MSG_KEY_CSR,    /* u64 id, str subject DN ("": CN = first name), u32 n,
			 * n times str name -> bytes DER */
	MSG_KEY_EXPORT, /* u8 purpose, bytes sealed -> bytes PKCS#8 PEM */
	MSG_KEY_DROP,   /* u64 id: forget it -> (nothing) */

	/* control -> worker */
	MSG_HOST_STATS,    /* u32 n, n times str host -> n times u64 requests
			    * of the last 24 h that this worker served */
	MSG_APP_STATS,     /* u32 skip -> u32 n, n times str name (of a router
			    * code, by number), traffic of all, u32 apps known,
			    * u32 n, n times: str app, traffic; the latest used
			    * first, behind those to skip.  Traffic: u64 active,
			    * then totals and recent of base/traffic.h */
	MSG_BACKEND_STATS, /* str app -> u32 n, n times: str backend, u64
			    * requests, failures, connect failures,
			    * milliseconds of service, active */
	MSG_LOGS,     /* u32 id, filter (base/log_filter.h), u32 last -> u64
		       * missed, u32 n, n times: i64 ms, bytes line.  The
		       * lines that matched since the last such message with
		       * this id; at first, and always with id 0, the `last`
		       * in memory.  Who follows asks every few seconds */
	MSG_LOGS_END, /* u32 id: nobody follows any more */
	MSG_EXPLAIN,  /* str request id -> u8 found, and if so: i64 ms, bytes
		       * line, str sni, i64 certificate, str rule, u32 n, n
		       * times: str backend, str code, u32 ms */

	/* control -> hook */
	MSG_HOOK_RUN, /* u8 act, str name, str type, str value, u32 ttl
		       * (acme/dns/hook_request.h) -> (nothing); the command is
		       * the hook's own, from its configuration */

	MESSAGES /* one past the last */
};

const char *message_name(enum message m); /* "KEY_SIGN", "?" */

/* Whether `from` may send m to `to`; MSG_ANSWER and MSG_REFUSAL always may,
 * and count only where a request is open. */
bool message_allowed(enum message m, enum role from, enum role to);

#endif
