#ifndef ACME_WISH_H
#define ACME_WISH_H
/*
 * What the owner of names asks of the issuer: one certificate.  Written to the
 * order's row, so that it is the same after a restart.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wish_ca {
	WISH_CA_AUTO, /* the first, as long as it will */
	WISH_CA_FIRST,
	WISH_CA_FALLBACK
};

struct order_wish {
	const char *const *names; /* [0] is the domain it is for; loans */
	size_t n_names;
	enum wish_ca ca;
	/* The id (RFC 9773, 4.1) of the certificate that it renews; NULL: none,
	 * or the CA shall not be told. */
	const char *replaces;
	/* Now is in the window that the CA suggested for that (RFC 9773, 4.2):
	 * its limits do not count it. */
	bool is_suggested;
	/* There was a certificate of exactly these names: some limits of CAs do
	 * not count it. */
	bool is_renewal;
	/* When the first of the names will be without a certificate; 0: it is
	 * now.  The line goes by it. */
	int64_t needed_at;
	/* Somebody else serves the challenge, before the name leads here: the
	 * CA is told when it is seen, or when a person says so. */
	bool by_hand;
};

#endif
