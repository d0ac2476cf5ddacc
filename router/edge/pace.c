#include "router/edge/pace.h"

bool
pace_holds(
    struct pace *p, double now, uint64_t total, bool waits, double window_s)
{
	bool holds = true;

	if (p->since != 0)
		p->waited_s += now - p->since;
	p->since = waits ? now : 0;
	if (p->waited_s >= window_s) {
		holds = (double)(total - p->mark) >= PACE_MIN * window_s;
		p->waited_s = 0;
		p->mark = total;
	}
	return holds;
}
