#ifndef ADMIN_TUI_KEYS_H
#define ADMIN_TUI_KEYS_H
/*
 * Keys as the console knows them: a Unicode code point for what is typed
 * (control keys as their control character), values past Unicode for the rest.
 */
#include <stdint.h>

typedef uint32_t key_code;

#define KEY_CTRL(letter) ((key_code)(letter)&0x1fU)

enum key_special {
	KEY_TAB = '\t',
	KEY_RETURN = '\r',
	KEY_ESCAPE = 0x1b,
	KEY_ERASE = 0x110000, /* backspace, whatever byte it sends */
	KEY_FORWARD_ERASE,
	KEY_ARROW_UP,
	KEY_ARROW_DOWN,
	KEY_ARROW_LEFT,
	KEY_ARROW_RIGHT,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_FIRST,
	KEY_LAST,
	KEY_BACK_TAB,
	KEY_HELP_F1,
	KEY_REFRESH_F5,
	KEY_OTHER /* one that nothing here means anything by */
};

#endif
