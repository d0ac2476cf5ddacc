#include "admin-tui/lineedit.h"

void
lineedit_init(struct lineedit *e, bool is_masked)
{
	*e = (struct lineedit){.is_masked = is_masked};
}

void
lineedit_clear(struct lineedit *e)
{
	explicit_bzero(e->text, sizeof(e->text));
	e->n = e->at = 0;
}

void
lineedit_set(struct lineedit *e, const char *text)
{
	lineedit_clear(e);
	lineedit_paste(e, slice_str(text));
}

/* The edge of the character before or after the caret. */
static size_t
before(const struct lineedit *e)
{
	size_t at = e->at;
	while (at > 0 && ((unsigned char)e->text[--at] & 0xc0U) == 0x80)
		;
	return at;
}

static size_t
after(const struct lineedit *e)
{
	size_t at = e->at;
	if (at < e->n)
		at++;
	while (at < e->n && ((unsigned char)e->text[at] & 0xc0U) == 0x80)
		at++;
	return at;
}

static void
cut(struct lineedit *e, size_t from, size_t to)
{
	memmove(e->text + from, e->text + to, e->n - to + 1);
	e->n -= to - from;
	e->at = from;
}

static size_t
word_start(const struct lineedit *e)
{
	size_t at = e->at;
	while (at > 0 && e->text[at - 1] == ' ')
		at--;
	while (at > 0 && e->text[at - 1] != ' ')
		at--;
	return at;
}

static void
insert(struct lineedit *e, uint32_t cp)
{
	char bytes[4];
	size_t n = text_encode(cp, bytes);
	if (e->n + n >= sizeof(e->text))
		return;
	memmove(e->text + e->at + n, e->text + e->at, e->n - e->at + 1);
	memcpy(e->text + e->at, bytes, n);
	e->n += n;
	e->at += n;
}

void
lineedit_paste(struct lineedit *e, struct slice text)
{
	uint32_t cp;
	while (text_next(&text, &cp))
		if (cp != TEXT_REPLACEMENT)
			insert(e, cp);
}

static bool
move_key(struct lineedit *e, key_code key)
{
	if (key == KEY_ARROW_LEFT || key == KEY_CTRL('B'))
		e->at = before(e);
	else if (key == KEY_ARROW_RIGHT || key == KEY_CTRL('F'))
		e->at = after(e);
	else if (key == KEY_FIRST || key == KEY_CTRL('A'))
		e->at = 0;
	else if (key == KEY_LAST || key == KEY_CTRL('E'))
		e->at = e->n;
	else
		return false;
	return true;
}

bool
lineedit_key(struct lineedit *e, key_code key)
{
	if (move_key(e, key))
		return true;
	if (key == KEY_ERASE || key == KEY_CTRL('H'))
		cut(e, before(e), e->at);
	else if (key == KEY_FORWARD_ERASE || key == KEY_CTRL('D'))
		cut(e, e->at, after(e));
	else if (key == KEY_CTRL('U'))
		cut(e, 0, e->at);
	else if (key == KEY_CTRL('K'))
		cut(e, e->at, e->n);
	else if (key == KEY_CTRL('W'))
		cut(e, word_start(e), e->at);
	else if (key >= ' ' && key < KEY_ERASE && key != 0x7f)
		insert(e, key);
	else
		return false;
	return true;
}

void
lineedit_draw(const struct lineedit *e, struct canvas c, struct rect line)
{
	char shown[LINEEDIT_SIZE];
	size_t at = e->at, n = e->n;
	memcpy(shown, e->text, sizeof(shown));
	if (e->is_masked) {
		at = (size_t)text_width(slice_of(e->text, e->at));
		n = (size_t)text_width(slice_of(e->text, e->n));
		memset(shown, '*', n);
	}
	/* One column is kept for the caret behind the last character. */
	size_t from = text_suffix(slice_of(shown, at), line.cols - 1);
	struct slice seen = slice_of(shown + from, n - from);
	seen.n = text_prefix(seen, line.cols);
	canvas_cut(c, line, ROLE_TITLE, seen, TEXT_CUT_END);
	canvas_cursor(
	    c, line.y, line.x + text_width(slice_of(shown + from, at - from)));
	explicit_bzero(shown, sizeof(shown));
}
