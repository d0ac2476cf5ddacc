#ifndef ADMIN_TUI_SOURCE_H
#define ADMIN_TUI_SOURCE_H
/*
 * Where a certificate to upload comes from: files and pasted text, recognised
 * by what they hold and never by their names.  The bytes may be a private key:
 * they are kept nowhere else and wiped.
 *
 * Owned by: the upload screen.   Freed by: source_clear.
 */
#include "base/buf.h"
#include "base/fault.h"

#define SOURCE_MAX       (256 * 1024) /* bytes of one */
#define SOURCES_MAX      8
#define SOURCE_WHAT_SIZE 48

struct source {
	char name[256]; /* of the file, without its folder */
	char path[1024];
	struct buf bytes;
	char what[SOURCE_WHAT_SIZE]; /* "leaf + 2", "private key"... */
	bool others_can_read;        /* the file's mode lets them */
	size_t n_leaves, n_ca, n_keys, n_encrypted, n_pkcs12, n_requests;
};

/*
 * Regular files only, and never waiting (a fifo would).  S24 unreadable, C18,
 * C19, C20 for what it holds.  On error out is empty.
 */
enum err MUST_USE source_read(
    struct source *out, const char *path, struct fault *f);

/* Pasted text; line ends may be CR, LF or both. */
enum err MUST_USE source_paste(
    struct source *out, struct slice text, struct fault *f);
void source_clear(struct source *s);

bool source_has_certificate(const struct source *s);
bool source_has_key(const struct source *s); /* also inside a PKCS#12 */

/* How they are sent. */
struct source_options {
	const char *passphrase; /* "": none */
	bool completes;         /* missing intermediates are fetched */
	bool bypass;            /* the chain stays as it was given */
	bool all_covered;       /* every domain of the app that is covered */
};

/*
 * The API's upload (INTERFACE.md, 4) of all of them as JSON text; the caller
 * frees it with secret_free.  C18: more than one of those that cannot be put
 * into PEM.
 */
enum err MUST_USE sources_upload(const struct source *sources, size_t n,
    const struct source_options *options, char **out, struct fault *f);

#endif
