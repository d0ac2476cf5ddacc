#include "base/log_filter.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

enum err
log_filter_status(struct log_filter *f, struct slice text, struct fault *fault)
{
	bool is_class = text.n == 3 && (text.p[1] == 'x' || text.p[1] == '*') &&
			text.p[2] == text.p[1];
	uint64_t n = 0;

	if (is_class && is_digit(text.p[0]) && text.p[0] != '0') {
		f->status_from = (uint32_t)(text.p[0] - '0') * 100;
		f->status_to = f->status_from + 99;
		return ERR_OK;
	}
	if (text.n == 3 && slice_to_u64(text, &n) == ERR_OK && n >= 100) {
		f->status_from = f->status_to = (uint32_t)n;
		return ERR_OK;
	}
	fault_set(fault, FAULT_P11_FIELD_INVALID,
	    "A status is a number as 404, or a class as 5xx");
	return ERR_SYNTAX;
}

bool
log_filter_matches(const struct log_filter *f, const struct log_facts *line)
{
	uint32_t status = line->status < 0 ? 0 : (uint32_t)line->status;

	if (f->status_to != 0 &&
	    (status < f->status_from || status > f->status_to))
		return false;
	if (f->code[0] != '\0' && !slice_eq(slice_str(f->code), line->code))
		return false;
	if (f->app[0] != '\0' && !slice_eq(slice_str(f->app), line->app))
		return false;
	return f->host[0] == '\0' ||
	       host_matches(slice_str(f->host), line->host);
}

void
log_filter_put(struct buf *b, const struct log_filter *f)
{
	wire_put_str(b, f->app);
	wire_put_str(b, f->host);
	wire_put_str(b, f->code);
	wire_put_u32(b, f->status_from);
	wire_put_u32(b, f->status_to);
}

void
log_filter_read(struct wire *w, struct log_filter *out)
{
	wire_str(w, out->app, sizeof(out->app));
	wire_str(w, out->host, sizeof(out->host));
	wire_str(w, out->code, sizeof(out->code));
	out->status_from = wire_u32(w);
	out->status_to = wire_u32(w);
}
