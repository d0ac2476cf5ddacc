#include "admin-tui/source.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin-tui/upload_body.h"
#include "base/mem.h"
#include "certs/x509/bundle.h"

#define UPLOAD_MAX (SOURCES_MAX * 4 * (size_t)SOURCE_MAX)

void
source_clear(struct source *s)
{
	buf_wipe(&s->bytes);
	*s = (struct source){.name = ""};
	buf_init(&s->bytes, SOURCE_MAX);
}

bool
source_has_certificate(const struct source *s)
{
	return s->n_leaves + s->n_ca + s->n_pkcs12 > 0;
}

bool
source_has_key(const struct source *s)
{
	return s->n_keys + s->n_encrypted + s->n_pkcs12 > 0;
}

static void
count(struct source *s, const struct bundle *b)
{
	for (size_t i = 0; i < b->n; i++)
		switch (b->items[i].kind) {
		case BUNDLE_CERTIFICATE:
			if (b->items[i].certificate->is_ca)
				s->n_ca++;
			else
				s->n_leaves++;
			break;
		case BUNDLE_KEY:
			s->n_keys++;
			break;
		case BUNDLE_ENCRYPTED_KEY:
			s->n_encrypted++;
			break;
		case BUNDLE_PKCS12:
			s->n_pkcs12++;
			break;
		case BUNDLE_REQUEST:
			s->n_requests++;
			break;
		}
}

static void
describe(struct source *s)
{
	char certificates[32] = "";
	const char *key = s->n_encrypted > 0  ? "encrypted key"
			  : s->n_keys > 0     ? "private key"
			  : s->n_pkcs12 > 0   ? "PKCS#12"
			  : s->n_requests > 0 ? "request"
					      : "";
	if (s->n_leaves > 0 && s->n_ca > 0)
		snprintf(
		    certificates, sizeof(certificates), "leaf + %zu", s->n_ca);
	else if (s->n_leaves > 0)
		snprintf(certificates, sizeof(certificates), "%s",
		    s->n_leaves == 1 ? "certificate" : "certificates");
	else if (s->n_ca > 0)
		snprintf(certificates, sizeof(certificates), "%zu CA cert%s",
		    s->n_ca, s->n_ca == 1 ? "" : "s");
	snprintf(s->what, sizeof(s->what), "%s%s%s", certificates,
	    certificates[0] != '\0' && key[0] != '\0' ? ", " : "", key);
}

static enum err
recognise(struct source *s, struct fault *f)
{
	struct bundle b;
	bundle_init(&b);
	enum err e = bundle_add(&b, buf_slice(&s->bytes), s->name, f);
	if (e == ERR_OK) {
		count(s, &b);
		describe(s);
	}
	bundle_clear(&b);
	return e;
}

static enum err
read_all(int fd, struct buf *b)
{
	char piece[8192];
	ssize_t got;
	enum err e = ERR_OK;
	while (e == ERR_OK && (got = read(fd, piece, sizeof(piece))) > 0)
		e = buf_add(b, slice_of(piece, (size_t)got));
	explicit_bzero(piece, sizeof(piece));
	return e;
}

static enum err
read_file(struct source *s, struct fault *f)
{
	struct stat st;
	enum err e = ERR_IO;
	int fd = open(s->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) != 0) {
		fault_set(f, FAULT_S24_FILE_UNREADABLE, "%s: %s", s->name,
		    strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		fault_set(f, FAULT_S24_FILE_UNREADABLE,
		    "%s: is not a regular file", s->name);
	} else if ((e = read_all(fd, &s->bytes)) != ERR_OK) {
		fault_set(f, FAULT_C20_TOO_BIG, "%s: more than %d bytes",
		    s->name, SOURCE_MAX);
	}
	if (fd >= 0)
		close(fd);
	if (e == ERR_OK)
		s->others_can_read = (st.st_mode & (S_IRGRP | S_IROTH)) != 0;
	return e;
}

enum err
source_read(struct source *out, const char *path, struct fault *f)
{
	const char *slash = strrchr(path, '/');
	*out = (struct source){.name = ""};
	buf_init(&out->bytes, SOURCE_MAX);
	snprintf(out->path, sizeof(out->path), "%s", path);
	snprintf(out->name, sizeof(out->name), "%s",
	    slash == NULL ? path : slash + 1);
	enum err e = read_file(out, f);
	if (e == ERR_OK)
		e = recognise(out, f);
	if (e != ERR_OK)
		source_clear(out);
	return e;
}

enum err
source_paste(struct source *out, struct slice text, struct fault *f)
{
	*out = (struct source){.name = "(pasted)"};
	buf_init(&out->bytes, SOURCE_MAX);
	enum err e = ERR_OK;
	for (size_t i = 0; i < text.n && e == ERR_OK; i++) {
		/* tmux makes CR of LF */
		bool is_cr = text.p[i] == '\r';
		if (is_cr && i + 1 < text.n && text.p[i + 1] == '\n')
			continue;
		e = buf_add_char(&out->bytes, is_cr ? '\n' : text.p[i]);
	}
	if (e != ERR_OK)
		fault_set(f, FAULT_C20_TOO_BIG, NULL);
	else
		e = recognise(out, f);
	if (e != ERR_OK)
		source_clear(out);
	return e;
}

/* --- the upload --------------------------------------------------------- */

/* Written here and not by the JSON library, whose copies nobody wipes. */
static void
add_member(struct buf *json, const char *key, struct slice value)
{
	if (value.n == 0)
		return;
	buf_printf(json, "%s\"%s\":\"", json->len > 1 ? "," : "", key);
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];
		if (c == '"' || c == '\\')
			buf_printf(json, "\\%c", c);
		else if (c < ' ')
			buf_printf(json, "\\u%04x", c);
		else
			buf_add_char(json, (char)c);
	}
	buf_add_char(json, '"');
}

static void
add_flag(struct buf *json, const char *key, bool is_set)
{
	if (is_set)
		buf_printf(
		    json, "%s\"%s\":true", json->len > 1 ? "," : "", key);
}

enum err
sources_upload(const struct source *sources, size_t n,
    const struct source_options *options, char **out, struct fault *f)
{
	struct upload_body body;
	struct buf json;
	enum err e = ERR_OK;
	upload_body_init(&body);
	buf_init(&json, UPLOAD_MAX * 2);
	for (size_t i = 0; i < n && e == ERR_OK; i++)
		e = upload_body_add(
		    &body, buf_slice(&sources[i].bytes), sources[i].name, f);
	buf_add_char(&json, '{');
	add_member(&json, "certificate", upload_body_certificate(&body));
	add_member(&json, "chain", upload_body_chain(&body));
	add_member(&json, "passphrase", slice_str(options->passphrase));
	add_flag(&json, "complete", options->completes);
	add_flag(&json, "bypass", options->bypass);
	add_flag(&json, "all_covered", options->all_covered);
	buf_add_char(&json, '}');
	if (e == ERR_OK)
		*out = buf_take(&json);
	upload_body_clear(&body);
	buf_wipe(&json);
	return e;
}
