#ifndef ADMIN_TUI_SCREEN_DASHBOARD_H
#define ADMIN_TUI_SCREEN_DASHBOARD_H
/*
 * The first screen: every domain, what needs a person on top.
 */
#include "admin-tui/screen.h"

struct screen *dashboard_new(const struct model *model);

#endif
