#include "certs/x509/plain_text.h"

#include "base/mem.h"

static const struct {
	struct slice head;
	const char *what;
} kinds[] = {
    {{"<", 1}, "is a web page (HTML), not the certificate itself; was the "
	       "download behind a login?"},
    {{"%PDF", 4}, "is a PDF document"},
    {{"PK\x03\x04", 4}, "is a ZIP archive; unpack it first"},
    {{"\x1f\x8b", 2}, "is a compressed archive; unpack it first"},
    {{"\xfe\xed\xfe\xed", 4},
	"is a Java keystore; export it as PKCS#12 with keytool"},
    {{"ssh-", 4}, "is an SSH public key"},
    {{"PuTTY-User-Key-File", 19}, "is a PuTTY key"},
};

const char *
plain_text_kind(struct slice text)
{
	text = slice_trim(text);
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (slice_starts_with(text, kinds[i].head))
			return kinds[i].what;
	}
	return NULL;
}

/* Every second byte: PEM is ASCII.  Others become '?'. */
static void
add_utf16(struct slice s, bool big_endian, struct buf *out)
{
	for (size_t i = 0; i + 1 < s.n; i += 2) {
		char high = s.p[big_endian ? i : i + 1];
		char low = s.p[big_endian ? i + 1 : i];

		buf_add_char(out, high == 0 ? low : '?');
	}
}

/* As in a JSON string or an environment file: backslash, n. */
static void
add_unescaped(struct slice s, struct buf *out)
{
	while (s.n > 0) {
		if (s.n > 1 && s.p[0] == '\\' &&
		    (s.p[1] == 'n' || s.p[1] == 'r')) {
			buf_add_char(out, '\n');
			s = slice_from(s, 2);
			continue;
		}
		buf_add_char(out, s.p[0]);
		s = slice_from(s, 1);
	}
}

static bool
has_escapes(struct slice s)
{
	return memmem(s.p, s.n, "-----\\n", 7) != NULL ||
	       memmem(s.p, s.n, "-----\\r", 7) != NULL;
}

void
plain_text_read(struct slice file, struct buf *out)
{
	/* In one piece, so that no half of a key is left behind by growing. */
	(void)buf_room(out, file.n);
	if (slice_starts_with(file, SLICE("\xff\xfe")))
		add_utf16(slice_from(file, 2), false, out);
	else if (slice_starts_with(file, SLICE("\xfe\xff")))
		add_utf16(slice_from(file, 2), true, out);
	else if (has_escapes(file))
		add_unescaped(file, out);
	else if (slice_starts_with(file, SLICE("\xef\xbb\xbf")))
		buf_add(out, slice_from(file, 3));
	else
		buf_add(out, file);
}
