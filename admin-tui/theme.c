#include "admin-tui/theme.h"

#include "base/mem.h"

static const struct pen with_colours[ROLES] = {
    [ROLE_TEXT] = {.colour = COLOUR_DEFAULT},
    [ROLE_DIM] = {.colour = COLOUR_DEFAULT, .dim = true},
    [ROLE_TITLE] = {.colour = COLOUR_DEFAULT, .bold = true},
    [ROLE_BAR] = {.colour = COLOUR_DEFAULT, .reverse = true},
    [ROLE_SELECTED] = {.colour = COLOUR_DEFAULT, .reverse = true},
    [ROLE_MARKED] = {.colour = COLOUR_DEFAULT, .bold = true},
    [ROLE_OK] = {.colour = COLOUR_GREEN},
    [ROLE_WORKING] = {.colour = COLOUR_CYAN},
    [ROLE_WAITING] = {.colour = COLOUR_YELLOW, .bold = true},
    [ROLE_WARN] = {.colour = COLOUR_YELLOW, .bold = true},
    [ROLE_BAD] = {.colour = COLOUR_RED, .bold = true},
    [ROLE_OLD] = {.colour = COLOUR_RED},
    [ROLE_NEW] = {.colour = COLOUR_GREEN},
};

static const struct pen without_colours[ROLES] = {
    [ROLE_DIM] = {.dim = true},
    [ROLE_TITLE] = {.bold = true},
    [ROLE_BAR] = {.reverse = true},
    [ROLE_SELECTED] = {.reverse = true},
    [ROLE_MARKED] = {.bold = true},
    [ROLE_WAITING] = {.bold = true},
    [ROLE_WARN] = {.bold = true},
    [ROLE_BAD] = {.bold = true, .underline = true},
};

struct pen
theme_pen(enum role role, bool colours)
{
	if (colours)
		return with_colours[role];
	struct pen pen = without_colours[role];
	pen.colour = COLOUR_DEFAULT;
	return pen;
}

/* Every glyph the console draws; what is not here is text of others. */
static const struct {
	uint32_t full, line, ascii;
} glyph_table[] = {{0x2713, '+', '+'},            /* ok */
    {0x2717, 'x', 'x'},                           /* bad */
    {0x2026, '~', '~'},                           /* cut here */
    {0x2500, 0x2500, '-'},                        /* rule */
    {0x254c, 0x2500, '.'},                        /* broken rule */
    {0x2502, 0x2502, '|'}, {0x250c, 0x250c, '+'}, /* boxes */
    {0x2510, 0x2510, '+'}, {0x2514, 0x2514, '+'}, {0x2518, 0x2518, '+'},
    {0x251c, 0x251c, '+'}, {0x2524, 0x2524, '+'}, {0x2534, 0x2534, '+'}};

uint32_t
theme_glyph(uint32_t code_point, enum glyphs glyphs)
{
	if (code_point < 0x80 || glyphs == GLYPHS_FULL)
		return code_point;
	for (size_t i = 0; i < COUNT_OF(glyph_table); i++)
		if (glyph_table[i].full == code_point)
			return glyphs == GLYPHS_LINE ? glyph_table[i].line
						     : glyph_table[i].ascii;
	if (glyphs == GLYPHS_LINE && code_point < 0x100)
		return code_point; /* Latin-1 is in every console font */
	return '?';
}
