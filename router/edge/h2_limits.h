#ifndef ROUTER_EDGE_H2_LIMITS_H
#define ROUTER_EDGE_H2_LIMITS_H
/*
 * What a peer may do on one HTTP/2 connection, and how often, before it counts
 * as abuse and loses the connection.  Pure: buckets that fill with time.
 *
 * Each limit stands beside the attack that it stops; the figures leave room
 * for every client that is known, browsers that cancel a page's hundred
 * pictures at once included.
 */
#include <stdbool.h>
#include <stdint.h>

/* Of one request's head, as RFC 9113, 6.5.2 counts: names, values and 32 bytes
 * for each field.  Past it 431; past the double the connection ends, for what
 * is a few bytes on the wire unpacks to any size (CVE-2016-6581). */
#define H2_HEAD_MAX   (64 * 1024)
#define H2_FIELDS_MAX 128

/* Requests at once, of one connection. */
#define H2_STREAMS_MAX 100

/* CONTINUATION frames behind one HEADERS (CVE-2024-27316). */
#define H2_CONTINUATIONS_MAX 8

/* Answers to SETTINGS and PING that wait to be sent (CVE-2019-9512, -9515). */
#define H2_ACKS_MAX 200

/* Frames of our own that wait, whatever they are (CVE-2019-9511, -9517). */
#define H2_QUEUE_MAX 2000

/* Why a connection was ended; counted as stats_http2_abuses (base/shared.h),
 * which has no place for none. */
enum h2_abuse {
	H2_ABUSE_NONE,
	H2_ABUSE_RESETS,        /* streams begun to be cancelled, or broken */
	H2_ABUSE_NOISE,         /* frames that carry nothing */
	H2_ABUSE_HEADERS,       /* a head far past its limit */
	H2_ABUSE_CONTINUATIONS, /* a head in endless pieces */
	H2_ABUSE_QUEUE,         /* it makes us answer and does not read */
	H2_ABUSE_PROTOCOL,      /* it breaks the rules of the connection */
};

/* Tokens, in thousandths: so that a slow rate fills too. */
struct h2_bucket {
	int64_t at_ms; /* of the last look */
	int64_t tokens;
};

struct h2_limits {
	struct h2_bucket resets, noise;
};

void h2_limits_init(struct h2_limits *l, int64_t now_ms);

/* A stream ended before its answer was complete: cancelled by the peer, or by
 * us for what the peer did to it (CVE-2023-44487, CVE-2025-8671).  False: once
 * too often. */
bool h2_limits_reset(struct h2_limits *l, int64_t now_ms);

/* A frame came that asks for work and carries nothing: PING, SETTINGS,
 * PRIORITY, WINDOW_UPDATE, empty DATA (CVE-2019-9512, -9513, -9515, -9518).
 * False: once too often. */
bool h2_limits_noise(struct h2_limits *l, int64_t now_ms);

/* A frame of n bytes of a body went out, which the peer may answer with a
 * WINDOW_UPDATE or two.  is_whole: nothing else waited, so that it was not the
 * peer's narrow window that cut it so small. */
void h2_limits_sent(struct h2_limits *l, uint64_t n, bool is_whole);

#endif
