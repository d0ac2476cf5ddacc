#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * The one table of fault codes.  A title and an action are what can be said
 * without knowing the case; the code that sets a fault says it better where it
 * can.  Both are sentences without a full stop.
 */
/* clang-format off */
static const struct fault_row table[FAULT_CODES] = {
	[FAULT_N10_HOST_INVALID] = {"N10",
	    "This is not a host name that can be served",
	    "Use a name like www.example.com: letters, digits and hyphens, at least one dot, no port, no IP address", 422},
	[FAULT_N11_HOST_EXISTS] = {"N11",
	    "This domain is registered already",
	    "Look at it with `towpath domains info`; remove it there first to register it for another app", 409},
	[FAULT_N12_HOST_OF_OTHER_APP] = {"N12",
	    "A wildcard or name of another app overlaps with this domain",
	    "Use a name outside of it, or let an administrator remove the other domain first", 409},
	[FAULT_N13_HOST_RESERVED] = {"N13",
	    "This name belongs to the platform itself",
	    "Use a name of the customer's own", 422},
	[FAULT_N14_WILDCARD_NEEDS_DNS01] = {"N14",
	    "A wildcard certificate can only be obtained by dns-01, and no DNS provider is configured",
	    "Upload a certificate together with the domain, configure [dns] provider, or register the exact names", 422},
	[FAULT_N15_NO_SUCH_DOMAIN] = {"N15",
	    "There is no such domain",
	    "List them with `towpath domains`; register it with `towpath domains add`", 404},
	[FAULT_N16_NO_SUCH_APP] = {"N16",
	    "There is no such app",
	    "List them with `towpath apps`; create it with `towpath apps create`", 404},
	[FAULT_N17_APP_EXISTS] = {"N17",
	    "There is an app of this name already",
	    "Choose another name, or change the app with `towpath apps set`", 409},
	[FAULT_N18_APP_NAME_INVALID] = {"N18",
	    "This is not a name for an app",
	    "Use 1 to 63 of a-z, 0-9 and hyphens, beginning and ending with a letter or digit", 422},
	[FAULT_N19_BACKEND_INVALID] = {"N19",
	    "This is not a backend that can be used",
	    "Use HOST:PORT, ADDRESS:PORT, [IPv6]:PORT or unix:/PATH, never a socket of towpath itself nor a link-local address", 422},
	[FAULT_N20_NO_DEFAULT_APP] = {"N20",
	    "No app was named and the platform has no default app",
	    "Name one with --app, or set [platform] default_app", 422},
	[FAULT_N21_SETTING_UNKNOWN] = {"N21",
	    "There is no such setting",
	    "See `towpath help apps set` for the keys", 422},
	[FAULT_N22_SETTING_INVALID] = {"N22",
	    "This value does not fit the setting",
	    "See `towpath help apps set` for what it takes", 422},
	[FAULT_N23_BACKEND_EXISTS] = {"N23",
	    "The app has this backend already",
	    "Use `towpath backends set` to replace all of them", 409},
	[FAULT_N24_NO_SUCH_BACKEND] = {"N24",
	    "The app has no such backend",
	    "List them with `towpath backends APP`", 404},
	[FAULT_N25_APP_HAS_DOMAINS] = {"N25",
	    "The app still has domains",
	    "Remove them first, or give them to another app with `towpath domains set HOST app=NAME`", 409},
	[FAULT_N26_PAGE_NOT_FETCHED] = {"N26",
	    "The page could not be fetched",
	    "Give a URL that answers 200 with HTML of at most 64 KB, on a public address; or upload the page as a file", 422},
	[FAULT_N28_BACKEND_UNRESOLVED] = {"N28",
	    "The backend's host name cannot be resolved",
	    "Check the name in DNS as towpath's resolvers see it, or give the address itself", 422},
	[FAULT_N29_BACKEND_UNHEALTHY] = {"N29",
	    "The backend fails its health checks and gets no requests",
	    "See what it answers at the app's health_path; it is used again by itself when it answers well", 503},
	[FAULT_C10_NO_CERTIFICATE] = {"C10",
	    "There is no certificate in what was uploaded",
	    "Add the file with the certificate (BEGIN CERTIFICATE), its chain and its key", 422},
	[FAULT_C11_NO_KEY] = {"C11",
	    "There is no private key in what was uploaded",
	    "Add the key file (BEGIN PRIVATE KEY); `certs update` with a certificate alone keeps the present key", 422},
	[FAULT_C12_KEY_MISMATCH] = {"C12",
	    "The private key belongs to none of these certificates",
	    "Upload the key that the certificate request was made with", 422},
	[FAULT_C13_EXPIRED] = {"C13",
	    "The certificate has expired",
	    "Upload a renewed one, or remove it and let the automatic certificate serve", 422},
	[FAULT_C14_NOT_YET_VALID] = {"C14",
	    "The certificate is not valid yet",
	    "Upload it again when its validity begins", 422},
	[FAULT_C15_NAME_NOT_COVERED] = {"C15",
	    "The certificate does not cover this domain",
	    "Upload one that has the name among its subject alternative names", 422},
	[FAULT_C16_KEY_ENCRYPTED] = {"C16",
	    "The private key is encrypted and no passphrase was given",
	    "Give it with --passphrase-file, or decrypt the key first", 422},
	[FAULT_C17_PASSPHRASE_WRONG] = {"C17",
	    "The passphrase does not open the private key",
	    "Check the passphrase; blanks and the end of line count", 422},
	[FAULT_C18_NOT_RECOGNISED] = {"C18",
	    "This is neither a certificate nor a private key",
	    "Upload PEM, DER or PKCS#12 files as your certificate authority gave them", 422},
	[FAULT_C19_EMPTY] = {"C19",
	    "The file is empty",
	    "Download or export it again", 422},
	[FAULT_C20_TOO_BIG] = {"C20",
	    "The file is larger than any certificate",
	    "Upload the certificate, its chain and its key only; 1 MB is the most", 413},
	[FAULT_C21_CHAIN_INCOMPLETE] = {"C21",
	    "An intermediate certificate is missing, so many visitors will not trust it",
	    "Add the intermediate from your certificate authority's download page to the upload", 422},
	[FAULT_C22_NOT_TRUSTED] = {"C22",
	    "Browsers do not trust this certificate",
	    "Fine for a private authority; else upload one of a public certificate authority with its whole chain", 422},
	[FAULT_C23_KEY_WEAK] = {"C23",
	    "The key is too weak to be accepted by browsers",
	    "Use ECDSA P-256 or RSA with at least 2048 bits", 422},
	[FAULT_C24_TOO_MANY_NAMES] = {"C24",
	    "The certificate has more names than are served from one",
	    "Use a certificate with at most 1000 names", 422},
	[FAULT_C25_ONE_INSTALLED] = {"C25",
	    "A custom certificate is installed already",
	    "Replace it with `towpath certs update`", 409},
	[FAULT_C26_NONE_INSTALLED] = {"C26",
	    "No custom certificate is installed",
	    "Install one with `towpath certs add`", 404},
	[FAULT_C27_NOTHING_TO_ROLL_BACK_TO] = {"C27",
	    "There is no certificate before this one",
	    "See `towpath certs history`; any of its numbers can be given with --to", 409},
	[FAULT_C28_TARGET_NOT_VALID] = {"C28",
	    "That certificate is no longer valid, so it cannot be served",
	    "Choose a valid one with --to, or upload a renewed one", 409},
	[FAULT_C29_NO_FALLBACK_READY] = {"C29",
	    "No automatic certificate is ready to take over, so visitors would see a warning",
	    "Wait until it is issued (`towpath domains check`), or remove with --force", 409},
	[FAULT_C30_PROOF_FAILED] = {"C30",
	    "A trial handshake with this certificate failed",
	    "Check the chain and the key; nothing was changed", 422},
	[FAULT_C31_SEVERAL_KEYS] = {"C31",
	    "More than one private key was uploaded",
	    "Upload the one that belongs to the certificate", 422},
	[FAULT_C32_SIGNATURE_WEAK] = {"C32",
	    "The certificate is signed with a hash that browsers refuse",
	    "Have it issued again with SHA-256", 422},
	[FAULT_C33_NOT_FOR_SERVERS] = {"C33",
	    "The certificate is not made for web servers",
	    "Have one issued with the extended key usage serverAuth", 422},
	[FAULT_C34_CUSTOM_EXPIRED] = {"C34",
	    "The custom certificate has expired; another one is served in its place",
	    "Upload a renewed one, or remove it", 422},
	[FAULT_C35_SERVED_NOT_VALID] = {"C35",
	    "What is served is outside its validity, because nothing better is there",
	    "Upload a valid certificate, or see why the automatic one is missing", 422},
	[FAULT_C36_NO_SUCH_NUMBER] = {"C36",
	    "The history has no certificate of this number",
	    "See `towpath certs history`", 404},
	[FAULT_C37_KEYS_AWAY] = {"C37",
	    "The keys process does not answer",
	    "It is restarted by itself; try again in a second, and see the daemon's log if this stays", 503},
	[FAULT_C38_KEY_TYPE_UNSUPPORTED] = {"C38",
	    "This type of key cannot be used for TLS here",
	    "Use ECDSA P-256, P-384 or P-521, RSA or Ed25519", 422},
	[FAULT_C39_EXPIRING] = {"C39",
	    "The custom certificate expires soon",
	    "Upload a renewed one; else the automatic certificate takes over at that second", 422},
	[FAULT_C40_KEY_UNREADABLE] = {"C40",
	    "The private key cannot be read",
	    "Export it again as PEM (PKCS#8)", 422},
	[FAULT_C41_KEY_NOT_LOADED] = {"C41",
	    "The keys process does not have this key open",
	    "It is loaded again by itself; see the daemon's log if this stays", 503},
	[FAULT_D10_NXDOMAIN] = {"D10",
	    "The name does not exist in DNS",
	    "Create the record shown; if you just did, negative answers may be cached for a while", 422},
	[FAULT_D11_NO_ADDRESS] = {"D11",
	    "The name exists but has no address",
	    "Create the record shown", 422},
	[FAULT_D12_ELSEWHERE] = {"D12",
	    "The name points elsewhere",
	    "Change the records as shown at the domain's DNS provider", 422},
	[FAULT_D13_MIXED] = {"D13",
	    "Some of the name's addresses are not ours",
	    "Delete the records shown, so that every address is ours", 422},
	[FAULT_D14_AAAA_ELSEWHERE] = {"D14",
	    "The name's IPv6 address is not ours, and certificate authorities try IPv6 first",
	    "Delete or change the AAAA record shown", 422},
	[FAULT_D15_SERVFAIL] = {"D15",
	    "The name's DNS servers fail to answer, often because DNSSEC is broken",
	    "Check DNSSEC (the DS record at the registrar) and the zone's servers", 422},
	[FAULT_D16_TIMEOUT] = {"D16",
	    "No resolver answered in time",
	    "Check the zone's servers; if every name fails, check [dns] resolvers", 422},
	[FAULT_D17_REFUSED] = {"D17",
	    "The resolver refused the question",
	    "Check [dns] resolvers and what they allow", 422},
	[FAULT_D18_CNAME_LOOP] = {"D18",
	    "The name's CNAME records lead in a circle or are too many",
	    "Let the name's CNAME point to the target shown, directly", 422},
	[FAULT_D19_PLATFORM_UNSET] = {"D19",
	    "The platform does not know its own addresses, so no name can be told to reach it",
	    "Set [platform] cname_target or addresses in towpath.conf", 422},
	[FAULT_D20_LOST] = {"D20",
	    "The name no longer points here",
	    "Restore the record shown, or remove the domain", 422},
	[FAULT_D30_PROVIDER_REFUSED] = {"D30",
	    "The DNS provider refused the change",
	    "Check the provider's keys and what they may do ([dns] in towpath.conf), then try again", 422},
	[FAULT_D31_PROVIDER_UNREACHABLE] = {"D31",
	    "The DNS provider cannot be reached",
	    "Nothing to do if it passes: it is tried again; else check [dns] in towpath.conf", 503},
	[FAULT_D32_PROVIDER_NO_ZONE] = {"D32",
	    "The DNS provider has no zone for the name",
	    "Delegate _acme-challenge of the name by CNAME into a zone that the provider has, or use http-01 or tls-alpn-01", 422},
	[FAULT_A10_TERMS_NOT_AGREED] = {"A10",
	    "The certificate authority's terms of service are not agreed to",
	    "Set agree_terms = yes in [acme] of towpath.conf", 422},
	[FAULT_A11_CA_UNREACHABLE] = {"A11",
	    "The certificate authority cannot be reached",
	    "It is tried again by itself; check the way to [acme] directory and ca_file", 503},
	[FAULT_A12_CA_ANSWER_MALFORMED] = {"A12",
	    "The certificate authority gave an answer that makes no sense",
	    "It is tried again by itself; check that [acme] directory names an ACME directory", 503},
	[FAULT_A13_RATE_LIMITED] = {"A13",
	    "The certificate authority's rate limit is reached",
	    "It is tried again when the limit allows", 429},
	[FAULT_A14_PAUSED] = {"A14",
	    "The certificate authority has paused this name",
	    "Follow the link it gave to unpause", 422},
	[FAULT_A15_CAA] = {"A15",
	    "A CAA record forbids this certificate authority to issue",
	    "Add a CAA record that allows it, or remove the one that forbids", 422},
	[FAULT_A16_REJECTED_IDENTIFIER] = {"A16",
	    "The certificate authority refuses to issue for this name",
	    "Upload a certificate from another one, or use another name", 422},
	[FAULT_A17_CHALLENGE_CONNECTION] = {"A17",
	    "The certificate authority could not connect to the name",
	    "Check firewalls and that port 80 reaches this router over IPv4 and IPv6", 422},
	[FAULT_A18_CHALLENGE_WRONG_ANSWER] = {"A18",
	    "The certificate authority got another server's answer",
	    "Check that every address of the name is this router and no proxy is in front", 422},
	[FAULT_A19_CHALLENGE_DNS] = {"A19",
	    "The certificate authority could not resolve the name",
	    "Check the zone's DNS servers and DNSSEC", 422},
	[FAULT_A20_ACCOUNT_REFUSED] = {"A20",
	    "The certificate authority refuses our account",
	    "Check [acme] email and the account with the certificate authority", 422},
	[FAULT_A21_EAB_REQUIRED] = {"A21",
	    "The certificate authority wants an external account binding",
	    "Set eab_kid and eab_hmac_key in [acme]", 422},
	[FAULT_A22_ORDER_INVALID] = {"A22",
	    "The certificate authority ended the order without a certificate",
	    "It is tried again by itself", 422},
	[FAULT_A23_FINALISE_REFUSED] = {"A23",
	    "The certificate authority refused the certificate request",
	    "It is tried again by itself; check [acme] key_type and profile", 422},
	[FAULT_A24_CERTIFICATE_UNFIT] = {"A24",
	    "The certificate that came does not fit what was ordered",
	    "It is tried again by itself", 422},
	[FAULT_A25_CA_INTERNAL] = {"A25",
	    "The certificate authority had an internal error",
	    "It is tried again by itself", 503},
	[FAULT_A26_AUTOMATIC_OFF] = {"A26",
	    "Automatic certificates are turned off for this domain and no custom one is installed",
	    "Upload a certificate, or `towpath domains set HOST automatic=on`", 422},
	[FAULT_A27_NO_USABLE_CHALLENGE] = {"A27",
	    "No allowed challenge can be used for this name",
	    "Allow http-01 in [acme] challenges", 422},
	[FAULT_A29_CA_WANTS_PERSON] = {"A29",
	    "The certificate authority wants a person to act",
	    "Follow what it says", 422},
	[FAULT_S10_CONFIG_SYNTAX] = {"S10",
	    "The configuration cannot be read",
	    "Write `key = value` under a [section]", 422},
	[FAULT_S11_CONFIG_UNKNOWN_KEY] = {"S11",
	    "The configuration has a key that does not exist",
	    "See towpath.conf(5) for the keys", 422},
	[FAULT_S12_PORT_IN_USE] = {"S12",
	    "The port is in use by another program",
	    "Stop it, or choose another port in [listen]", 409},
	[FAULT_S13_STORE_UNUSABLE] = {"S13",
	    "The store cannot be opened",
	    "Check [store] path and who owns its folder", 503},
	[FAULT_S14_MASTER_KEY_MISSING] = {"S14",
	    "The store exists but its master key is missing",
	    "Restore the file named in [store] master_key from your backup; without it no private key can be opened", 503},
	[FAULT_S15_MASTER_KEY_BAD] = {"S15",
	    "The master key file cannot be used",
	    "It needs 32 random bytes in base64 on a line; restore it from your backup", 503},
	[FAULT_S16_STORE_DAMAGED] = {"S16",
	    "The store is no database or is damaged",
	    "Restore it from your backup", 503},
	[FAULT_S17_STORE_NEWER] = {"S17",
	    "The store was written by a newer towpath",
	    "Install that version again, or restore the copy made before the upgrade", 503},
	[FAULT_S18_NO_SUCH_USER] = {"S18",
	    "There is no such user or group on this machine",
	    "Create it, or change the configuration", 422},
	[FAULT_S19_STORE_AWAY] = {"S19",
	    "The store does not answer",
	    "Try again; see the daemon's log if this stays", 503},
	[FAULT_S20_LIMIT_REACHED] = {"S20",
	    "A limit of this machine or of the configuration is reached",
	    "Raise it, or remove load", 503},
	[FAULT_S21_PORT_DENIED] = {"S21",
	    "This user may not bind the port",
	    "Start as root, or choose a port above 1023", 422},
	[FAULT_S22_ALREADY_RUNNING] = {"S22",
	    "Another towpathd is running with this control socket",
	    "Stop it first", 409},
	[FAULT_S23_CONFIG_VALUE] = {"S23",
	    "A value in the configuration cannot be used",
	    "See towpath.conf(5) for what the key takes", 422},
	[FAULT_S24_FILE_UNREADABLE] = {"S24",
	    "A file cannot be read",
	    "Check that it exists and who may read it", 422},
	[FAULT_S25_INTERNAL] = {"S25",
	    "Something went wrong inside towpath",
	    "See the daemon's log", 500},
	[FAULT_P10_JSON_SYNTAX] = {"P10",
	    "The request's body is not JSON",
	    "Send one JSON document", 422},
	[FAULT_P11_FIELD_INVALID] = {"P11",
	    "A field of the request is missing or wrong",
	    "See GET /v1/openapi.json or the manual", 422},
	[FAULT_P12_NO_SUCH_PATH] = {"P12",
	    "The API has no such path",
	    "See the manual for the paths", 404},
	[FAULT_P13_METHOD] = {"P13",
	    "The path does not take this method",
	    "See the manual for the methods", 405},
	[FAULT_P14_BODY_TOO_LARGE] = {"P14",
	    "The request's body is too large",
	    "Send less at once", 413},
	[FAULT_P15_NOT_PERMITTED] = {"P15",
	    "You may not do this",
	    "Be root or a member of [control] group", 403},
	[FAULT_P16_IMPORT_LINE] = {"P16",
	    "A line of the import cannot be taken",
	    "Correct the line; the others are not affected", 422},
	[FAULT_P17_PRECONDITION] = {"P17",
	    "It was changed in the meantime",
	    "Read it again and repeat", 412},
	[FAULT_P18_USAGE] = {"P18",
	    "The command's words are wrong",
	    "See `towpath help`", 422},
	[FAULT_P19_CONFIRM] = {"P19",
	    "This destroys something and was not confirmed",
	    "Repeat with --confirm NAME", 422},
	[FAULT_P20_DAEMON_AWAY] = {"P20",
	    "The daemon does not answer",
	    "Is towpathd running? Check its control socket and that you may use it", 503},
	[FAULT_P21_HTTP_SYNTAX] = {"P21",
	    "The request is not HTTP/1.1",
	    "Send a well-formed request", 400},
	[FAULT_P22_NO_SUCH_REQUEST] = {"P22",
	    "No request of this id is remembered",
	    "Only the last ones of each worker are; look in the access log", 404},
};
/* clang-format on */

static void
clean(char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			*text = ' ';
	}
}

void
fault_set(struct fault *f, enum fault_code code, const char *fmt, ...)
{
	const struct fault_row *row = fault_lookup(code);
	char text[FAULT_TEXT_SIZE];
	va_list ap;

	if (f == NULL)
		return;
	if (fmt == NULL) {
		(void)snprintf(text, sizeof(text), "%s", row->title);
	} else {
		va_start(ap, fmt);
		(void)vsnprintf(text, sizeof(text), fmt, ap);
		va_end(ap);
	}
	clean(text);
	f->code = code;
	memcpy(f->text, text, sizeof(text));
	(void)snprintf(f->action, sizeof(f->action), "%s", row->action);
}

void
fault_action(struct fault *f, const char *fmt, ...)
{
	char action[FAULT_ACTION_SIZE];
	va_list ap;

	if (f == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(action, sizeof(action), fmt, ap);
	va_end(ap);
	clean(action);
	memcpy(f->action, action, sizeof(action));
}

void
fault_prefix(struct fault *f, const char *fmt, ...)
{
	char context[FAULT_TEXT_SIZE], text[FAULT_TEXT_SIZE];
	va_list ap;
	size_t n;

	if (f == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
	clean(context);
	n = strlen(context);
	memcpy(text, context, n + 1);
	(void)snprintf(text + n, sizeof(text) - n, ": %s", f->text);
	memcpy(f->text, text, sizeof(text));
}

void
fault_clear(struct fault *f)
{
	if (f != NULL)
		*f = (struct fault){0};
}

const struct fault_row *
fault_lookup(enum fault_code code)
{
	static const struct fault_row none = {"", "", "", 500};

	if ((unsigned)code >= FAULT_CODES || table[code].code == NULL)
		return &none;
	return &table[code];
}

const char *
fault_code_name(enum fault_code code)
{
	return fault_lookup(code)->code;
}

enum fault_code
fault_code_parse(const char *name)
{
	for (int i = 1; i < FAULT_CODES; i++)
		if (table[i].code != NULL && strcmp(table[i].code, name) == 0)
			return (enum fault_code)i;
	return FAULT_NONE;
}
