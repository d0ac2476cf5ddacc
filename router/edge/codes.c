#include "router/edge/codes.h"

static const struct code_row rows[CODES] = {
    [CODE_NONE] = {"", "", 0, CODE_INFO},
    [CODE_H10] = {"H10", "App crashed", 503, CODE_ERROR},
    [CODE_H11] = {"H11", "Backlog too deep", 503, CODE_ERROR},
    [CODE_H12] = {"H12", "Request timeout", 503, CODE_ERROR},
    [CODE_H13] = {"H13", "Connection closed without response", 503, CODE_ERROR},
    [CODE_H14] = {"H14", "No web processes running", 503, CODE_ERROR},
    [CODE_H15] = {"H15", "Idle connection", 503, CODE_ERROR},
    [CODE_H17] = {"H17", "Poorly formatted HTTP response", 503, CODE_ERROR},
    [CODE_H18] = {"H18", "Server Request Interrupted", 503, CODE_ERROR},
    [CODE_H19] = {"H19", "Backend connection timeout", 503, CODE_ERROR},
    [CODE_H20] = {"H20", "App boot timeout", 503, CODE_ERROR},
    [CODE_H21] = {"H21", "Backend connection refused", 503, CODE_ERROR},
    [CODE_H22] = {"H22", "Connection limit reached", 503, CODE_ERROR},
    [CODE_H24] = {"H24", "Forced close", 503, CODE_ERROR},
    [CODE_H25] = {"H25", "HTTP Restriction", 502, CODE_ERROR},
    [CODE_H26] = {"H26", "Request Error", 400, CODE_ERROR},
    [CODE_H27] = {"H27", "Client Request Interrupted", 499, CODE_WARNING},
    [CODE_H28] = {"H28", "Client Connection Idle", 499, CODE_WARNING},
    [CODE_H31] = {"H31", "Misdirected Request", 421, CODE_WARNING},
    [CODE_H80] = {"H80", "Maintenance mode", 503, CODE_INFO},
    [CODE_H81] = {"H81", "Blank app", 503, CODE_INFO},
    [CODE_H99] = {"H99", "Platform error", 503, CODE_ERROR},
    [CODE_T10] = {"T10", "No such domain", 404, CODE_ERROR},
    [CODE_T11] = {"T11", "Client rate limit reached", 429, CODE_WARNING},
    [CODE_T12] = {"T12", "Address not allowed", 403, CODE_WARNING},
};

const struct code_row *
code_row(enum code code)
{
	return &rows[code];
}

const char *
code_level_text(enum code_level level)
{
	static const char *const texts[] = {
	    [CODE_INFO] = "info",
	    [CODE_WARNING] = "warning",
	    [CODE_ERROR] = "error",
	};
	return texts[level];
}
