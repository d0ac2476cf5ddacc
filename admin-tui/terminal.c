#include "admin-tui/terminal.h"

#include <sys/ioctl.h>

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/mem.h"
#include "certs/x509/pem.h"

#define ESCAPE_DELAY_MS 25
#define OSC52_MAX       (54 * 1024) /* bytes; terminals refuse more */

/* Keys of our own, past those of curses. */
#define KEY_PASTE_BEGIN (KEY_MAX + 1)
#define KEY_PASTE_END   (KEY_MAX + 2)

#define PASTE_ON        "\033[?2004h"
#define PASTE_OFF       "\033[?2004l"

struct terminal {
	SCREEN *screen;
	enum glyphs glyphs;
	bool has_colours;
	bool is_pasting;
	struct buf paste;
};

/* What the handler of a crash needs; written once by terminal_open. */
static struct {
	struct termios tty;
	char reset[128];
	size_t n_reset;
} crash;

static void
say(const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t wrote = write(STDOUT_FILENO, bytes, n);
		if (wrote <= 0)
			return;
		bytes += wrote;
		n -= (size_t)wrote;
	}
}

/* Only what a signal handler may call; then the signal does its work. */
static void
on_crash(int signal_number)
{
	say(crash.reset, crash.n_reset);
	tcsetattr(STDIN_FILENO, TCSANOW, &crash.tty);
	raise(signal_number);
}

static void
prepare_crash(void)
{
	struct sigaction action = {.sa_handler = on_crash};
	static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE};
	const char *leave = exit_ca_mode != NULL ? exit_ca_mode : "";
	const char *show = cursor_normal != NULL ? cursor_normal : "";
	action.sa_flags = (int)(SA_RESETHAND | SA_NODEFER);
	int n = snprintf(crash.reset, sizeof(crash.reset), "%s\033[m%s%s",
	    PASTE_OFF, leave, show);
	crash.n_reset =
	    n > 0 && (size_t)n < sizeof(crash.reset) ? (size_t)n : 0;
	for (size_t i = 0; i < COUNT_OF(signals); i++)
		sigaction(signals[i], &action, NULL);
}

static enum glyphs
choose_glyphs(void)
{
	const char *term = getenv("TERM");
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		return GLYPHS_ASCII;
	if (term != NULL && strncmp(term, "linux", 5) == 0)
		return GLYPHS_LINE;
	return GLYPHS_FULL;
}

static bool
wants_colours(void)
{
	const char *no = getenv("NO_COLOR");
	return (no == NULL || no[0] == '\0') && has_colors();
}

static void
start_colours(struct terminal *t)
{
	static const enum colour colours[] = {
	    COLOUR_RED, COLOUR_GREEN, COLOUR_YELLOW, COLOUR_CYAN};
	t->has_colours = wants_colours();
	if (!t->has_colours)
		return; /* start_color alone would repaint the background */
	start_color();
	use_default_colors();
	for (size_t i = 0; i < COUNT_OF(colours); i++)
		init_pair((short)colours[i], (short)colours[i], -1);
}

static void
set_modes(void)
{
	raw(); /* C-c, C-z and C-s are keys like others */
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(1);
	define_key("\033[200~", KEY_PASTE_BEGIN);
	define_key("\033[201~", KEY_PASTE_END);
	say(PASTE_ON, strlen(PASTE_ON));
}

enum err
terminal_open(struct terminal **out, struct fault *f)
{
	setlocale(LC_CTYPE, "");
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    tcgetattr(STDIN_FILENO, &crash.tty) != 0) {
		fault_set(f, FAULT_P18_USAGE, "the console needs a terminal");
		return ERR_DENIED;
	}
	struct terminal *t = xcalloc(1, sizeof(*t));
	buf_init(&t->paste, PASTE_MAX);
	set_escdelay(ESCAPE_DELAY_MS);
	t->screen = newterm(NULL, stdout, stdin);
	if (t->screen == NULL || cursor_address == NULL) {
		const char *term = getenv("TERM");
		terminal_close(t);
		fault_set(f, FAULT_P18_USAGE,
		    "the terminal \"%s\" cannot show the console",
		    term == NULL ? "" : term);
		fault_action(f, "use the commands instead: towpath help");
		return ERR_DENIED;
	}
	set_term(t->screen);
	t->glyphs = choose_glyphs();
	start_colours(t);
	prepare_crash();
	set_modes();
	*out = t;
	return ERR_OK;
}

void
terminal_close(struct terminal *t)
{
	if (t == NULL)
		return;
	if (t->screen != NULL) {
		terminal_leave(t);
		delscreen(t->screen);
	}
	buf_wipe(&t->paste);
	free(t);
}

int
terminal_fd(const struct terminal *t)
{
	(void)t;
	return STDIN_FILENO;
}

void
terminal_resize(struct terminal *t)
{
	struct winsize size;
	(void)t;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 &&
	    size.ws_col > 0)
		resizeterm(size.ws_row, size.ws_col);
	clearok(curscr, TRUE);
}

void
terminal_size(const struct terminal *t, int *rows, int *cols)
{
	(void)t;
	*rows = getmaxy(stdscr);
	*cols = getmaxx(stdscr);
}

static attr_t
attributes(struct pen pen)
{
	return (pen.bold ? A_BOLD : 0) | (pen.dim ? A_DIM : 0) |
	       (pen.underline ? A_UNDERLINE : 0) |
	       (pen.reverse ? A_REVERSE : 0);
}

static void
show_cell(struct terminal *t, int y, int x, const struct cell *cell)
{
	struct pen pen = theme_pen(cell->role, t->has_colours);
	short pair = pen.colour == COLOUR_DEFAULT ? 0 : (short)pen.colour;
	uint32_t ch = theme_glyph(cell->ch, t->glyphs);
	wchar_t text[2] = {(wchar_t)ch, L'\0'};
	cchar_t c;
	/* What the C library would draw in another width would shift all that
	 * follows. */
	if (ch >= 0x80 && wcwidth((wchar_t)ch) != text_columns(cell->ch))
		text[0] = L'?';
	if (setcchar(&c, text, attributes(pen), pair, NULL) == OK)
		mvadd_wch(y, x, &c);
}

void
terminal_show(struct terminal *t, const struct grid *g)
{
	erase();
	for (int y = 0; y < g->rows; y++)
		for (int x = 0; x < g->cols; x++) {
			const struct cell *cell =
			    &g->cells[(size_t)y * (size_t)g->cols + (size_t)x];
			if (cell->ch != 0)
				show_cell(t, y, x, cell);
		}
	move(g->cursor_y, g->cursor_x);
	refresh();
}

void
terminal_redraw(struct terminal *t)
{
	(void)t;
	clearok(curscr, TRUE);
}

static const struct {
	int curses;
	key_code key;
} special_keys[] = {
    {KEY_UP, KEY_ARROW_UP},
    {KEY_DOWN, KEY_ARROW_DOWN},
    {KEY_LEFT, KEY_ARROW_LEFT},
    {KEY_RIGHT, KEY_ARROW_RIGHT},
    {KEY_PPAGE, KEY_PAGE_UP},
    {KEY_NPAGE, KEY_PAGE_DOWN},
    {KEY_HOME, KEY_FIRST},
    {KEY_END, KEY_LAST},
    {KEY_BTAB, KEY_BACK_TAB},
    {KEY_BACKSPACE, KEY_ERASE},
    {KEY_DC, KEY_FORWARD_ERASE},
    {KEY_ENTER, KEY_RETURN},
    {KEY_F(1), KEY_HELP_F1},
    {KEY_F(5), KEY_REFRESH_F5},
};

static key_code
special_key(wint_t key)
{
	for (size_t i = 0; i < COUNT_OF(special_keys); i++)
		if ((wint_t)special_keys[i].curses == key)
			return special_keys[i].key;
	return KEY_OTHER;
}

/* Characters between the marks are text whatever they are. */
static void
collect(struct terminal *t, wint_t ch)
{
	char bytes[4];
	size_t n = text_encode((uint32_t)ch, bytes);
	/* Past the limit the paste is cut; what takes it says what is wrong
	 * with it. */
	(void)buf_add(&t->paste, slice_of(bytes, n));
}

/* Returns true when there is something for the caller. */
static bool
take_key(struct terminal *t, bool is_special, wint_t ch, struct input *in)
{
	if (is_special && ch == KEY_PASTE_BEGIN) {
		t->is_pasting = true;
		buf_wipe(&t->paste);
		return false;
	}
	if (is_special && ch == KEY_PASTE_END) {
		bool was = t->is_pasting;
		t->is_pasting = false;
		in->kind = INPUT_PASTE;
		in->paste = buf_slice(&t->paste);
		return was;
	}
	if (t->is_pasting) {
		if (!is_special)
			collect(t, ch);
		return false;
	}
	if (is_special && ch == KEY_RESIZE)
		return false;
	in->kind = INPUT_KEY;
	in->key = is_special ? special_key(ch) : (key_code)ch;
	if (!is_special && (ch == 0x7f || ch == 0x08))
		in->key = KEY_ERASE;
	if (!is_special && ch == '\n')
		in->key = KEY_RETURN;
	return true;
}

void
terminal_read(struct terminal *t, struct input *in)
{
	wint_t ch = 0;
	int got;
	*in = (struct input){.kind = INPUT_NONE};
	while ((got = get_wch(&ch)) != ERR)
		if (take_key(t, got == KEY_CODE_YES, ch, in))
			return;
}

bool
terminal_is_gone(const struct terminal *t)
{
	struct pollfd fd = {.fd = terminal_fd(t), .events = POLLIN};
	return poll(&fd, 1, 0) > 0 &&
	       (fd.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

void
terminal_leave(struct terminal *t)
{
	(void)t;
	say(PASTE_OFF, strlen(PASTE_OFF));
	endwin();
}

void
terminal_enter(struct terminal *t)
{
	reset_prog_mode();
	set_modes();
	terminal_redraw(t);
	refresh();
}

void
terminal_copy(struct terminal *t, struct slice text)
{
	struct buf out;
	(void)t;
	if (text.n > OSC52_MAX)
		return;
	buf_init(&out, 2 * OSC52_MAX);
	buf_add_str(&out, "\033]52;c;");
	base64_add(&out, text);
	buf_add_char(&out, '\a');
	struct slice s = buf_slice(&out);
	say(s.p, s.n);
	buf_clear(&out);
}
