#include "base/traffic.h"

#define MINUTE_SLOTS (60000 / TRAFFIC_SLOT_MS)

const uint64_t traffic_bounds[TRAFFIC_BOUNDS] = {1000, 2500, 5000, 10000, 25000,
    50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000,
    30000000};

/* --- counting --------------------------------------------------------------
 */

static unsigned
bound_of(uint64_t us)
{
	unsigned i = 0;

	while (i < TRAFFIC_BOUNDS && us > traffic_bounds[i])
		i++;
	return i;
}

/* A request that ended, in what is lately. */
static void
add_recent(struct traffic_recent *r, const struct traffic_sample *s)
{
	struct traffic_slot *slot;

	traffic_recent_move(r, s->now_ms);
	slot = &r->slots[r->slot % TRAFFIC_SLOTS];
	slot->requests++;
	slot->failures += s->status >= 500;
	if (!s->is_tunnel)
		histogram_add(&r->windows[r->window % 2], s->us);
}

void
traffic_add(struct traffic *t, const struct traffic_sample *s)
{
	struct traffic_totals *n = &t->totals;

	n->classes[s->status >= 100 && s->status < 600 ? s->status / 100 : 0]++;
	n->codes[s->code % TRAFFIC_CODES]++;
	n->errors += s->is_error;
	n->bytes_in += s->bytes_in;
	n->bytes_out += s->bytes_out;
	if (!s->is_tunnel) {
		n->timed[bound_of(s->us)]++;
		n->timed_us += s->us;
	}
	add_recent(&t->recent, s);
}

/* --- totals ----------------------------------------------------------------
 */

/* All fields are counts: one array of them. */
#define COUNTS (sizeof(struct traffic_totals) / sizeof(uint64_t))
_Static_assert(COUNTS * sizeof(uint64_t) == sizeof(struct traffic_totals),
    "nothing but counts");

uint64_t
traffic_requests(const struct traffic_totals *t)
{
	uint64_t n = 0;

	for (size_t i = 0; i < TRAFFIC_CLASSES; i++)
		n += t->classes[i];
	return n;
}

static uint64_t *
counts_of(struct traffic_totals *t)
{
	return (uint64_t *)t;
}

static const uint64_t *
counts_in(const struct traffic_totals *t)
{
	return (const uint64_t *)t;
}

void
traffic_totals_add(
    struct traffic_totals *into, const struct traffic_totals *from)
{
	for (size_t i = 0; i < COUNTS; i++)
		counts_of(into)[i] += counts_in(from)[i];
}

void
traffic_totals_grow(struct traffic_totals *into,
    const struct traffic_totals *then, const struct traffic_totals *now)
{
	bool is_new = false;

	for (size_t i = 0; i < COUNTS; i++)
		is_new |= counts_in(now)[i] < counts_in(then)[i];
	for (size_t i = 0; i < COUNTS; i++)
		counts_of(into)[i] +=
		    counts_in(now)[i] - (is_new ? 0 : counts_in(then)[i]);
}

void
traffic_totals_rest(struct traffic_totals *into,
    const struct traffic_totals *all, const struct traffic_totals *part)
{
	for (size_t i = 0; i < COUNTS; i++) {
		uint64_t a = counts_in(all)[i], p = counts_in(part)[i];

		if (a > p && a - p > counts_in(into)[i])
			counts_of(into)[i] = a - p;
	}
}

/* --- lately ----------------------------------------------------------------
 */

static void
move_slots(struct traffic_recent *r, int64_t slot)
{
	if (slot - r->slot >= TRAFFIC_SLOTS)
		memset(r->slots, 0, sizeof(r->slots));
	else
		for (int64_t i = r->slot + 1; i <= slot; i++)
			r->slots[i % TRAFFIC_SLOTS] = (struct traffic_slot){0};
	r->slot = slot;
}

static void
move_windows(struct traffic_recent *r, int64_t window)
{
	if (window - r->window >= 2)
		memset(r->windows, 0, sizeof(r->windows));
	else
		memset(&r->windows[window % 2], 0, sizeof(r->windows[0]));
	r->window = window;
}

void
traffic_recent_move(struct traffic_recent *r, int64_t now_ms)
{
	int64_t slot = now_ms / TRAFFIC_SLOT_MS;
	int64_t window = now_ms / TRAFFIC_WINDOW_MS;

	if (slot > r->slot)
		move_slots(r, slot);
	if (window > r->window)
		move_windows(r, window);
}

void
traffic_recent_add(
    struct traffic_recent *into, const struct traffic_recent *from)
{
	for (size_t i = 0; i < TRAFFIC_SLOTS; i++) {
		into->slots[i].requests += from->slots[i].requests;
		into->slots[i].failures += from->slots[i].failures;
	}
	for (size_t i = 0; i < 2; i++)
		histogram_merge(&into->windows[i], &from->windows[i]);
}

struct traffic_rate
traffic_rate(const struct traffic_recent *r, int64_t now_ms)
{
	int64_t newest = now_ms / TRAFFIC_SLOT_MS;
	int64_t span_ms =
	    (MINUTE_SLOTS - 1) * TRAFFIC_SLOT_MS + now_ms % TRAFFIC_SLOT_MS + 1;
	double span = (double)span_ms / 1000.;
	struct traffic_rate rate = {0, 0};

	for (int64_t i = newest - MINUTE_SLOTS + 1; i <= newest; i++) {
		const struct traffic_slot *s;

		if (i < 0 || i > r->slot || i <= r->slot - TRAFFIC_SLOTS)
			continue;
		s = &r->slots[i % TRAFFIC_SLOTS];
		rate.requests += s->requests;
		rate.failures += s->failures;
	}
	rate.requests /= span;
	rate.failures /= span;
	return rate;
}

double
traffic_quantile(const struct traffic_recent *r, double share)
{
	struct histogram both = r->windows[0];

	histogram_merge(&both, &r->windows[1]);
	return (double)histogram_quantile(&both, share) / 1e6;
}

/* --- on the wire -----------------------------------------------------------
 */

/* Only what is not 0: u32 n, n times u8 which, u64 count. */
void
traffic_put_totals(struct buf *b, const struct traffic_totals *t)
{
	uint32_t n = 0;

	_Static_assert(COUNTS < 256, "a byte says which");
	for (size_t i = 0; i < COUNTS; i++)
		n += counts_in(t)[i] != 0;
	wire_put_u32(b, n);
	for (size_t i = 0; i < COUNTS; i++) {
		if (counts_in(t)[i] == 0)
			continue;
		wire_put_u8(b, (uint8_t)i);
		wire_put_u64(b, counts_in(t)[i]);
	}
}

void
traffic_read_totals(struct wire *w, struct traffic_totals *into)
{
	uint32_t n = wire_u32(w);

	for (uint32_t i = 0; i < n && !w->bad; i++) {
		uint8_t which = wire_u8(w);
		uint64_t count = wire_u64(w);

		if (which >= COUNTS)
			w->bad = true;
		else
			counts_of(into)[which] += count;
	}
}

/* i64 slot, u32 n, n times u8 which, u32 requests, u32 failures; i64 window,
 * the older and the newer one. */
void
traffic_put_recent(struct buf *b, const struct traffic_recent *r)
{
	uint32_t n = 0;

	for (size_t i = 0; i < TRAFFIC_SLOTS; i++)
		n += r->slots[i].requests != 0;
	wire_put_i64(b, r->slot);
	wire_put_u32(b, n);
	for (size_t i = 0; i < TRAFFIC_SLOTS; i++) {
		if (r->slots[i].requests == 0)
			continue;
		wire_put_u8(b, (uint8_t)i);
		wire_put_u32(b, r->slots[i].requests);
		wire_put_u32(b, r->slots[i].failures);
	}
	wire_put_i64(b, r->window);
	histogram_put(b, &r->windows[0]);
	histogram_put(b, &r->windows[1]);
}

static void
read_slots(struct wire *w, struct traffic_recent *out)
{
	uint32_t n;

	out->slot = wire_i64(w);
	n = wire_u32(w);
	for (uint32_t i = 0; i < n && !w->bad; i++) {
		uint8_t which = wire_u8(w);
		uint32_t requests = wire_u32(w), failures = wire_u32(w);

		if (which >= TRAFFIC_SLOTS)
			w->bad = true;
		else
			out->slots[which] =
			    (struct traffic_slot){requests, failures};
	}
}

void
traffic_read_recent(struct wire *w, struct traffic_recent *into, int64_t now_ms)
{
	struct traffic_recent one = {0};

	read_slots(w, &one);
	one.window = wire_i64(w);
	histogram_read(w, &one.windows[0]);
	histogram_read(w, &one.windows[1]);
	/* a clock that is ahead of the machine's is none of ours */
	if (one.slot < 0 || one.slot > now_ms / TRAFFIC_SLOT_MS + 1 ||
	    one.window < 0)
		w->bad = true;
	if (w->bad)
		return;
	traffic_recent_move(&one, now_ms);
	traffic_recent_move(into, now_ms);
	traffic_recent_add(into, &one);
}
