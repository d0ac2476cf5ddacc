/*
 * Where a session's memory comes from.  nghttp2 gives each one a buffer of a
 * whole frame for what it writes, and uses it only while it is asked for bytes,
 * which are copied before it is asked again: so all sessions share one.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "router/edge/h2_session_state.h"

/* Room for a frame of the least size that a peer must take, with its head and
 * the length of a padding. */
#define FRAME_SIZE (16384 + 9 + 1)

struct h2_scratch {
	bool is_used;
	char frame[FRAME_SIZE];
};

struct h2_scratch *
h2_scratch_new(void)
{
	return xcalloc(1, sizeof(struct h2_scratch));
}

void
h2_scratch_free(struct h2_scratch *scratch)
{
	free(scratch);
}

bool
h2_scratch_is_used(const struct h2_scratch *scratch)
{
	return scratch->is_used;
}

void
h2_scratch_enter(struct h2_scratch *scratch)
{
	assert(!scratch->is_used);
	scratch->is_used = true;
}

void
h2_scratch_leave(struct h2_scratch *scratch)
{
	scratch->is_used = false;
}

/* --- as nghttp2 asks for it ----------------------------------------------- */

static void *
on_malloc(size_t n, void *ctx)
{
	(void)ctx;
	return xmalloc(n);
}

static void *
on_calloc(size_t count, size_t size, void *ctx)
{
	(void)ctx;
	return xcalloc(count, size);
}

static void
on_free(void *p, void *ctx)
{
	const struct h2_session *s = ctx;

	if (p != s->scratch->frame)
		free(p);
}

/* The frame buffer is the one piece of its size that a new session wants; the
 * further ones that a long head takes are its own.  None of them grows. */
static void *
on_realloc(void *p, size_t n, void *ctx)
{
	const struct h2_session *s = ctx;

	if (s->is_new && p == NULL && n == FRAME_SIZE)
		return s->scratch->frame;
	assert(p != s->scratch->frame);
	return xrealloc(p, n);
}

nghttp2_mem
h2_session_memory(struct h2_session *s)
{
	return (nghttp2_mem){.mem_user_data = s,
	    .malloc = on_malloc,
	    .free = on_free,
	    .calloc = on_calloc,
	    .realloc = on_realloc};
}
