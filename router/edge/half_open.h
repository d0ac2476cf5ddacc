#ifndef ROUTER_EDGE_HALF_OPEN_H
#define ROUTER_EDGE_HALF_OPEN_H
/*
 * Connections that are not open yet: a PROXY header, a ClientHello or the rest
 * of a handshake is awaited.  They cost a client next to nothing, so their
 * number is limited apart from that of all connections.  When there are too
 * many, the oldest that keeps us waiting makes room for the newcomer: who
 * shakes hands in earnest is through before its turn comes.
 */
struct conn;
struct worker;

/* Per worker: some 60 MB, if each has got as far as GnuTLS. */
#define HALF_OPEN_MAX 2048

/* One more, which may cost an older one its place. */
void half_open_add(struct conn *c);
/* It is open, or over; again is harmless. */
void half_open_remove(struct conn *c);

#endif
