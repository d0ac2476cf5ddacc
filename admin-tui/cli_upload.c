#include "admin-tui/cli_upload.h"

#include <stdlib.h>

#include "base/mem.h"
#include "certs/x509/pem.h"

/* What the files come to: PEM texts one behind the other, and at most one
 * PKCS#12, which cannot be put into PEM. */
struct heap {
	struct buf pem, pkcs12;
	size_t n_files;
};

/* --- DER ------------------------------------------------------------------ */

enum {
	DER_INTEGER = 0x02,
	DER_OCTETS = 0x04,
	DER_OID = 0x06,
	DER_SEQUENCE = 0x30
};

/* Steps into the first element of *s when it has that tag (X.690, 8.1): *s is
 * then its content, as much as is there. */
static bool
der_enter(struct slice *s, unsigned char tag)
{
	if (s->n < 2 || (unsigned char)s->p[0] != tag)
		return false;
	unsigned char length = (unsigned char)s->p[1];
	size_t head = 2 + (length > 0x80 ? length - 0x80U : 0);
	if (length == 0x80 || length > 0x84 || head > s->n)
		return false;
	*s = slice_from(*s, head);
	return true;
}

/* A number of one byte, and over it. */
static bool
der_small(struct slice *s, unsigned char *value)
{
	if (s->n < 3 || s->p[0] != DER_INTEGER || s->p[1] != 1)
		return false;
	*value = (unsigned char)s->p[2];
	*s = slice_from(*s, 3);
	return true;
}

const char *
upload_pem_label(struct slice bytes)
{
	unsigned char version;
	struct slice s = bytes;
	if (!der_enter(&s, DER_SEQUENCE) || s.n == 0)
		return NULL;
	if (der_small(&s, &version)) {
		if (version == 0 && s.n > 0 && s.p[0] == DER_SEQUENCE)
			return "PRIVATE KEY"; /* RFC 5958 */
		if (version == 0 && s.n > 0 && s.p[0] == DER_INTEGER)
			return "RSA PRIVATE KEY"; /* RFC 8017, A.1.2 */
		if (version == 1 && s.n > 0 && s.p[0] == DER_OCTETS)
			return "EC PRIVATE KEY"; /* RFC 5915 */
		return NULL;                     /* 3: PKCS#12 */
	}
	if (!der_enter(&s, DER_SEQUENCE) || s.n == 0)
		return NULL;
	/* RFC 5958, 3: an algorithm; RFC 5280: a version or a serial number */
	return s.p[0] == DER_OID ? "ENCRYPTED PRIVATE KEY" : "CERTIFICATE";
}

/* --- files ---------------------------------------------------------------- */

/* What stands around PEM blocks may be in any encoding, and JSON in one. */
static void
add_text(struct buf *pem, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char byte = (unsigned char)text.p[i];
		buf_add_char(pem, byte == 0 || byte >= 0x80 ? '?' : text.p[i]);
	}
	buf_add_char(pem, '\n');
}

static bool
is_text(struct slice s)
{
	if (memmem(s.p, s.n, "-----BEGIN ", 11) != NULL)
		return true;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char byte = (unsigned char)s.p[i];
		if (byte == 0 || byte >= 0x80)
			return false;
	}
	return true;
}

static enum err
add_bytes(
    struct heap *heap, struct slice bytes, const char *name, struct fault *f)
{
	const char *label = upload_pem_label(bytes);
	if (is_text(bytes)) {
		add_text(&heap->pem, bytes);
	} else if (label != NULL) {
		pem_write(&heap->pem, slice_str(label), SLICE(""), bytes);
	} else if (heap->pkcs12.len == 0) {
		base64_add(&heap->pkcs12, bytes);
	} else {
		fault_set(f, FAULT_C18_NOT_RECOGNISED,
		    "%s: one PKCS#12 file at a time", name);
		return ERR_SYNTAX;
	}
	return ERR_OK;
}

static int
add_file(struct cli *c, struct heap *heap, const char *name)
{
	struct buf file;
	struct fault f;
	int status = CLI_DONE;
	if (++heap->n_files > UPLOAD_FILES_MAX)
		return cli_usage(c, "more than %d files", UPLOAD_FILES_MAX);
	if (cli_read_file(name, UPLOAD_FILE_MAX, &file, &f) != ERR_OK ||
	    add_bytes(heap, buf_slice(&file), name, &f) != ERR_OK)
		status = cli_refuse(c, &f);
	buf_wipe(&file);
	return status;
}

static int
add_named(struct cli *c, struct heap *heap, const char *option)
{
	const char *name;
	size_t at = 0;
	int status = CLI_DONE;
	while (status == CLI_DONE &&
	       (name = args_each(&c->args, option, &at)) != NULL)
		status = add_file(c, heap, name);
	return status;
}

/* The leaf's file first: with --bypass the order given is the one served. */
static int
add_files(struct cli *c, size_t first, struct heap *heap)
{
	int status = add_named(c, heap, "cert");
	for (size_t i = first; i < c->args.n_words && status == CLI_DONE; i++)
		status = add_file(c, heap, args_word(&c->args, i));
	if (status == CLI_DONE)
		status = add_named(c, heap, "chain");
	if (status == CLI_DONE)
		status = add_named(c, heap, "key");
	return status;
}

/* The first line of the file is the passphrase. */
static int
put_passphrase(struct cli *c, json_t *upload)
{
	struct buf file;
	struct fault f;
	const char *name = args_value(&c->args, "passphrase-file");
	if (name == NULL)
		return CLI_DONE;
	int status = CLI_DONE;
	if (cli_read_file(name, UPLOAD_PASSPHRASE_MAX, &file, &f) != ERR_OK) {
		status = cli_refuse(c, &f);
	} else {
		struct slice line = buf_slice(&file);
		line.n = slice_find(line, '\n');
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		json_put_slice(upload, "passphrase", line);
	}
	buf_wipe(&file);
	return status;
}

static json_t *
upload_of(const struct cli *c, const struct heap *heap)
{
	json_t *o = json_object();
	bool is_pkcs12 = heap->pkcs12.len > 0;
	if (is_pkcs12)
		json_put_slice(o, "certificate", buf_slice(&heap->pkcs12));
	if (heap->pem.len > 0)
		json_put_slice(o, is_pkcs12 ? "chain" : "certificate",
		    buf_slice(&heap->pem));
	if (args_has(&c->args, "bypass"))
		json_put_bool(o, "bypass", true);
	return o;
}

int
upload_read(struct cli *c, size_t first, json_t **out)
{
	struct heap heap = {.n_files = 0};
	*out = NULL;
	buf_init(&heap.pem, UPLOAD_FILES_MAX * (size_t)UPLOAD_FILE_MAX * 2);
	buf_init(&heap.pkcs12, (size_t)UPLOAD_FILE_MAX * 2);
	int status = add_files(c, first, &heap);
	if (status == CLI_DONE && heap.n_files > 0) {
		*out = upload_of(c, &heap);
		status = put_passphrase(c, *out);
	}
	if (status != CLI_DONE) {
		json_decref(*out);
		*out = NULL;
	}
	buf_wipe(&heap.pem);
	buf_wipe(&heap.pkcs12);
	return status;
}

/* --- the answer ----------------------------------------------------------- */

/* A list of strings as one: "a, b, c". */
static char *
joined(const json_t *list)
{
	struct buf b;
	size_t i;
	json_t *item;
	buf_init(&b, 1024 * 1024);
	json_array_foreach(list, i, item)
	{
		buf_printf(&b, "%s%s", i == 0 ? "" : ", ",
		    json_is_string(item) ? json_string_value(item) : "?");
	}
	return buf_take(&b);
}

static void
show_list(struct cli *c, const char *label, const json_t *list)
{
	if (json_array_size(list) == 0)
		return;
	char *text = joined(list);
	cli_field(&c->out, label, "%s", text);
	free(text);
}

static void
show_lost(struct cli *c, const json_t *lost)
{
	size_t i;
	json_t *item;
	json_array_foreach(lost, i, item)
	{
		cli_field(&c->out, "Name lost",
		    "%s (%lld requests in the last 24 hours)",
		    json_str(item, "name"),
		    (long long)json_int(item, "requests_24h"));
	}
}

static void
show_faults(struct cli *c, const char *label, const json_t *faults)
{
	size_t i;
	json_t *item;
	char text[CLI_FAULT_SIZE];
	json_array_foreach(faults, i, item)
	{
		cli_field(&c->out, label, "%s. %s", cli_fault_text(item, text),
		    json_str(item, "action"));
	}
}

static void
show_fallback(struct cli *c, const json_t *fallback)
{
	char text[CLI_FAULT_SIZE];
	if (fallback == NULL)
		return;
	if (json_bool(fallback, "ready"))
		cli_field(&c->out, "Fallback", "%s", "ready");
	else
		cli_field(&c->out, "Fallback", "not ready: %s",
		    cli_fault_text(json_obj(fallback, "fault"), text));
}

void
upload_show_undo(struct cli *c, const char *host, int64_t number)
{
	if (number != 0)
		cli_field(&c->out, "Undo",
		    "towpath certs rollback %s --to %lld", host,
		    (long long)number);
}

void
upload_show(struct cli *c, const json_t *answer, bool is_dry_run)
{
	const json_t *certificate = json_obj(answer, "certificate");
	char time[CLI_TIME_SIZE];
	show_list(c, is_dry_run ? "Would serve" : "Serves",
	    json_obj(answer, "hosts"));
	if (json_int(certificate, "number") != 0)
		cli_field(&c->out, "Number", "%lld",
		    (long long)json_int(certificate, "number"));
	show_list(c, "Names", json_obj(certificate, "names"));
	cli_field(&c->out, "Issuer", "%s", json_str(certificate, "issuer"));
	cli_field(&c->out, "Key", "%s", json_str(certificate, "key_type"));
	cli_field(&c->out, "Expires", "%s",
	    cli_time(&c->out, json_str(certificate, "not_after"), time));
	cli_field(&c->out, "Trusted", "%s",
	    json_bool(certificate, "trusted") ? "yes" : "no");
	show_list(c, "Names gained", json_obj(answer, "names_gained"));
	show_lost(c, json_obj(answer, "names_lost"));
	show_list(c, "Dropped", json_obj(answer, "dropped"));
	show_faults(c, "Warning", json_obj(answer, "warnings"));
	show_fallback(c, json_obj(answer, "fallback"));
	const json_t *first = json_array_get(json_obj(answer, "hosts"), 0);
	if (!is_dry_run && json_is_string(first))
		upload_show_undo(
		    c, json_string_value(first), json_int(answer, "replaces"));
}
