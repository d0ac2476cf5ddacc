#ifndef ADMIN_TUI_SCREEN_DOMAIN_H
#define ADMIN_TUI_SCREEN_DOMAIN_H
/*
 * One domain: tabs Diagnosis, ACME, Certificate, History and Why, which tells
 * the whole story as `towpath explain HOST` does.
 */
#include "admin-tui/screen.h"

enum domain_tab {
	TAB_DIAGNOSIS,
	TAB_ACME,
	TAB_CERTIFICATE,
	TAB_HISTORY,
	TAB_WHY,
	DOMAIN_TABS
};

struct screen *domain_screen_new(
    const struct model *model, const char *host, enum domain_tab tab);

/* The same on History; asks to roll back as soon as the history is there. */
struct screen *domain_screen_roll_back(
    const struct model *model, const char *host);

#endif
