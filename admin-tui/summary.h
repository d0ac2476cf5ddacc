#ifndef ADMIN_TUI_SUMMARY_H
#define ADMIN_TUI_SUMMARY_H
/*
 * How things stand, in one line: how many domains there are of each status, the
 * most urgent first.  What there is none of is not shown.
 */
#include "admin-tui/canvas.h"
#include "admin-tui/model.h"

void summary_draw(const struct model *m, struct canvas c, int y);

#endif
