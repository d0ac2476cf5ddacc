#include "tests/unit/hello.h"

#include <errno.h>

#include "tests/unit/test.h"

static ssize_t
on_push(gnutls_transport_ptr_t out, const void *bytes, size_t n)
{
	assert_int_equal(buf_add(out, slice_of(bytes, n)), ERR_OK);
	return (ssize_t)n;
}

static ssize_t
on_pull(gnutls_transport_ptr_t out, void *bytes, size_t n)
{
	(void)out;
	(void)bytes;
	(void)n;
	errno = EAGAIN;
	return -1;
}

static void
offer(gnutls_session_t s, const char *const *protocols)
{
	gnutls_datum_t list[8];
	unsigned n = 0;

	for (; protocols[n] != NULL; n++)
		list[n] = (gnutls_datum_t){(unsigned char *)protocols[n],
		    (unsigned)strlen(protocols[n])};
	assert_int_equal(gnutls_alpn_set_protocols(s, list, n, 0), 0);
}

void
hello_make(const char *priority, const char *host, const char *const *protocols,
    struct buf *out)
{
	gnutls_certificate_credentials_t credentials;
	gnutls_session_t s;

	assert_int_equal(
	    gnutls_certificate_allocate_credentials(&credentials), 0);
	assert_int_equal(gnutls_init(&s, GNUTLS_CLIENT | GNUTLS_NONBLOCK), 0);
	assert_int_equal(gnutls_priority_set_direct(s, priority, NULL), 0);
	assert_int_equal(
	    gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, credentials), 0);
	if (host != NULL)
		assert_int_equal(gnutls_server_name_set(
				     s, GNUTLS_NAME_DNS, host, strlen(host)),
		    0);
	if (protocols != NULL)
		offer(s, protocols);
	gnutls_transport_set_ptr(s, out);
	gnutls_transport_set_push_function(s, on_push);
	gnutls_transport_set_pull_function(s, on_pull);
	assert_int_equal(gnutls_handshake(s), GNUTLS_E_AGAIN);
	gnutls_deinit(s);
	gnutls_certificate_free_credentials(credentials);
}

void
hello_cut(struct slice records, size_t step, struct buf *out)
{
	struct slice message = slice_from(records, 5);

	while (message.n > 0) {
		size_t n = message.n < step ? message.n : step;
		char header[] = {22, 3, 1, (char)(n >> 8), (char)n};

		(void)buf_add(out, slice_of(header, sizeof(header)));
		(void)buf_add(out, (struct slice){message.p, n});
		message = slice_from(message, n);
	}
}
