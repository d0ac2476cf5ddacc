#include "admin-tui/console.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin-tui/app.h"
#include "admin-tui/live.h"
#include "admin-tui/terminal.h"
#include "base/clock.h"
#include "base/list.h"

#define READ_MS 10000 /* what changes nothing may be asked again */

struct console {
	struct ev_loop *loop;
	struct client *client;
	struct terminal *terminal;
	struct live *live;
	struct app app;
	struct grid grid;
	struct list sent; /* of struct question */
	struct ev_io keys;
	struct ev_timer tick;
	struct ev_prepare before_sleep;
	struct ev_signal resized, continued, hung_up, terminated;
	bool is_dirty;
};

/* An ask on its way. */
struct question {
	struct list link;
	struct console *console;
	struct client_call *call;
	struct ask *ask;
};

static void
question_free(struct question *q)
{
	list_remove(&q->link);
	ask_free(q->ask);
	free(q);
}

static void
on_answer(void *ctx, const struct client_answer *answer)
{
	struct question *q = ctx;
	struct console *co = q->console;
	struct reply reply = {.is_ok = answer->is_ok,
	    .body = answer->body,
	    .fault = answer->fault};
	app_answer(&co->app, q->ask, &reply);
	co->is_dirty = true;
	question_free(q);
}

static void
send_ask(struct console *co, struct ask *ask)
{
	struct question *q = xcalloc(1, sizeof(*q));
	const struct client_request request = {
	    .method = ask_row(ask->kind)->method,
	    .path = ask->path,
	    .bytes = slice_of(ask->body, ask->n_body),
	    .content_type = ask->body == NULL ? NULL : "application/json",
	    .timeout_ms = ask_row(ask->kind)->doing == NULL ? READ_MS : 0,
	};
	q->console = co;
	q->ask = ask;
	list_append(&co->sent, &q->link);
	q->call = client_send(co->client, &request, on_answer, q);
}

static void
suspend(struct console *co)
{
	terminal_leave(co->terminal);
	raise(SIGSTOP); /* fg comes back here */
	terminal_enter(co->terminal);
	terminal_resize(co->terminal);
}

/* Carries out what the app wants of the world. */
static void
carry_out(struct console *co)
{
	struct fx *out = &co->app.out;
	struct ask *asks[FX_ASKS_MAX];
	size_t n = app_take_asks(&co->app, asks);
	for (size_t i = 0; i < n; i++)
		send_ask(co, asks[i]);
	if (out->copy[0] != '\0')
		terminal_copy(co->terminal, slice_str(out->copy));
	if (out->refresh)
		live_refresh(co->live);
	if (out->redraw)
		terminal_redraw(co->terminal);
	if (out->suspend)
		suspend(co);
	if (out->quit)
		ev_break(co->loop, EVBREAK_ALL);
	out->copy[0] = '\0';
	out->refresh = out->redraw = out->suspend = false;
}

/* Once a turn of the loop, however much happened in it. */
static void
on_before_sleep(struct ev_loop *loop, struct ev_prepare *w, int revents)
{
	struct console *co = container_of(w, struct console, before_sleep);
	(void)loop;
	(void)revents;
	carry_out(co);
	if (!co->is_dirty)
		return;
	co->is_dirty = false;
	app_draw(&co->app, &co->grid);
	terminal_show(co->terminal, &co->grid);
}

static void
on_keys(struct ev_loop *loop, struct ev_io *w, int revents)
{
	struct console *co = container_of(w, struct console, keys);
	struct input in;
	(void)loop;
	(void)revents;
	co->is_dirty = true;
	if (terminal_is_gone(co->terminal))
		ev_break(co->loop, EVBREAK_ALL);
	for (;;) {
		terminal_read(co->terminal, &in);
		if (in.kind == INPUT_NONE)
			return;
		if (in.kind == INPUT_KEY)
			app_key(&co->app, in.key);
		else
			app_paste(&co->app, in.paste);
		carry_out(co);
	}
}

static void
on_tick(struct ev_loop *loop, struct ev_timer *w, int revents)
{
	struct console *co = container_of(w, struct console, tick);
	(void)loop;
	(void)revents;
	app_tick(&co->app, clock_now());
	co->is_dirty = true;
}

static void
on_resized(struct ev_loop *loop, struct ev_signal *w, int revents)
{
	struct console *co = w->data;
	int rows, cols;
	(void)loop;
	(void)revents;
	terminal_resize(co->terminal);
	terminal_size(co->terminal, &rows, &cols);
	app_resize(&co->app, rows, cols);
	co->is_dirty = true;
}

static void
on_end(struct ev_loop *loop, struct ev_signal *w, int revents)
{
	(void)w;
	(void)revents;
	ev_break(loop, EVBREAK_ALL);
}

static void
on_changed(void *ctx)
{
	struct console *co = ctx;
	app_changed(&co->app);
	co->is_dirty = true;
}

static void
on_event(void *ctx, const char *host)
{
	struct console *co = ctx;
	app_event(&co->app, host);
}

static void
watch_signal(struct console *co, struct ev_signal *w,
    void (*on)(struct ev_loop *, struct ev_signal *, int), int number)
{
	ev_signal_init(w, on, number);
	w->data = co;
	ev_signal_start(co->loop, w);
}

static void
start(struct console *co)
{
	const struct live_hooks hooks = {on_changed, on_event, co};
	ev_io_init(&co->keys, on_keys, terminal_fd(co->terminal), EV_READ);
	ev_io_start(co->loop, &co->keys);
	ev_timer_init(&co->tick, on_tick, 0., 1.);
	ev_timer_start(co->loop, &co->tick);
	ev_prepare_init(&co->before_sleep, on_before_sleep);
	ev_prepare_start(co->loop, &co->before_sleep);
	watch_signal(co, &co->resized, on_resized, SIGWINCH);
	watch_signal(co, &co->continued, on_resized, SIGCONT);
	watch_signal(co, &co->hung_up, on_end, SIGHUP);
	watch_signal(co, &co->terminated, on_end, SIGTERM);
	co->live = live_new(co->loop, co->client, &co->app.model, &hooks);
	co->is_dirty = true;
}

static void
stop(struct console *co)
{
	ev_io_stop(co->loop, &co->keys);
	ev_timer_stop(co->loop, &co->tick);
	ev_prepare_stop(co->loop, &co->before_sleep);
	ev_signal_stop(co->loop, &co->resized);
	ev_signal_stop(co->loop, &co->continued);
	ev_signal_stop(co->loop, &co->hung_up);
	ev_signal_stop(co->loop, &co->terminated);
	live_free(co->live);
	LIST_FOREACH_SAFE(l, &co->sent) {
		struct question *q = container_of(l, struct question, link);
		client_cancel(q->call);
		question_free(q);
	}
	terminal_close(co->terminal);
	app_clear(&co->app);
	grid_clear(&co->grid);
}

int
console_main(struct ev_loop *loop, struct client *client, const char *host,
    bool read_only)
{
	struct console co = {.loop = loop, .client = client};
	struct fault f;
	int rows, cols;
	if (terminal_open(&co.terminal, &f) != ERR_OK) {
		fprintf(stderr, "towpath: %s. %s\n", f.text, f.action);
		return 1;
	}
	list_init(&co.sent);
	grid_init(&co.grid);
	app_init(&co.app, client_where(client), host);
	co.app.model.is_read_only = read_only || client_is_read_only(client);
	co.app.model.now = clock_now();
	terminal_size(co.terminal, &rows, &cols);
	app_resize(&co.app, rows, cols);
	start(&co);
	ev_run(loop, 0);
	stop(&co);
	return 0;
}
