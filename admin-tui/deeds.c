#include "admin-tui/deeds.h"

#include <stdio.h>

#include "admin-tui/words.h"

#define LOST_MAX 4 /* names that are listed one by one */

void
deed_check(const struct domain *d, struct fx *fx)
{
	bool only_order_failed = strcmp(d->dns, "ok") == 0 &&
				 (d->status == STATUS_CREATING ||
				     d->status == STATUS_ACTION_REQUIRED) &&
				 d->fault.text[0] != '\0';
	enum ask_kind kind = only_order_failed ? ASK_RENEW : ASK_CHECK;
	fx_ask(fx, ask_new(kind, d->host, NULL));
}

void
deed_renew(const struct domain *d, struct fx *fx)
{
	struct ask *ask = ask_new(ASK_RENEW, d->host, NULL);
	struct dialog *q = dialog_new(
	    ask, "Order", "Order a new certificate for %s?", d->host);
	dialog_add(q, ROLE_TEXT, "A new automatic certificate is ordered now.");
	dialog_add(
	    q, ROLE_TEXT, "Visitors keep the present one until it is there.");
	dialog_add(q, ROLE_TEXT, "It counts against the CA's limits.");
	dialog_space(q);
	snprintf(q->cli, sizeof(q->cli), "towpath certs renew %s", d->host);
	fx_dialog(fx, q);
}

void
deed_remove_domain(const struct domain *d, struct fx *fx)
{
	struct ask *ask = ask_new(ASK_REMOVE_DOMAIN, d->host, NULL);
	struct dialog *q =
	    dialog_new(ask, "Remove", "Remove the domain %s?", d->host);
	if (strcmp(d->dns, "ok") == 0)
		dialog_add(q, ROLE_BAD,
		    "! It is live: visitors will get an error at once.");
	dialog_add(q, ROLE_TEXT, "App %s stays. The certificates are kept",
	    d->app[0] == '\0' ? "-" : d->app);
	dialog_add(
	    q, ROLE_TEXT, "until they expire: added again, it has them back.");
	dialog_space(q);
	dialog_field(q, "Type the domain", d->host, false);
	snprintf(q->cli, sizeof(q->cli), "towpath domains remove %s", d->host);
	fx_dialog(fx, q);
}

void
deed_remove_certificate(const struct domain *d, struct fx *fx)
{
	if (strcmp(d->serving, "custom") != 0) {
		fx_flash(fx, "%s has no custom certificate to remove", d->host);
		return;
	}
	struct ask *ask = ask_new(ASK_REMOVE_CERTIFICATE, d->host, NULL);
	struct dialog *q = dialog_new(
	    ask, "Remove", "Remove the custom certificate of %s?", d->host);
	dialog_add(q, ROLE_TEXT,
	    "Visitors get the automatic certificate at once; it is");
	dialog_add(
	    q, ROLE_TEXT, "refused while none is ready. Undo: R in History.");
	dialog_space(q);
	dialog_field(q, "Type the domain", d->host, false);
	snprintf(q->cli, sizeof(q->cli), "towpath certs remove %s", d->host);
	fx_dialog(fx, q);
}

void
deed_add(const struct domain *beside, struct fx *fx)
{
	struct dialog *q = dialog_new(NULL, "Add", "Add a domain");
	dialog_add(q, ROLE_TEXT,
	    "It gets a certificate as soon as its DNS points here;");
	dialog_add(q, ROLE_TEXT, "the records to set are shown next.");
	dialog_space(q);
	dialog_field(q, "Host", "", false);
	dialog_field(q, "App ", "", false);
	if (beside != NULL)
		lineedit_set(&q->fields[1].edit, beside->app);
	snprintf(q->cli, sizeof(q->cli), "towpath domains add HOST --app APP");
	fx_dialog(fx, q);
}

void
deed_add_accept(const struct dialog *form, struct fx *fx)
{
	json_t *body = json_object();
	struct slice host = slice_trim(slice_str(dialog_text(form, 0)));
	struct slice app = slice_trim(slice_str(dialog_text(form, 1)));
	char name[256];
	json_put_slice(body, "host", host);
	json_put_slice(body, "app", app);
	snprintf(name, sizeof(name), "%" SLICE_FMT, SLICE_ARG(host));
	fx_ask(fx, ask_with(ASK_ADD, name, body));
}

/* What stays as it is may leave where there is no room. */
static void
compare_line(
    struct dialog *q, const char *label, const char *before, const char *after)
{
	bool same = strcmp(before, after) == 0;
	dialog_compare(q, same ? ROLE_DIM : ROLE_TEXT, label, before, after);
}

static void
expiry(const struct cert *c, int64_t now, char *out, size_t size)
{
	char date[WORDS_SIZE], until[WORDS_SIZE];
	out[0] = '\0';
	if (c->not_after != 0)
		snprintf(out, size, "%s %s", words_date(c->not_after, date),
		    words_until(c->not_after, now, until));
}

static void
chain(const struct cert *c, char *out, size_t size)
{
	out[0] = '\0';
	if (c->chain_length > 0)
		snprintf(out, size, "%d, %s", (int)c->chain_length,
		    c->is_trusted ? "trusted" : "not trusted");
}

static void
compare_names(
    struct dialog *q, const struct cert *before, const struct cert *after)
{
	char left[40], right[40];
	size_t n_lost = 0;
	snprintf(left, sizeof(left), "%zu", before->n_names);
	snprintf(right, sizeof(right), "%zu", after->n_names);
	compare_line(q, "names", left, right);
	for (size_t i = 0; i < before->n_names; i++)
		if (!cert_has_name(after, before->names[i]) &&
		    ++n_lost <= LOST_MAX)
			dialog_add(q, ROLE_BAD, "! %s would lose its cover",
			    before->names[i]);
	if (n_lost > LOST_MAX)
		dialog_add(
		    q, ROLE_BAD, "! and %zu more names", n_lost - LOST_MAX);
}

void
deed_compare(struct dialog *q, const struct cert *before,
    const struct cert *after, int64_t now)
{
	static const struct cert none = {
	    .issuer_name = "", .key_type = "", .fingerprint = ""};
	char left[128], right[128];
	if (before == NULL)
		before = &none;
	compare_line(q, "issuer", before->issuer_name, after->issuer_name);
	expiry(before, now, left, sizeof(left));
	expiry(after, now, right, sizeof(right));
	compare_line(q, "not after", left, right);
	compare_line(q, "key", before->key_type, after->key_type);
	chain(before, left, sizeof(left));
	chain(after, right, sizeof(right));
	compare_line(q, "chain", left, right);
	cert_short_fingerprint(before, left);
	cert_short_fingerprint(after, right);
	compare_line(q, "sha256", left, right);
	compare_names(q, before, after);
}

void
deed_undo(struct dialog *q, const struct cert *before)
{
	dialog_add(
	    q, ROLE_TEXT, "Takes effect at once. Open connections stay.");
	if (before != NULL && before->is_custom)
		dialog_add(q, ROLE_TEXT, "Undo: R on #%d in History.",
		    (int)before->number);
	else
		dialog_add(
		    q, ROLE_TEXT, "Undo: D in History removes it again.");
}

static void
heading(struct dialog *q, const struct cert *before, const struct cert *after)
{
	char left[64] = "NOW no certificate", right[64];
	if (before != NULL)
		snprintf(left, sizeof(left), "NOW #%d %s", (int)before->number,
		    before->is_custom ? "custom" : "automatic");
	snprintf(right, sizeof(right), "AFTER #%d %s", (int)after->number,
	    after->is_custom ? "custom" : "automatic");
	dialog_compare(q, ROLE_TITLE, "", left, right);
}

static bool
can_serve(
    const struct domain *d, const struct cert *to, int64_t now, struct fx *fx)
{
	char when[WORDS_SIZE];
	const char *lacks = NULL;
	if (!to->is_custom)
		lacks = "is automatic: D removes the custom one instead";
	else if (now < to->not_before)
		lacks = "is not valid yet";
	else if (!cert_has_name(to, d->host))
		lacks = "does not cover this name";
	if (now > to->not_after)
		fx_flash(fx, "#%d expired %s: it cannot serve", (int)to->number,
		    words_when(to->not_after, now, when));
	else if (lacks != NULL)
		fx_flash(fx, "#%d %s", (int)to->number, lacks);
	else
		return true;
	return false;
}

void
deed_roll_back(
    const struct domain *d, const struct cert *to, int64_t now, struct fx *fx)
{
	if (!can_serve(d, to, now, fx))
		return;
	json_t *body = json_object();
	json_put_int(body, "to", to->number);
	const struct cert *before = d->has_certificate ? &d->certificate : NULL;
	struct dialog *q = dialog_new(ask_with(ASK_ROLL_BACK, d->host, body),
	    "Roll back", "Roll back %s to #%d?", d->host, (int)to->number);
	heading(q, before, to);
	deed_compare(q, before, to, now);
	dialog_space(q);
	deed_undo(q, before);
	/* Where nobody comes yet, a slip hurts nobody. */
	if (strcmp(d->dns, "ok") == 0)
		dialog_field(q, "Type the domain", d->host, false);
	snprintf(q->cli, sizeof(q->cli), "towpath certs rollback %s --to %d",
	    d->host, (int)to->number);
	fx_dialog(fx, q);
}
