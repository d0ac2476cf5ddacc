#include "admin-tui/cli_output.h"

#include <sys/ioctl.h>

#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "admin-tui/text.h"
#include "base/clock.h"
#include "base/mem.h"

#define COLUMNS_DEFAULT 80
#define LABEL_WIDTH     16
#define GAP             2                 /* blanks between columns */
#define TEXT_MAX        (4 * 1024 * 1024) /* of one line */

void
cli_output_init(struct cli_output *o, bool is_json)
{
	struct winsize size;
	*o = (struct cli_output){
	    stdout, stderr, false, is_json, COLUMNS_DEFAULT};
	o->is_terminal = isatty(STDOUT_FILENO);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		o->columns = size.ws_col;
}

/*
 * Text that strangers may have written.  A terminal gets only what it can
 * draw; elsewhere a tab or a line break would be taken for one of ours.
 */
static void
put_text(const struct cli_output *o, struct slice text)
{
	uint32_t code_point;
	char bytes[4];
	if (o->is_terminal) {
		while (text_next(&text, &code_point))
			fwrite(
			    bytes, 1, text_encode(code_point, bytes), o->out);
		return;
	}
	for (size_t i = 0; i < text.n; i++) {
		unsigned char byte = (unsigned char)text.p[i];
		fputc(byte < ' ' || byte == 0x7f ? ' ' : byte, o->out);
	}
}

void
cli_say(const struct cli_output *o, const char *fmt, ...)
{
	struct buf b;
	va_list ap;
	if (o->is_json)
		return;
	buf_init(&b, TEXT_MAX);
	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	put_text(o, buf_slice(&b));
	fputc('\n', o->out);
	buf_clear(&b);
}

void
cli_field(const struct cli_output *o, const char *label, const char *fmt, ...)
{
	struct buf b;
	va_list ap;
	if (o->is_json)
		return;
	buf_init(&b, TEXT_MAX);
	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	if (b.len == 0 && o->is_terminal)
		buf_add_char(&b, '-');
	if (o->is_terminal)
		fprintf(o->out, "%-*s ", LABEL_WIDTH - 1, label);
	else
		fprintf(o->out, "%s\t", label);
	put_text(o, buf_slice(&b));
	fputc('\n', o->out);
	buf_clear(&b);
}

void
cli_json(const struct cli_output *o, const json_t *document)
{
	if (!o->is_json)
		return;
	char *text = json_text(document);
	fprintf(o->out, "%s\n", text);
	secret_free(text, strlen(text)); /* certs export --with-key */
}

/* A problem document of our own, for what never reached the API. */
static json_t *
problem_of(const struct fault *f)
{
	json_t *p = json_object();
	const struct fault_row *row = fault_lookup(f->code);
	json_put_str(p, "type", "about:blank");
	json_put_str(p, "title", row != NULL ? row->title : f->text);
	json_put_str(p, "detail", f->text);
	json_put_str(p, "code", fault_code_name(f->code));
	json_put_str(p, "action", f->action);
	return p;
}

void
cli_fault(
    const struct cli_output *o, const struct fault *f, const json_t *problem)
{
	fflush(o->out);
	if (o->is_json) {
		json_t *own = json_is_object(problem) ? NULL : problem_of(f);
		char *text = json_text(own != NULL ? own : problem);
		fprintf(o->err, "%s\n", text);
		free(text);
		json_decref(own);
		return;
	}
	/* A code of a newer daemon is not in our table. */
	const char *code = fault_code_name(f->code);
	if (code[0] == '\0' && json_is_object(problem))
		code = json_str(problem, "code");
	struct cli_output err = {
	    .out = o->err, .is_terminal = isatty(fileno(o->err))};
	struct buf b;
	buf_init(&b, TEXT_MAX);
	buf_printf(
	    &b, "towpath: %s%s%s", code, code[0] != '\0' ? " " : "", f->text);
	if (f->action[0] != '\0')
		buf_printf(&b, ". %s", f->action);
	put_text(&err, buf_slice(&b));
	fputc('\n', o->err);
	buf_clear(&b);
}

char *
cli_time(const struct cli_output *o, const char *at, char out[CLI_TIME_SIZE])
{
	int64_t seconds;
	struct tm tm;
	out[0] = '\0';
	if (at == NULL || at[0] == '\0')
		return out;
	snprintf(out, CLI_TIME_SIZE, "%s", at);
	if (!o->is_terminal || clock_parse(slice_str(at), &seconds) != ERR_OK)
		return out;
	time_t t = (time_t)seconds;
	if (localtime_r(&t, &tm) != NULL)
		strftime(out, CLI_TIME_SIZE, "%Y-%m-%d %H:%M:%S %Z", &tm);
	return out;
}

/* --- tables --------------------------------------------------------------- */

void
cli_table_init(struct cli_table *t, const char *const *heads)
{
	*t = (struct cli_table){.heads = heads};
	while (heads[t->n_columns] != NULL) {
		t->widths[t->n_columns] = (int)strlen(heads[t->n_columns]);
		t->n_columns++;
	}
}

static void
forget_cells(struct cli_table *t)
{
	for (size_t i = 0; i < t->n_cells; i++)
		free(t->cells[i]);
	free(t->cells);
	t->cells = NULL;
	t->n_cells = 0;
}

void
cli_table_clear(struct cli_table *t)
{
	forget_cells(t);
}

void
cli_table_add(struct cli_table *t, const char *cell)
{
	if ((t->n_cells & (t->n_cells - 1)) == 0) {
		size_t room = t->n_cells == 0 ? 1 : t->n_cells * 2;
		t->cells = xrealloc(t->cells, room * sizeof(*t->cells));
	}
	int *width = &t->widths[t->n_cells % t->n_columns];
	char *copy = xstrdup(cell == NULL ? "" : cell);
	int needed = text_width(slice_str(copy));
	if (needed > *width)
		*width = needed;
	t->cells[t->n_cells++] = copy;
}

void
cli_table_addf(struct cli_table *t, const char *fmt, ...)
{
	struct buf b;
	va_list ap;
	buf_init(&b, TEXT_MAX);
	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	char *cell = buf_take(&b);
	cli_table_add(t, cell);
	free(cell);
}

/* The last column is the sentence: it gives way, the names before it never. */
static void
show_aligned(const struct cli_table *t, const struct cli_output *o,
    const char *const *row)
{
	int used = 0;
	for (size_t i = 0; i < t->n_columns; i++) {
		const char *cell = row[i][0] != '\0' ? row[i] : "-";
		int width = text_width(slice_str(cell));
		bool is_last = i + 1 == t->n_columns;
		if (is_last && used + width > o->columns &&
		    o->columns - used >= LABEL_WIDTH) {
			char *fit = xmalloc(strlen(cell) + 4);
			text_fit(slice_str(cell), o->columns - used,
			    TEXT_CUT_END, fit, strlen(cell) + 4);
			put_text(o, slice_str(fit));
			free(fit);
			break;
		}
		put_text(o, slice_str(cell));
		if (!is_last)
			fprintf(o->out, "%*s", t->widths[i] + GAP - width, "");
		used += t->widths[i] + GAP;
	}
	fputc('\n', o->out);
}

void
cli_table_show(struct cli_table *t, const struct cli_output *o)
{
	if (o->is_terminal && !t->had_header && t->n_cells > 0)
		show_aligned(t, o, t->heads);
	t->had_header = true;
	for (size_t i = 0; i + t->n_columns <= t->n_cells; i += t->n_columns) {
		const char *const *row = (const char *const *)&t->cells[i];
		if (o->is_terminal) {
			show_aligned(t, o, row);
			continue;
		}
		for (size_t k = 0; k < t->n_columns; k++) {
			put_text(o, slice_str(row[k]));
			fputc(k + 1 == t->n_columns ? '\n' : '\t', o->out);
		}
	}
	forget_cells(t);
}
