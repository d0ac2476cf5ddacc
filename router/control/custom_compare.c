#include "router/control/custom_compare.h"

#include "acme/schedule.h"
#include "base/clock.h"
#include "certs/lifetime.h"
#include "certs/x509/key_type.h"

static void
add(json_t *warnings, const struct fault *f)
{
	json_array_append_new(warnings, json_fault(f));
}

/* Of one family, by size: whether RSA is weaker than ECDSA is no question of
 * bits. */
static bool
is_weaker(const char *name, const char *than)
{
	struct key_type a, b;

	return key_type_parse(name, &a) && key_type_parse(than, &b) &&
	       a.pk == b.pk && a.bits < b.bits;
}

static void
compare(const struct installation *before, const struct certificate *leaf,
    int64_t now, json_t *warnings)
{
	char date[CLOCK_TEXT_SIZE], other[CLOCK_TEXT_SIZE];
	struct fault f = {0};

	if (is_weaker(leaf->key_type, before->key_type)) {
		fault_set(&f, FAULT_C43_KEY_WEAKER,
		    "The new key is %s, the one before was %s", leaf->key_type,
		    before->key_type);
		add(warnings, &f);
	}
	if (before->not_after > now && leaf->not_after < before->not_after) {
		fault_set(&f, FAULT_C44_ENDS_EARLIER,
		    "It ends at %s, and the one that it replaces would be "
		    "valid until %s",
		    clock_format(leaf->not_after, date),
		    clock_format(before->not_after, other));
		add(warnings, &f);
	}
}

void
custom_compare(const struct installation *before,
    const struct certificate *leaf, int64_t now, json_t *warnings)
{
	char left[LIFETIME_TEXT_SIZE];
	struct fault f = {0};

	if (before->number != 0)
		compare(before, leaf, now, warnings);
	if (now < schedule_expiring(leaf->not_before, leaf->not_after))
		return;
	fault_set(&f, FAULT_C39_EXPIRING, "The certificate ends %s",
	    lifetime_text(leaf->not_after, now, left));
	add(warnings, &f);
}
