#include "router/control/custom_check.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/host.h"

#define NAMES_TOLD 5

/* "a.example, b.example and 7 more". */
static void
list_names(const struct certificate *leaf, struct buf *b)
{
	for (size_t i = 0; i < leaf->n_names && i < NAMES_TOLD; i++)
		(void)buf_printf(b, "%s%s", i == 0 ? "" : ", ", leaf->names[i]);
	if (leaf->n_names > NAMES_TOLD)
		(void)buf_printf(
		    b, " and %zu more", leaf->n_names - NAMES_TOLD);
	if (leaf->n_names == 0)
		(void)buf_add_str(b, leaf->common_name[0] == '\0'
					 ? "no name"
					 : leaf->common_name);
}

static void
refuse_name(const struct certificate *leaf, const char *host, struct fault *f)
{
	struct buf names;

	buf_init(&names, (NAMES_TOLD + 1) * HOST_SIZE);
	list_names(leaf, &names);
	fault_set(f, FAULT_C15_NAME_NOT_COVERED,
	    "The certificate is for %.*s, not for %s", (int)names.len,
	    buf_slice(&names).p, host);
	buf_clear(&names);
}

enum err
custom_check(const struct certificate *leaf, const char *host, int64_t now,
    struct fault *f)
{
	char date[CLOCK_TEXT_SIZE];

	if (!certificate_covers(leaf, slice_str(host)))
		refuse_name(leaf, host, f);
	else if (now > leaf->not_after)
		fault_set(f, FAULT_C13_EXPIRED, "The certificate expired at %s",
		    clock_format(leaf->not_after, date));
	else if (now < leaf->not_before)
		fault_set(f, FAULT_C14_NOT_YET_VALID,
		    "The certificate is valid from %s only",
		    clock_format(leaf->not_before, date));
	else if (leaf->weak_key)
		fault_set(f, FAULT_C23_KEY_WEAK,
		    "The certificate's key (%s) is too weak", leaf->key_type);
	else if (leaf->weak_signature)
		fault_set(f, FAULT_C32_SIGNATURE_WEAK, NULL);
	else if (!leaf->for_servers)
		fault_set(f, FAULT_C33_NOT_FOR_SERVERS, NULL);
	else
		return ERR_OK;
	return ERR_DENIED;
}
