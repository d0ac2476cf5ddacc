#ifndef ACME_ORDER_H
#define ACME_ORDER_H
/*
 * One order (RFC 8555, 7.4) from newOrder to the certificate, sans-I/O: what is
 * to be done next follows from where it stands and what the CA answered last.
 * The owner (acme/issuance.h) does it and tells the outcome:
 *
 *     order_next -> ORDER_REQUEST   sign and send it, then order_answer
 *                   ORDER_WAIT      ask again in wait_ms
 *                   ORDER_PUBLISH   make order_challenge visible to the CA,
 *                                   then order_published
 *                   ORDER_MAKE_CSR  make one, then order_take_csr
 *                   ORDER_TAKE      order->certificate is there
 *                   ORDER_GIVE_UP   order->problem says why
 *
 * When order->is_changed, state and URLs are to be written down (and the flag
 * lowered) before the next step is taken.
 *
 * Owned by: issuance.   Freed by: order_free.
 */
#include "acme/challenge.h"
#include "base/buf.h"

#define ORDER_NAMES_MAX   100
#define ORDER_PAYLOAD_MAX ((size_t)128 * 1024)
#define ORDER_TIME_MAX_MS 600000  /* for the whole of it, from order_new */
#define ORDER_TOLD_MAX_MS 3600000 /* with all that the CA told to wait */
#define ORDER_CHAINS_MAX  8
#define ORDER_POLL_MIN_MS 50   /* first pause between two questions... */
#define ORDER_POLL_MAX_MS 5000 /* ...which doubles up to this */

enum order_state {
	ORDER_NEW,         /* not known to the CA */
	ORDER_OPEN,        /* known; where it stands is to be asked */
	ORDER_AUTHORIZING, /* each authorization is read, its challenge... */
	ORDER_PUBLISHING,  /* ...made visible... */
	ORDER_CHALLENGING, /* ...and posted */
	ORDER_VALIDATING,  /* the CA looks; each authorization is polled */
	ORDER_READY,       /* a key and a CSR are to be made */
	ORDER_FINALIZING,  /* the CSR is sent */
	ORDER_PROCESSING,  /* the CA signs; the order is polled */
	ORDER_DOWNLOADING,
	ORDER_CHOOSING, /* the other chains are looked at */
	ORDER_ISSUED,
	ORDER_FAILED,
};

/* "validating": what the store has in acme_order.state. */
const char *order_state_text(enum order_state s);

enum order_step {
	ORDER_REQUEST,
	ORDER_WAIT,
	ORDER_PUBLISH,
	ORDER_MAKE_CSR,
	ORDER_TAKE,
	ORDER_GIVE_UP,
};

struct order_action {
	enum order_step step;
	const char *url;      /* of a request; NULL: the CA's newOrder */
	struct slice payload; /* n == 0: POST-as-GET */
	int wait_ms;
};

struct order_authorization {
	char *url;
	bool is_posted, is_valid;
};

struct order {
	enum order_state state;
	bool is_changed;
	char **names; /* [0] is the domain it is for */
	size_t n_names;
	char *profile; /* "": none */
	/* See order_ask; "" or false: no. */
	char *replaces;        /* id of a certificate (RFC 9773, 5) */
	char *preferred_chain; /* common name that its top is issued by */
	bool is_renewal;       /* better without a profile than not at all */
	bool by_hand; /* a challenge is made visible when somebody does */
	struct challenge_choice choice;
	char *url, *finalize_url, *certificate_url; /* NULL until known */
	struct order_authorization *authorizations;
	size_t n_authorizations, at;    /* the one in hand */
	struct authorization challenge; /* of the one in hand */
	struct buf payload;             /* of the request */
	struct buf csr;                 /* DER */
	struct buf certificate;         /* PEM, leaf first */
	char *chains[ORDER_CHAINS_MAX]; /* where the others are */
	size_t n_chains, chain_at;
	struct problem problem;            /* of ORDER_FAILED */
	int n_polls, n_hiccups;            /* in a row */
	int n_rewinds;                     /* "orderNotReady", asked again */
	int64_t not_before_ms, give_up_ms; /* monotonic */
	int64_t told_ms;                   /* in Retry-After, so far */
	bool was_forgotten; /* by the CA, and ordered a second time */
};

/* A new one, or, with url, one that was written down before. */
struct order *order_new(const char *const *names, size_t n_names,
    const char *profile, const struct challenge_choice *choice, const char *url,
    int64_t mono_ms);
/* Further wishes, before the first order_next; NULL or "": none. */
void order_ask(
    struct order *o, const char *replaces, const char *preferred_chain);
void order_set_profile(struct order *o, const char *profile);
void order_free(struct order *o); /* NULL is allowed */

void order_next(struct order *o, int64_t mono_ms, struct order_action *out);
void order_answer(struct order *o, const struct acme_response *r);
void order_published(struct order *o);
void order_take_csr(struct order *o, struct slice der);

/* For order_answer.c: the only writer of state. */
void order_enter(struct order *o, enum order_state next);
void order_forget_authorizations(struct order *o);

/* Ends it from outside: the key cannot be made, the store is away. */
void order_fail(struct order *o, const struct problem *problem);

#endif
