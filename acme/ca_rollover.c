/*
 * Another key for the account (acme/ca.h, RFC 8555, 7.3.5).  Both keys are in
 * the store before the CA hears of the new one; until it has said which of them
 * it has, the next question is just that (ca_find_key).
 */
#include "acme/ca_call.h"
#include "base/log.h"
#include "base/mem.h"

void
ca_rollover_end(struct ca *ca, const struct problem *p)
{
	ca_done *done = ca->rollover.done;

	ca->rollover.done = NULL;
	if (done != NULL)
		done(ca->rollover.ctx, NULL, p);
}

static void
end_with(struct ca *ca, enum fault_code code, const char *text)
{
	struct problem p;

	problem_set(&p, code, "%s", text);
	ca_rollover_end(ca, &p);
}

/* Refused: the account has the key it had. */
static void
refused(struct ca *ca, const struct problem *p)
{
	if (ca_drop_next(ca) != ERR_OK)
		log_warning("acme: the next key is not forgotten yet");
	ca_rollover_end(ca, p);
}

static void
on_changed(void *ctx, const struct acme_response *r, const struct problem *p)
{
	struct ca *ca = ctx;
	struct problem mine;

	ca->asking = NULL;
	if (p != NULL) {
		mine = *p;
		refused(ca, &mine); /* it was never sent */
	} else if (r->status >= 200 && r->status <= 299) {
		if (ca_adopt_next(ca) == ERR_OK)
			ca_rollover_end(ca, NULL);
		else
			end_with(ca, FAULT_S19_STORE_AWAY,
			    "The account has another key, which is written "
			    "down as soon as the store is back");
	} else {
		problem_read(r, &mine);
		if (r->status == 0 || r->status >= 500)
			ca_rollover_end(ca, &mine); /* who knows? ask */
		else
			refused(ca, &mine);
	}
	ev_timer_start(ca->loop, &ca->kick);
}

static enum err
write_request(struct ca *ca, struct buf *payload)
{
	const struct account_key_change change = {
	    .url = ca->directory.key_change,
	    .account = ca->account_url,
	    .old_key = &ca->key.jwk,
	    .new_key = &ca->next.jwk,
	    .new_ref = ca_key_ref(&ca->next),
	};

	return account_key_change(ca->keyring, &change, payload);
}

/* The key that follows, in the store and at hand. */
static enum err
make_next(struct ca *ca, struct fault *f)
{
	struct buf sealed;
	enum err e;

	buf_init(&sealed, SEALED_MAX);
	e = ca_key_make(ca, &sealed, f);
	if (e == ERR_OK)
		e = rows_set_next_key(
		    ca->db, ca->config->directory, buf_slice(&sealed));
	if (e == ERR_OK)
		e = ca_key_open(ca, buf_slice(&sealed), &ca->next, f);
	buf_clear(&sealed);
	return e;
}

void
ca_rollover_step(struct ca *ca)
{
	struct fault f = {0};
	struct ca_call *call;

	if (!list_empty(&ca->running))
		return; /* what was signed with the key of now arrives first */
	if (ca->directory.key_change[0] == '\0') {
		end_with(ca, FAULT_A33_NOT_OFFERED,
		    "The certificate authority does not let an account have "
		    "another key");
		ev_timer_start(ca->loop, &ca->kick);
		return;
	}
	call = ca_call_new(
	    ca, CALL_ORDER, ca->directory.key_change, on_changed, ca);
	if (make_next(ca, &f) != ERR_OK ||
	    write_request(ca, &call->payload) != ERR_OK) {
		ca_call_free(call);
		end_with(ca,
		    f.code == FAULT_NONE ? FAULT_S19_STORE_AWAY : f.code,
		    f.code == FAULT_NONE ? "No key can be made and kept now"
					 : f.text);
		ev_timer_start(ca->loop, &ca->kick);
		return;
	}
	ca->asking = call;
	list_append(&ca->running, &call->link);
	ca_call_send(call);
}

void
ca_roll_over(struct ca *ca, ca_done *done, void *ctx)
{
	ca->rollover.done = done;
	ca->rollover.ctx = ctx;
	ev_timer_start(ca->loop, &ca->kick);
}
