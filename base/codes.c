#include "base/codes.h"

#include <string.h>

/* clang-format off */
static const struct code_row rows[CODES] = {
	[CODE_NONE] = {"", "", 0, CODE_INFO, "", ""},
	[CODE_H10] = {"H10", "App crashed", 503, CODE_ERROR,
	    "Every backend of the app refused connections or failed, so all are set aside for a moment",
	    "See which with `towpath backends APP`, and start the app; it is tried again by itself"},
	[CODE_H11] = {"H11", "Backlog too deep", 503, CODE_ERROR,
	    "All backends work at their max_active, and as many requests wait as the setting queue allows",
	    "Add backends with `towpath backends add APP BACKEND`, or raise max_active or queue with `towpath apps set`"},
	[CODE_H12] = {"H12", "Request timeout", 503, CODE_ERROR,
	    "The backend took the request and sent nothing for first_byte_timeout",
	    "See what the app does that long; if it has to, `towpath apps set APP first_byte_timeout=120s`"},
	[CODE_H13] = {"H13", "Connection closed without response", 503, CODE_ERROR,
	    "The backend closed the connection before it answered, as when it crashed or was stopped",
	    "See the app's own log at that time"},
	[CODE_H14] = {"H14", "No web processes running", 503, CODE_ERROR,
	    "The app had backends and all were removed",
	    "Add one with `towpath backends add APP BACKEND`"},
	[CODE_H15] = {"H15", "Idle connection", 503, CODE_ERROR,
	    "The response stopped coming for idle_timeout in its middle",
	    "See why the app pauses; streams should send something at times, or `towpath apps set APP idle_timeout=300s`"},
	[CODE_H17] = {"H17", "Poorly formatted HTTP response", 503, CODE_ERROR,
	    "What the backend sent is not HTTP/1.1, often because another protocol is spoken on its port",
	    "Check the backend's port, and whether it wants https:// or h2c:// in front"},
	[CODE_H18] = {"H18", "Server Request Interrupted", 503, CODE_ERROR,
	    "The backend closed the connection in the middle of its response",
	    "See the app's own log at that time"},
	[CODE_H19] = {"H19", "Backend connection timeout", 503, CODE_ERROR,
	    "The backend did not accept a connection within connect_timeout, as when its machine is gone or a firewall drops packets",
	    "Check that the backend's address is reached from here: `towpath backends APP`"},
	[CODE_H20] = {"H20", "App boot timeout", 503, CODE_ERROR,
	    "No backend came up while the request waited for queue_timeout",
	    "Start the app and see `towpath backends APP`"},
	[CODE_H21] = {"H21", "Backend connection refused", 503, CODE_ERROR,
	    "Nothing listens at the backend's address",
	    "Start the app, or correct its address with `towpath backends set APP BACKEND`"},
	[CODE_H22] = {"H22", "Connection limit reached", 503, CODE_ERROR,
	    "max_active requests are open at every backend, and nothing may wait",
	    "Add backends, or raise max_active or queue with `towpath apps set`"},
	[CODE_H24] = {"H24", "Forced close", 503, CODE_ERROR,
	    "The drain at a restart or stop ended while this request was open",
	    "Nothing to do; raise [router] drain_timeout if requests take longer than that"},
	[CODE_H25] = {"H25", "HTTP Restriction", 502, CODE_ERROR,
	    "The backend's response breaks HTTP so that passing it on would be dangerous, as with two lengths",
	    "See cause= in the log line, and correct the app"},
	[CODE_H26] = {"H26", "Request Error", 400, CODE_ERROR,
	    "The client's request breaks HTTP, or is larger than the app takes",
	    "See cause= in the log line; for large uploads, `towpath apps set APP max_body=100M`"},
	[CODE_H27] = {"H27", "Client Request Interrupted", 499, CODE_WARNING,
	    "The visitor left before the response was complete",
	    "Nothing to do; if it is frequent, the app is slower than its visitors' patience"},
	[CODE_H28] = {"H28", "Client Connection Idle", 499, CODE_WARNING,
	    "The visitor sent or took nothing for a long time",
	    "Nothing to do"},
	[CODE_H31] = {"H31", "Misdirected Request", 421, CODE_WARNING,
	    "The request is for a host that the connection's certificate does not cover; browsers repeat it on a connection of its own",
	    "Nothing to do"},
	[CODE_H80] = {"H80", "Maintenance mode", 503, CODE_INFO,
	    "Maintenance mode is on for this app",
	    "Turn it off with `towpath apps set APP maintenance=off`"},
	[CODE_H81] = {"H81", "Blank app", 503, CODE_INFO,
	    "The app never had a backend",
	    "Add one with `towpath backends add APP BACKEND`"},
	[CODE_H99] = {"H99", "Platform error", 503, CODE_ERROR,
	    "Something failed in towpath itself or on its machine",
	    "See the daemon's log with `journalctl -u towpath`"},
	[CODE_T10] = {"T10", "No such domain", 404, CODE_ERROR,
	    "No domain of this name is registered here, though the name points here",
	    "Register it with `towpath domains add HOST --app APP`"},
	[CODE_T11] = {"T11", "Client rate limit reached", 429, CODE_WARNING,
	    "One client sent more requests than the app's setting rate allows",
	    "Nothing to do; or raise it with `towpath apps set APP rate=NUMBER`"},
	[CODE_T12] = {"T12", "Address not allowed", 403, CODE_WARNING,
	    "The client's address is in the app's deny list, or not in its allow list",
	    "See both with `towpath apps info APP`"},
};
/* clang-format on */

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

enum code
code_parse(const char *name)
{
	for (int i = CODE_NONE + 1; i < CODES; i++)
		if (strcmp(rows[i].name, name) == 0)
			return (enum code)i;
	return CODE_NONE;
}
