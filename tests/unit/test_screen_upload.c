/* Uploading in the console (tests/unit/screens.h): files, verdict, question. */
#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "admin-tui/screen_upload.h"
#include "tests/unit/screens.h"

static const char leaf_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBoDCCAUWgAwIBAgIUN0B1uHELSMYwwa1uJsIadAQxr+EwCgYIKoZIzj0EAwIw\n"
    "GDEWMBQGA1UEAwwNRXhhbXBsZSBDQSBHMjAgFw0yNjExMjExMjE0MjNaGA8yMTI2\n"
    "MTAyODEyMTQyM1owGjEYMBYGA1UEAwwPd3d3LmV4YW1wbGUuY29tMFkwEwYHKoZI\n"
    "zj0CAQYIKoZIzj0DAQcDQgAEQWMC2SrJWOVV4OcKQnpZG+UH6gSyiQ8BT35JBGgP\n"
    "bEfNbvW7aL2uQuTrzElc5ThHEc6kGNk5H65nt9Hi6/0I76NpMGcwGgYDVR0RBBMw\n"
    "EYIPd3d3LmV4YW1wbGUuY29tMAkGA1UdEwQCMAAwHQYDVR0OBBYEFJ7849r1/Cy7\n"
    "bDk8vfX/HCIxf52yMB8GA1UdIwQYMBaAFD4mbRVlnPtlvv53g1s/5SvmTuAZMAoG\n"
    "CCqGSM49BAMCA0kAMEYCIQDXZZrYf9ryYkneC/f3X0hkjfOVFoCn38th31EFFHkU\n"
    "7AIhAIjPz2UtPgfVGYXcz3SImilm4ElVD3pIb5o6Brc3OyZM\n"
    "-----END CERTIFICATE-----\n";

static const char ca_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBhjCCAS2gAwIBAgIUYlg5RrULpGKNt1tpNTPGnkOfaQAwCgYIKoZIzj0EAwIw\n"
    "GDEWMBQGA1UEAwwNRXhhbXBsZSBDQSBHMjAgFw0yNjExMjExMjE0MDlaGA8yMTI2\n"
    "MTAyODEyMTQwOVowGDEWMBQGA1UEAwwNRXhhbXBsZSBDQSBHMjBZMBMGByqGSM49\n"
    "AgEGCCqGSM49AwEHA0IABFq/UlAZCw6ezgrNbp6QToVG6A3B+C57xRRmq/S/7ksr\n"
    "ABu7C3p/s4xU6frbkf0AGvpbAObbl4OUW0Y9ndfSWr+jUzBRMB0GA1UdDgQWBBQ+\n"
    "Jm0VZZz7Zb7+d4NbP+Ur5k7gGTAfBgNVHSMEGDAWgBQ+Jm0VZZz7Zb7+d4NbP+Ur\n"
    "5k7gGTAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIGszlEtU9Bwg\n"
    "JCYi/qkf5vEcaZloQ1UrLTN1/OBMwDcNAiAwiUZd3rXwCwc6MOd6hJJHxR/cT1oA\n"
    "XshHwjVPf7K3mA==\n"
    "-----END CERTIFICATE-----\n";

static const char key_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+wQ3ODv1cXUBlkth\n"
    "nalmTmHLajux6KftVkXBRPOTEBWhRANCAARBYwLZKslY5VXg5wpCelkb5QfqBLKJ\n"
    "DwFPfkkEaA9sR81u9btova5C5OvMSVzlOEcRzqQY2Tkfrme30eLr/Qjv\n"
    "-----END PRIVATE KEY-----\n";

static const char encrypted_pem[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAirOJsXZaiBagICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEELA8/MW1KxUtvZL+r9ejsH4EgZDT\n"
    "wnCuJA/mqgS8IPIw/k2DJqJPu/J+VClpvImKXciDLlizyZERtMnVthJeUZsD23+k\n"
    "YVOCBausmbhqGwRpUUQe/k7De2MSa2vwCTe7MhonBSk8ayMW5N6C0RP7TjPvWI+L\n"
    "ynqoQ3JMCnTuVRLbKTJeiaOV7SreKjrHDxJcfQLECwwKlS0QjhCVhJLu3qtJ1Ss=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

static const char request_pem[] =
    "-----BEGIN CERTIFICATE REQUEST-----\n"
    "MIHTMHwCAQAwGjEYMBYGA1UEAwwPd3d3LmV4YW1wbGUuY29tMFkwEwYHKoZIzj0C\n"
    "AQYIKoZIzj0DAQcDQgAEQWMC2SrJWOVV4OcKQnpZG+UH6gSyiQ8BT35JBGgPbEfN\n"
    "bvW7aL2uQuTrzElc5ThHEc6kGNk5H65nt9Hi6/0I76AAMAoGCCqGSM49BAMCA0cA\n"
    "MEQCIH9J7h2LtUGBIWyZnR8ruJ9LCJnFo0GBqr95QZbch0AZAiBw3XVxqZjOevQj\n"
    "2BCzGaYKiDhJTzgJuPTa16orRGfbtg==\n"
    "-----END CERTIFICATE REQUEST-----\n";

static const char domains[] =
    "[{'host':'www.example.com','app':'web','status':'In use','status_since':"
    "'2026-11-20T11:52:31Z','dns':'ok','serving':'automatic','automatic':true,"
    "'expires_at':'2027-01-19T08:00:00Z','records':[],'certificate':{'number':"
    "3,'source':'automatic','common_name':'www.example.com','names':["
    "'www.example.com','static.example.com'],'issuer':'CN=E7','not_before':"
    "'2026-10-21T08:00:00Z','not_after':'2027-01-19T08:00:00Z','serial':'0A',"
    "'fingerprint_sha256':'77:A1:09:10:20:30:40:50:60:70:80:AA','key_type':"
    "'ecdsa-p256','chain_length':2,'trusted':true}}]";
static const char status[] = "{'node':'edge-1','domains':{'In use':1}}";

static const char verdict[] =
    "{'certificate':{'number':null,'source':'custom','common_name':"
    "'www.example.com','names':['www.example.com'],'issuer':"
    "'CN=Example CA G2','not_before':'2026-11-19T16:40:00Z','not_after':"
    "'2027-11-19T16:40:00Z','serial':'0B','fingerprint_sha256':"
    "'9C:40:77:10:20:30:40:50:60:70:80:1B','key_type':'rsa-2048',"
    "'chain_length':2,'trusted':false,'trust_fault':'C22 Its root is not "
    "trusted here.'},'replaces':null,'hosts':['www.example.com'],"
    "'names_gained':[],'names_lost':[{'name':'static.example.com',"
    "'requests_24h':1240}],'dropped':['CN=Example Root'],'warnings':[{"
    "'code':'C39','text':'It expires soon.','action':'Renew it.'}],"
    "'fallback':{'ready':true,'fault':null},'before':{'number':3,'source':"
    "'automatic','names':['www.example.com'],'issuer':'CN=E7','key_type':"
    "'ecdsa-p256','not_after':'2027-01-19T12:14:00Z','trusted':true}}";

struct folder {
	struct app app;
	char path[64];
};

static const struct {
	const char *name, *text;
} files[] = {
    {"ca.pem", ca_pem},
    {"notes.txt", "nothing of use\n"},
    {"www.csr", request_pem},
    {"www.encrypted.key", encrypted_pem},
    {"www.key", key_pem},
    {"www.pem", leaf_pem},
};

static void
put_file(const char *folder, const char *name, const char *text)
{
	char path[128];
	const struct timespec then[2] = {{1763560000, 0}, {1763560000, 0}};
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(utimensat(AT_FDCWD, path, then, 0), 0);
}

/* The upload screen of www.example.com in a fresh folder, 80x24. */
static int
open_folder(void **state)
{
	struct folder *f = xcalloc(1, sizeof(*f));
	snprintf(f->path, sizeof(f->path), FOLDER_PREFIX "XXXXXX");
	assert_non_null(mkdtemp(f->path));
	for (size_t i = 0; i < COUNT_OF(files); i++)
		put_file(f->path, files[i].name, files[i].text);
	start(&f->app, 24, 80, domains, status);
	f->app.stack[f->app.n_stack++] =
	    upload_screen_in(&f->app.model, "www.example.com", f->path);
	app_changed(&f->app);
	*state = f;
	return 0;
}

static int
close_folder(void **state)
{
	struct folder *f = *state;
	char path[128];
	app_clear(&f->app);
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->path, files[i].name);
		unlink(path);
	}
	rmdir(f->path);
	free(f);
	return 0;
}

/* The cursor on that file. */
static void
go_to(struct app *a, const char *name)
{
	char line[64];
	snprintf(line, sizeof(line), ">  %s", name);
	keys(a, "g");
	for (int i = 0; i < 10; i++) {
		char *seen = screen_text(a);
		bool found = strstr(seen, line) != NULL;
		free(seen);
		if (found)
			return;
		keys(a, "j");
	}
	fail_msg("no %s", name);
}

static void
files_are_told_by_what_they_hold(void **state)
{
	struct folder *f = *state;
	looks_like(&f->app, "upload-files-80x24");
	keys(&f->app, ".");
	shows(&f->app, "notes.txt", true);
	app_resize(&f->app, 12, 40);
	looks_like(&f->app, "upload-files-40x12");
}

static void
certificate_and_key_go_to_the_verdict_at_once(void **state)
{
	struct folder *f = *state;
	go_to(&f->app, "ca.pem");
	keys(&f->app, " ");
	go_to(&f->app, "www.pem");
	keys(&f->app, "\n");
	shows(&f->app, ">  www.encrypted.key", true); /* the first key */
	keys(&f->app, "j");
	keys(&f->app, "\n");
	assert_int_equal(f->app.out.n_asks, 1);
	const struct ask *ask = f->app.out.asks[0];
	assert_int_equal(ask->kind, ASK_DRY_RUN);
	assert_string_equal(
	    ask->path, "/v1/domains/www.example.com/certificate?dry_run=1");
	json_t *body = NULL;
	assert_int_equal(json_parse(slice_str(ask->body), &body, NULL), ERR_OK);
	const char *sent = json_str(body, "certificate");
	assert_non_null(strstr(sent, ca_pem));
	assert_non_null(strstr(sent, leaf_pem));
	assert_non_null(strstr(sent, key_pem));
	json_decref(body);
	reply(&f->app, ASK_DRY_RUN, true, verdict);
	looks_like(&f->app, "upload-verdict-80x24");
	keys(&f->app, "\n");
	looks_like(&f->app, "upload-confirm-80x24");
	app_key(&f->app, KEY_RETURN); /* Cancel has the focus */
	assert_null(f->app.dialog);
	keys(&f->app, "\n\t\n");
	assert_int_equal(f->app.out.asks[0]->kind, ASK_INSTALL);
	reply(&f->app, ASK_INSTALL, true, verdict);
	shows(&f->app, "the certificate is installed", true);
	assert_int_equal(f->app.n_stack, 1);
}

static void
how_it_is_installed_can_be_changed_and_is_checked_anew(void **state)
{
	struct folder *f = *state;
	static const struct {
		const char *key, *member, *command;
	} options[] = {
	    {"f", "\"complete\":true", "--complete"},
	    {"b", "\"bypass\":true", "--bypass"},
	    {"A", "\"all_covered\":true", "--app web"},
	};
	go_to(&f->app, "www.pem");
	keys(&f->app, "\n");
	keys(&f->app, "c");
	reply(&f->app, ASK_DRY_RUN, true, verdict);
	for (size_t i = 0; i < COUNT_OF(options); i++) {
		app_resize(&f->app, 40, 200);
		shows(&f->app, options[i].command, false);
		keys(&f->app, options[i].key);
		assert_non_null(
		    strstr(f->app.out.asks[0]->body, options[i].member));
		keys(&f->app, options[i].key); /* it is being checked */
		reply(&f->app, ASK_DRY_RUN, true, verdict);
		shows(&f->app, options[i].command, true);
	}
	keys(&f->app, "\n\t\n");
	assert_int_equal(f->app.out.asks[0]->kind, ASK_INSTALL);
	for (size_t i = 0; i < COUNT_OF(options); i++)
		assert_non_null(
		    strstr(f->app.out.asks[0]->body, options[i].member));
}

static void
the_first_certificate_of_a_domain_is_installed_too(void **state)
{
	struct folder *f = *state;
	load(&f->app, "[{'host':'www.example.com','status':'Pending DNS'}]",
	    status);
	go_to(&f->app, "www.pem");
	keys(&f->app, "\n");
	go_to(&f->app, "www.key");
	keys(&f->app, "\n");
	reply(&f->app, ASK_DRY_RUN, true, verdict);
	keys(&f->app, "\n");
	looks_like(&f->app, "upload-first-80x24");
}

static void
an_encrypted_key_asks_for_its_passphrase(void **state)
{
	struct folder *f = *state;
	go_to(&f->app, "www.encrypted.key");
	keys(&f->app, "\n");
	go_to(&f->app, "www.pem");
	keys(&f->app, "\n");
	reply(&f->app, ASK_DRY_RUN, false,
	    "{'code':'C16','text':'The private key is encrypted.','action':"
	    "'Give its passphrase.'}");
	keys(&f->app, "secret");
	looks_like(&f->app, "upload-passphrase-80x24");
	keys(&f->app, "\n");
	assert_non_null(
	    strstr(f->app.out.asks[0]->body, "\"passphrase\":\"secret\""));
	reply(&f->app, ASK_DRY_RUN, false,
	    "{'code':'C12','text':'The key belongs to another certificate.',"
	    "'action':'Choose the right key.'}");
	looks_like(&f->app, "upload-refused-80x24");
	app_key(&f->app, KEY_ESCAPE);
	shows(&f->app, "1 Files", true);
}

static void
pasted_text_is_taken_with_any_line_ends(void **state)
{
	struct folder *f = *state;
	char *text = xasprintf("%s%s", leaf_pem, key_pem);
	for (char *p = text; *p != '\0'; p++)
		if (*p == '\n')
			*p = '\r'; /* as tmux sends it */
	app_paste(&f->app, slice_str(text));
	assert_int_equal(f->app.out.n_asks, 1);
	assert_non_null(strstr(f->app.out.asks[0]->body, "BEGIN PRIVATE KEY"));
	free(text);
	shows(&f->app, "BEGIN", false);
}

static void
typed_text_is_taken_until_control_d(void **state)
{
	struct folder *f = *state;
	keys(&f->app, "p");
	keys(&f->app, leaf_pem);
	looks_like(&f->app, "upload-paste-80x24");
	app_key(&f->app, KEY_CTRL('D'));
	shows(&f->app, "(pasted) (certificate)", true);
	shows(&f->app, "now the private key", true);
}

static void
what_is_of_no_use_is_refused_with_a_reason(void **state)
{
	struct folder *f = *state;
	go_to(&f->app, "www.csr");
	keys(&f->app, "\n");
	shows(&f->app, "it is a request", true);
	keys(&f->app, ".");
	go_to(&f->app, "notes.txt");
	keys(&f->app, "\n");
	shows(&f->app, "C18", true);
	keys(&f->app, "c");
	shows(&f->app, "choose the certificate first", true);
	assert_int_equal(f->app.out.n_asks, 0);
}

static void
escape_takes_back_one_layer_at_a_time(void **state)
{
	struct folder *f = *state;
	go_to(&f->app, "www.pem");
	keys(&f->app, " /www\n");
	shows(&f->app, "ca.pem", false);
	app_key(&f->app, KEY_ESCAPE);
	shows(&f->app, "ca.pem", true);
	shows(&f->app, "www.pem (certificate)", true);
	app_key(&f->app, KEY_ESCAPE);
	shows(&f->app, "nothing yet", true);
	app_key(&f->app, KEY_ESCAPE);
	assert_int_equal(f->app.n_stack, 1);
}

#define IN_FOLDER(test)                                                        \
	cmocka_unit_test_setup_teardown(test, open_folder, close_folder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_FOLDER(files_are_told_by_what_they_hold),
	    IN_FOLDER(certificate_and_key_go_to_the_verdict_at_once),
	    IN_FOLDER(how_it_is_installed_can_be_changed_and_is_checked_anew),
	    IN_FOLDER(the_first_certificate_of_a_domain_is_installed_too),
	    IN_FOLDER(an_encrypted_key_asks_for_its_passphrase),
	    IN_FOLDER(pasted_text_is_taken_with_any_line_ends),
	    IN_FOLDER(typed_text_is_taken_until_control_d),
	    IN_FOLDER(what_is_of_no_use_is_refused_with_a_reason),
	    IN_FOLDER(escape_takes_back_one_layer_at_a_time),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
