#include "admin-tui/fx.h"

#include <stdarg.h>
#include <stdio.h>

#include "admin-tui/screen.h"

void
fx_clear(struct fx *fx)
{
	for (size_t i = 0; i < fx->n_asks; i++)
		ask_free(fx->asks[i]);
	dialog_free(fx->dialog);
	screen_free(fx->push);
	memset(fx, 0, sizeof(*fx));
}

void
fx_ask(struct fx *fx, struct ask *ask)
{
	if (fx->n_asks == FX_ASKS_MAX) {
		ask_free(ask);
		fx_flash(fx, "only the first %d were asked", FX_ASKS_MAX);
		return;
	}
	fx->asks[fx->n_asks++] = ask;
}

void
fx_dialog(struct fx *fx, struct dialog *d)
{
	dialog_free(fx->dialog);
	fx->dialog = d;
}

void
fx_push(struct fx *fx, struct screen *s)
{
	screen_free(fx->push);
	fx->push = s;
}

void
fx_flash(struct fx *fx, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(fx->flash, sizeof(fx->flash), fmt, ap);
	va_end(ap);
}

void
fx_done(struct fx *fx, const char *fmt, ...)
{
	va_list ap;
	fx->has_toast = true;
	fx->toast = (struct toast){.until = TOAST_SECONDS};
	va_start(ap, fmt);
	vsnprintf(fx->toast.text, sizeof(fx->toast.text), fmt, ap);
	va_end(ap);
}

void
fx_failed(struct fx *fx, const struct fault *f, const char *fmt, ...)
{
	char what[128];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	fx->has_toast = true;
	fx->toast = (struct toast){.is_bad = true};
	snprintf(fx->toast.text, sizeof(fx->toast.text), "%s: %.380s", what,
	    f->text);
	snprintf(fx->toast.detail, sizeof(fx->toast.detail), "%s %s",
	    fault_code_name(f->code), f->action);
}
