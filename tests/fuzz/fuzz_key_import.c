/*
 * Files that should hold a private key, of any bytes, opened without and with
 * a passphrase.  What is refused says why; what is taken has a known type.
 */
#include <assert.h>

#include "certs/key_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
try_with(struct slice file, const char *passphrase)
{
	struct key_import k;
	struct key_type type;
	struct fault f = {0};

	if (key_import_read(file, passphrase, &k, &f) != ERR_OK) {
		assert(fault_is_set(&f) && k.handle == NULL);
		return;
	}
	assert(!fault_is_set(&f) && k.handle != NULL);
	assert(key_type_parse(k.key_type, &type));
	assert(k.n_certificates <= IMPORT_CERTIFICATES_MAX);
	key_import_clear(&k);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	try_with(slice_of(data, n), "");
	try_with(slice_of(data, n), "x");
	return 0;
}
