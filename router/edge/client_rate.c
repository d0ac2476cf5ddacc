#include "router/edge/client_rate.h"

#include "base/addr.h"
#include "base/clock.h"

#define KEY_MAX       200
#define IPV6_NET_SIZE 8 /* bytes: /64 */

/* Bytes that stand for the client. */
static struct slice
client_bytes(struct slice client, struct addr *a)
{
	if (addr_parse_ip(client, 0, a) != ERR_OK)
		return client;
	if (a->u.sa.sa_family == AF_INET)
		return slice_of(&a->u.in4.sin_addr, sizeof(a->u.in4.sin_addr));
	if (IN6_IS_ADDR_V4MAPPED(&a->u.in6.sin6_addr))
		return slice_of(&a->u.in6.sin6_addr.s6_addr[12], 4);
	return slice_of(&a->u.in6.sin6_addr, IPV6_NET_SIZE);
}

/* The app's name, a NUL, the client. */
static struct slice
key_of(struct slice app, struct slice client, char out[KEY_MAX])
{
	struct addr a;
	struct slice bytes = client_bytes(client, &a);
	size_t n = app.n < KEY_MAX / 2 ? app.n : KEY_MAX / 2;

	memcpy(out, app.p, n);
	out[n++] = '\0';
	if (bytes.n > KEY_MAX - n)
		bytes.n = KEY_MAX - n;
	memcpy(out + n, bytes.p, bytes.n);
	return slice_of(out, n + bytes.n);
}

int64_t
client_rate_wait(struct limits *l, struct slice app, struct slice client,
    const struct rate *rate)
{
	const int64_t second = 1000000;
	int64_t wait_us = 0;
	char bytes[KEY_MAX];
	uint64_t hash;

	if (rate->every_us == 0 || l == NULL)
		return 0;
	hash = limits_hash(l, key_of(app, client, bytes));
	if (limits_rate(l, hash, rate, clock_mono_ms() * 1000, &wait_us))
		return 0;
	return (wait_us + second - 1) / second;
}
