/* The names of things in base/http1.h. */
#include "base/http1.h"

static const struct {
	const char *text;
	int status;
} causes[] = {
    [HTTP1_FINE] = {"", 200},
    [HTTP1_BAD_SYNTAX] = {"bad syntax", 400},
    [HTTP1_BAD_HOST] = {"bad host", 400},
    [HTTP1_BAD_FRAMING] = {"bad framing", 400},
    [HTTP1_BAD_FIELD] = {"bad field", 400},
    [HTTP1_BAD_VERSION] = {"bad version", 505},
    [HTTP1_HEAD_TOO_LARGE] = {"head too large", 431},
    [HTTP1_BAD_CODING] = {"bad coding", 501},
};

const char *
http1_cause_text(enum http1_cause c)
{
	return causes[c].text;
}

int
http1_cause_status(enum http1_cause c)
{
	return causes[c].status;
}

struct slice
http1_find(const struct http1_head *head, struct slice name)
{
	for (size_t i = 0; i < head->n_fields; i++)
		if (slice_eq_nocase(head->fields[i].name, name))
			return head->fields[i].value;
	return slice_of(NULL, 0);
}

/* RFC 9110, section 15, and IANA's registry. */
static const struct {
	int status;
	const char *reason;
} reasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {506, "Variant Also Negotiates"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {511, "Network Authentication Required"},
};

const char *
http1_reason(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "";
}
