#include "router/control/metric_text.h"

#include <inttypes.h>
#include <stdarg.h>

void
metric_family(
    struct buf *b, const char *name, enum metric_type type, const char *help)
{
	static const char *const types[] = {
	    [METRIC_COUNTER] = "counter",
	    [METRIC_GAUGE] = "gauge",
	    [METRIC_HISTOGRAM] = "histogram",
	};

	(void)buf_printf(
	    b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, types[type]);
}

/* Of a label: a backslash, a quote and a newline are escaped. */
static void
add_value(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\\' || *s == '"')
			(void)buf_add_char(b, '\\');
		if (*s == '\n')
			(void)buf_add_str(b, "\\n");
		else
			(void)buf_add_char(b, *s);
	}
}

static void
add_label(struct buf *b, bool is_first, const char *name, const char *value)
{
	(void)buf_add_char(b, is_first ? '{' : ',');
	(void)buf_add_str(b, name);
	(void)buf_add_str(b, "=\"");
	add_value(b, value);
	(void)buf_add_char(b, '"');
}

void
metric_sample(struct buf *b, const char *name, uint64_t value, ...)
{
	bool is_first = true;
	const char *label;
	va_list ap;

	(void)buf_add_str(b, name);
	va_start(ap, value);
	while ((label = va_arg(ap, const char *)) != NULL) {
		add_label(b, is_first, label, va_arg(ap, const char *));
		is_first = false;
	}
	va_end(ap);
	(void)buf_printf(b, "%s %" PRIu64 "\n", is_first ? "" : "}", value);
}

/* Microseconds as seconds, exactly: "0.005", "10.0". */
static void
add_seconds(struct buf *b, uint64_t us)
{
	uint64_t part = us % 1000000;
	int digits = 6;

	for (; digits > 1 && part % 10 == 0; digits--)
		part /= 10;
	(void)buf_printf(
	    b, "%" PRIu64 ".%0*" PRIu64, us / 1000000, digits, part);
}

static void
add_bucket(struct buf *b, const char *name, const char *label,
    const char *value, const uint64_t *bound_us)
{
	(void)buf_printf(b, "%s_bucket", name);
	add_label(b, true, label, value);
	(void)buf_add_str(b, ",le=\"");
	if (bound_us == NULL)
		(void)buf_add_str(b, "+Inf");
	else
		add_seconds(b, *bound_us);
	(void)buf_add_str(b, "\"} ");
}

void
metric_histogram(struct buf *b, const char *name, const char *label,
    const char *value, const struct metric_seconds *h)
{
	uint64_t below = 0;

	for (size_t i = 0; i <= h->n; i++) {
		below += h->counts[i];
		add_bucket(
		    b, name, label, value, i < h->n ? &h->bounds_us[i] : NULL);
		(void)buf_printf(b, "%" PRIu64 "\n", below);
	}
	(void)buf_printf(b, "%s_sum", name);
	add_label(b, true, label, value);
	(void)buf_add_str(b, "} ");
	add_seconds(b, h->sum_us);
	(void)buf_printf(b, "\n%s_count", name);
	add_label(b, true, label, value);
	(void)buf_printf(b, "} %" PRIu64 "\n", below);
}
