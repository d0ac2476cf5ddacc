#include <gnutls/gnutls.h>

#include "base/mem.h"
#include "certs/key_policy.h"
#include "tests/unit/test.h"

#define CONTEXT "TLS 1.3, server CertificateVerify"
#define MAX     512

/* CertificateVerify's input (RFC 8446, 4.4.3) with a hash of n_hash bytes. */
static size_t
verify_input(char out[MAX], const char *context, size_t n_hash)
{
	size_t n = strlen(context) + 1;

	memset(out, ' ', 64);
	memcpy(out + 64, context, n);
	memset(out + 64 + n, 7, n_hash);
	return 64 + n + n_hash;
}

/* Randoms and ECDHE parameters (RFC 8422, 5.4). */
static size_t
exchange_input(char out[MAX], uint8_t type, uint8_t group, uint8_t n_point)
{
	memset(out, 9, MAX);
	out[64] = (char)type;
	out[65] = 0;
	out[66] = (char)group;
	out[67] = (char)n_point;
	return 64 + 4 + (size_t)n_point;
}

static void
certificate_verify_of_a_server_is_signed(void **state)
{
	static const struct {
		const char *context;
		size_t n_hash;
		bool allowed;
	} cases[] = {
	    {CONTEXT, 32, true},
	    {CONTEXT, 48, true},
	    {CONTEXT, 64, true},
	    {CONTEXT, 31, false},
	    {CONTEXT, 0, false},
	    {CONTEXT, 300, false},
	    {"TLS 1.3, client CertificateVerify", 32, false},
	    {"TLS 1.3, server CertificateVerifz", 32, false},
	};
	char data[MAX];
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		n = verify_input(data, cases[i].context, cases[i].n_hash);
		if (key_policy_allows_data(slice_of(data, n)) !=
		    cases[i].allowed)
			fail_msg("case %zu", i);
	}
	n = verify_input(data, CONTEXT, 32);
	data[63] = 'x';
	assert_false(key_policy_allows_data(slice_of(data, n)));
}

static void
server_key_exchange_is_signed(void **state)
{
	static const struct {
		uint8_t type, group, n_point;
		bool allowed;
	} cases[] = {
	    {3, 23, 65, true},
	    {3, 24, 97, true},
	    {3, 25, 133, true},
	    {3, 29, 32, true},
	    {3, 29, 33, false},
	    {3, 23, 32, false},
	    {1, 23, 65, false},
	    {3, 30, 56, false},
	};
	char data[MAX];
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		n = exchange_input(
		    data, cases[i].type, cases[i].group, cases[i].n_point);
		if (key_policy_allows_data(slice_of(data, n)) !=
		    cases[i].allowed)
			fail_msg("case %zu", i);
	}
	n = exchange_input(data, 3, 23, 65);
	assert_false(key_policy_allows_data(slice_of(data, n + 1)));
	assert_false(key_policy_allows_data(slice_of(data, n - 1)));
	assert_false(key_policy_allows_data(slice_of(data, 66)));
	assert_false(key_policy_allows_data(SLICE("")));
}

static void
hashes_of_their_own_length_are_signed(void **state)
{
	static const struct {
		unsigned algorithm;
		size_t n;
		bool allowed;
	} cases[] = {
	    {GNUTLS_SIGN_ECDSA_SHA256, 32, true},
	    {GNUTLS_SIGN_ECDSA_SECP384R1_SHA384, 48, true},
	    {GNUTLS_SIGN_RSA_PSS_RSAE_SHA512, 64, true},
	    {GNUTLS_SIGN_ECDSA_SHA256, 48, false},
	    {GNUTLS_SIGN_ECDSA_SHA256, 0, false},
	    {GNUTLS_SIGN_RSA_SHA1, 20, false},
	    {GNUTLS_SIGN_UNKNOWN, 32, false},
	    {9999, 32, false},
	};
	char hash[64] = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		if (key_policy_allows_hash(cases[i].algorithm,
			slice_of(hash, cases[i].n)) != cases[i].allowed)
			fail_msg("case %zu", i);
	}
}

/* TLS 1.2 with RSA and PKCS#1 arrives so: the hash in its DigestInfo. */
static void
raw_rsa_signs_a_digest_info_only(void **state)
{
	char info[51] = "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04"
			"\x02\x01\x05\x00\x04\x20";

	(void)state;
	assert_true(key_policy_allows_hash(
	    GNUTLS_SIGN_RSA_RAW, slice_of(info, sizeof(info))));
	assert_false(
	    key_policy_allows_hash(GNUTLS_SIGN_RSA_RAW, slice_of(info, 50)));
	assert_false(
	    key_policy_allows_hash(GNUTLS_SIGN_RSA_RAW, slice_of(info, 32)));
	info[18] = 0x1f;
	assert_false(key_policy_allows_hash(
	    GNUTLS_SIGN_RSA_RAW, slice_of(info, sizeof(info))));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(certificate_verify_of_a_server_is_signed),
	    cmocka_unit_test(server_key_exchange_is_signed),
	    cmocka_unit_test(hashes_of_their_own_length_are_signed),
	    cmocka_unit_test(raw_rsa_signs_a_digest_info_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
