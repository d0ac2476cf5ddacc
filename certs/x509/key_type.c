#include "certs/x509/key_type.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/slice.h"

#define RSA_MIN_BITS   2048
#define CURVE_MIN_BITS 256

/* Kinds of one size; RSA is named by its bits. */
static const struct {
	const char *name;
	struct key_type type;
} fixed[] = {
    {"ecdsa-p256", {GNUTLS_PK_ECDSA, GNUTLS_ECC_CURVE_SECP256R1, 256}},
    {"ecdsa-p384", {GNUTLS_PK_ECDSA, GNUTLS_ECC_CURVE_SECP384R1, 384}},
    {"ecdsa-p521", {GNUTLS_PK_ECDSA, GNUTLS_ECC_CURVE_SECP521R1, 521}},
    {"ed25519", {GNUTLS_PK_EDDSA_ED25519, GNUTLS_ECC_CURVE_ED25519, 256}},
};

struct key_type
key_type_of(gnutls_pubkey_t key)
{
	struct key_type t = {.curve = GNUTLS_ECC_CURVE_INVALID};
	int pk = gnutls_pubkey_get_pk_algorithm(key, &t.bits);

	t.pk = pk < 0 ? GNUTLS_PK_UNKNOWN : (gnutls_pk_algorithm_t)pk;
	if (gnutls_pubkey_export_ecc_raw2(key, &t.curve, NULL, NULL, 0) != 0)
		t.curve = GNUTLS_ECC_CURVE_INVALID;
	return t;
}

void
key_type_format(const struct key_type *t, char out[KEY_TYPE_SIZE])
{
	const char *name;

	for (size_t i = 0; i < COUNT_OF(fixed); i++) {
		if (t->pk == fixed[i].type.pk &&
		    t->curve == fixed[i].type.curve) {
			snprintf(out, KEY_TYPE_SIZE, "%s", fixed[i].name);
			return;
		}
	}
	if (t->pk == GNUTLS_PK_RSA) {
		snprintf(out, KEY_TYPE_SIZE, "rsa-%u", t->bits);
		return;
	}
	name = t->curve != GNUTLS_ECC_CURVE_INVALID
		   ? gnutls_ecc_curve_get_name(t->curve)
		   : gnutls_pk_get_name(t->pk);
	snprintf(out, KEY_TYPE_SIZE, "%s-%u", name == NULL ? "unknown" : name,
	    t->bits);
}

bool
key_type_parse(const char *name, struct key_type *out)
{
	uint64_t bits;

	for (size_t i = 0; i < COUNT_OF(fixed); i++) {
		if (strcmp(name, fixed[i].name) == 0) {
			*out = fixed[i].type;
			return true;
		}
	}
	if (strncmp(name, "rsa-", 4) != 0 ||
	    slice_to_u64(slice_str(name + 4), &bits) != ERR_OK || bits > 16384)
		return false;
	*out = (struct key_type){
	    GNUTLS_PK_RSA, GNUTLS_ECC_CURVE_INVALID, (unsigned)bits};
	return true;
}

bool
key_type_is_supported(const struct key_type *t)
{
	if (t->pk == GNUTLS_PK_RSA)
		return true;
	for (size_t i = 0; i < COUNT_OF(fixed); i++) {
		if (t->pk == fixed[i].type.pk &&
		    t->curve == fixed[i].type.curve)
			return true;
	}
	return false;
}

bool
key_type_is_weak(const struct key_type *t)
{
	if (t->pk == GNUTLS_PK_DSA)
		return true;
	if (t->pk == GNUTLS_PK_RSA || t->pk == GNUTLS_PK_RSA_PSS)
		return t->bits < RSA_MIN_BITS;
	return t->bits < CURVE_MIN_BITS;
}
