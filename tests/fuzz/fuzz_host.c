/*
 * Host names of any bytes.  What was brought into the stored form stays as it
 * is when it is read again, by people's door and by the Host header's.
 */
#include <assert.h>

#include "base/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check_stored(const char *name)
{
	struct slice s = slice_str(name);
	char again[HOST_SIZE], shown[HOST_TEXT_SIZE];

	assert(s.n > 0 && s.n <= HOST_MAX);
	assert(host_normalise(s, again, NULL) == ERR_OK);
	assert(strcmp(name, again) == 0);
	assert(host_matches(s, s));
	assert(strlen(host_display(s, shown)) > 0);
	if (host_is_wildcard(s)) {
		assert(host_parent(s).n > 0);
		assert(!host_matches(s, host_parent(s)));
		s = host_parent(s);
	}
	assert(host_canonical(s, again) == ERR_OK);
	assert(slice_eq(s, slice_str(again)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char name[HOST_SIZE], again[HOST_SIZE];
	struct slice in = slice_of(data, n);
	struct fault f = {0};

	if (host_normalise(in, name, &f) == ERR_OK) {
		assert(!fault_is_set(&f));
		check_stored(name);
	} else {
		assert(f.code == FAULT_N10_HOST_INVALID && name[0] == '\0');
	}
	if (host_canonical(in, name) == ERR_OK) {
		assert(name[0] != '*');
		assert(host_canonical(slice_str(name), again) == ERR_OK);
		assert(strcmp(name, again) == 0);
	}
	return 0;
}
