"""Every form in which certificates and keys are found in the field, as openssl
makes them: taken, or refused with a sentence that says what it is."""

import json
import http.server as web
import ssl
import subprocess
import threading
import unittest

from cryptography.hazmat.primitives.serialization import Encoding
from towpath import (Backend, Ca, Daemon, handshake, http, served,
                     wait_for)

WORD = "open sesame"


def openssl(*args, data=None):
    result = subprocess.run(["openssl", *map(str, args)], input=data,
                            capture_output=True, timeout=60, check=False)
    if result.returncode:
        raise AssertionError(f"openssl {args}: {result.stderr.decode()}")
    return result.stdout


def without_lengths(der):
    """BER with the outermost length left out, as some programs write it."""
    n = der[1]
    return b"\x30\x80" + der[2 if n < 128 else 2 + (n & 0x7f):] + b"\0\0"


class Case(unittest.TestCase):
    config = {}

    @classmethod
    def setUpClass(cls):
        cls.app = Backend()
        cls.daemon = Daemon(**cls.config)
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)
        cls.ca = Ca()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()

    def add(self, host):
        self.daemon.cli("domains", "add", host, "--app", "shop")


class Forms(Case):
    """One certificate, with an RSA key, in every wrapping."""

    host = "forms.test.example"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        d = cls.daemon
        cls.own = cls.ca.issue(cls.host, key="rsa-2048")
        cls.middle_pem = cls.ca.middle.public_bytes(Encoding.PEM)
        cls.key = d.file("own.key", cls.own.key_pem)
        cls.leaf = d.file("leaf.pem", cls.own.pem)
        cls.middle = d.file("middle.pem", cls.middle_pem)
        cls.chain = d.file("chain.pem", cls.own.chain_pem)
        cls.heap = d.file("heap.pem", cls.middle_pem + cls.ca.root_pem
                          + cls.own.pem)
        cls.word = d.file("word", WORD + "\n")
        d.cli("domains", "add", cls.host, "--app", "shop")

    def taken(self, name, *files, locked=False):
        """These files (paths or bytes) are served as leaf and intermediate."""
        paths = [f if not isinstance(f, bytes)
                 else self.daemon.file(f"part{i}", f)
                 for i, f in enumerate(files)]
        flags = ("--passphrase-file", self.word) if locked else ()
        with self.subTest(name):
            out = self.daemon.json("certs", "update", self.host, *paths,
                                   *flags)
            self.assertEqual(out["certificate"]["chain_length"], 2)
            self.assertEqual(served(self.daemon.https, self.host),
                             self.own.der)

    def refused(self, name, code, words, *files, locked=False):
        paths = [f if not isinstance(f, bytes)
                 else self.daemon.file(f"part{i}", f)
                 for i, f in enumerate(files)]
        flags = ("--passphrase-file", self.word) if locked else ()
        with self.subTest(name):
            result = self.daemon.run("certs", "update", self.host, *paths,
                                     *flags)
            self.assertEqual(result.returncode, 1, result.stdout)
            self.assertIn(code, result.stderr)
            self.assertIn(words, result.stderr)

    def test_keys_of_every_kind(self):
        def pkcs8(*how):
            return openssl("pkcs8", "-topk8", "-in", self.key, "-passout",
                           f"pass:{WORD}", *how)
        self.taken("PKCS#1", self.chain,
                   openssl("rsa", "-in", self.key, "-traditional"))
        self.taken("PKCS#1, DER", self.chain, openssl(
            "rsa", "-in", self.key, "-traditional", "-outform", "DER"))
        self.taken("PKCS#8, DER", self.chain, openssl(
            "pkcs8", "-topk8", "-nocrypt", "-in", self.key, "-outform", "DER"))
        for cipher in ("-des3", "-aes128", "-aes256"):
            self.taken(f"old kind {cipher}", self.chain, openssl(
                "rsa", "-in", self.key, "-traditional", cipher, "-passout",
                f"pass:{WORD}"), locked=True)
        for how in (("-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA256"),
                    ("-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"),
                    ("-v2", "des3", "-v2prf", "hmacWithSHA512"),
                    ("-v1", "PBE-SHA1-3DES"),
                    ("-v1", "PBE-SHA1-RC2-40", "-provider", "legacy",
                     "-provider", "default")):
            self.taken(f"PKCS#8 {how}", self.chain, pkcs8(*how), locked=True)
        self.taken("PKCS#8, DER, encrypted", self.chain,
                   pkcs8("-outform", "DER"), locked=True)

    def test_pkcs12_of_every_kind(self):
        def pkcs12(*how, word=WORD):
            return openssl("pkcs12", "-export", "-inkey", self.key, "-in",
                           self.leaf, "-certfile", self.middle, "-passout",
                           f"pass:{word}", *how)
        triple = "PBE-SHA1-3DES"
        for name, how in (
                ("AES-256, SHA-256", ()),
                ("RC2 and 3DES, SHA-1", ("-legacy",)),
                ("3DES, SHA-1", ("-keypbe", triple, "-certpbe", triple,
                                 "-macalg", "sha1")),
                ("AES-128, SHA-512", ("-keypbe", "AES-128-CBC", "-certpbe",
                                      "AES-128-CBC", "-macalg", "sha512")),
                ("without code", ("-nomac",)),
                ("not encrypted", ("-keypbe", "NONE", "-certpbe", "NONE"))):
            self.taken(name, pkcs12(*how), locked=True)
        self.taken("without passphrase", pkcs12(word=""))
        self.taken("without lengths", without_lengths(pkcs12()), locked=True)
        self.taken("its key beside it", pkcs12(), self.key, openssl(
            "rsa", "-in", self.key, "-traditional"), locked=True)
        self.taken("with root beside it", pkcs12(), self.heap, locked=True)
        self.taken("in base64", openssl("base64", data=pkcs12()), locked=True)

    def test_pkcs7_as_authorities_deliver_it(self):
        def bundle(*how):
            return openssl("crl2pkcs7", "-nocrl", "-certfile", self.heap, *how)
        pem, der = bundle(), bundle("-outform", "DER")
        self.taken("PEM", pem, self.key)
        self.taken("DER", der, self.key)
        self.taken("without lengths", without_lengths(der), self.key)
        self.taken("under another label", self.key,
                   pem.replace(b"PKCS7", b"CERTIFICATE"))
        self.taken("in base64", openssl("base64", data=der), self.key)

    def test_texts_as_editors_and_mailers_leave_them(self):
        both = self.own.key_pem + self.middle_pem + self.own.pem
        self.taken("Windows' line ends", both.replace(b"\n", b"\r\n"))
        self.taken("a Macintosh's", both.replace(b"\n", b"\r"))
        self.taken("byte order mark", b"\xef\xbb\xbf" + both)
        self.taken("UTF-16", both.decode().encode("utf-16"))
        self.taken("text around", b"Dear Sir,\n\xe9\n" + both.replace(
            b"-----BEGIN", b"Bag Attributes\n    x: y\n-----BEGIN") + b"Yours")
        self.taken("on one line", both.replace(b"\n", b"\\n"))
        self.taken("DER, three files", self.own.der, self.middle, self.key)
        self.taken("base64 alone", openssl("base64", data=self.own.der),
                   self.middle, self.key)
        self.taken("twice the same", self.heap, self.chain, self.key, self.key)

    def test_of_several_leaves_the_one_of_the_key_is_served(self):
        other = self.ca.issue("other.test.example")
        older = self.ca.issue(self.host, key=self.own.key, days=30)
        self.taken("others beside it", other.pem + older.pem
                   + self.own.chain_pem, self.key)

    def test_what_is_something_else_is_named(self):
        d = self.daemon
        request = ("req", "-new", "-key", self.key, "-subj", "/CN=x")
        for how in ((), ("-outform", "DER")):
            self.refused(f"request {how}", "C10", "certificate request (CSR)",
                         openssl(*request, *how), self.key)
        public = d.file("public.pem", openssl("rsa", "-in", self.key,
                                              "-pubout"))
        self.refused("public key", "C18", "public.pem holds only PUBLIC KEY",
                     self.chain, public)
        self.refused("public key, DER", "C18", "the private key is needed",
                     self.chain, openssl("rsa", "-in", self.key, "-pubout",
                                         "-outform", "DER"))
        page = d.file("login.pem", "<!DOCTYPE html><html></html>")
        self.refused("a page", "C18", "login.pem is a web page", page)
        self.refused("keystore", "C18", "Java keystore",
                     b"\xfe\xed\xfe\xed\0\0\0\2" + bytes(100), self.key)
        self.refused("scrypt", "C40", "not known here", self.chain, openssl(
            "pkcs8", "-topk8", "-in", self.key, "-scrypt", "-passout",
            f"pass:{WORD}"), locked=True)
        locked = openssl("rsa", "-in", self.key, "-traditional", "-aes128",
                         "-passout", "pass:other")
        self.refused("another passphrase", "C17", "passphrase", self.chain,
                     locked, locked=True)
        self.refused("no passphrase", "C16", "--passphrase-file", self.chain,
                     locked)
        self.refused("two keys", "C31", "private key", self.chain, self.key,
                     openssl("genpkey", "-algorithm", "ed25519"))


class KeyTypes(Case):
    def test_each_is_served_with_every_version_that_it_can(self):
        d = self.daemon
        for kind in ("rsa-2048", "rsa-4096", "ecdsa-p256", "ecdsa-p384",
                     "ecdsa-p521", "ed25519"):
            host = f"{kind}.test.example"
            self.add(host)
            own = self.ca.issue(host, key=kind)
            d.upload("add", host, own)
            with self.subTest(kind):
                self.assertEqual(
                    d.json("certs", "info", host)["key_type"], kind)
                for version in (ssl.TLSVersion.TLSv1_2,
                                ssl.TLSVersion.TLSv1_3):
                    with handshake(d.https, host, self.ca.root_pem,
                                   version) as s:
                        self.assertEqual(s.getpeercert(True), own.der)


class Differences(Case):
    """What somebody may not have noticed is told, and what changes is shown."""

    def send(self, verb, host, own, *flags):
        chain = self.daemon.file("chain.pem", own.chain_pem)
        key = self.daemon.file("own.key", own.key_pem)
        return self.daemon.json("certs", verb, host, chain, key, *flags)

    def codes(self, answer):
        return sorted(w["code"] for w in answer["warnings"])

    def test_a_dry_run_shows_before_and_after_and_what_is_lost(self):
        d, host, ca = self.daemon, "diff.test.example", self.ca
        lost = "busy.diff.example"
        self.add(host)
        self.add(lost)
        a = ca.issue(host, lost, key="rsa-2048")
        first = self.send("add", host, a)
        self.assertIsNone(first["before"])
        self.assertEqual(first["certificate"]["number"], 1)
        for _ in range(3):
            http(d.http, lost, "/")
        b = ca.issue(host, "more.test.example", days=300)
        wait_for(lambda: self.send("update", host, b, "--dry-run")[
            "names_lost"] == [{"name": lost, "requests_24h": 3}],
            what="the requests are counted")
        out = self.send("update", host, b, "--dry-run")
        self.assertEqual(out["names_gained"], ["more.test.example"])
        self.assertEqual((out["before"]["number"], out["before"]["key_type"],
                          out["certificate"]["key_type"]),
                         (1, "rsa-2048", "ecdsa-p256"))
        self.assertEqual(int(out["before"]["serial"], 16),
                         a.certificate.serial_number)
        self.assertEqual(served(d.https, host), a.der)
        text = d.cli("certs", "update", host, d.file("c.pem", b.chain_pem),
                     d.file("k.pem", b.key_pem), "--dry-run")
        for line in ("Before\tnumber 1, custom, rsa-2048",
                     f"Name lost\t{lost} (3 requests", "Would serve\tdiff"):
            self.assertIn(line, text)

    def test_C43_a_weaker_key_than_before(self):
        host = "weaker.test.example"
        self.add(host)
        strong = self.ca.issue(host, key="ecdsa-p384")
        self.assertEqual(self.codes(self.send("add", host, strong)), ["C22"])
        out = self.send("update", host, self.ca.issue(host, key="ecdsa-p256"))
        self.assertEqual(self.codes(out), ["C22", "C43"])
        # the action, followed
        self.daemon.cli("certs", "rollback", host)
        self.assertEqual(served(self.daemon.https, host), strong.der)
        out = self.send("update", host, self.ca.issue(host, key="ecdsa-p384"))
        self.assertEqual(self.codes(out), ["C22"])

    def test_C44_one_that_ends_earlier(self):
        host = "earlier.test.example"
        self.add(host)
        newer = self.ca.issue(host, days=300)
        self.send("add", host, newer)
        out = self.send("update", host, self.ca.issue(host, days=100))
        self.assertEqual(self.codes(out), ["C22", "C44"])
        out = self.send("update", host, self.ca.issue(host, days=2))
        self.assertEqual(self.codes(out), ["C22", "C44"])
        # the action, followed
        self.daemon.cli("certs", "rollback", host, "--to", "1")
        self.assertEqual(served(self.daemon.https, host), newer.der)
        out = self.send("update", host, self.ca.issue(host, days=301))
        self.assertEqual(self.codes(out), ["C22"])

    def test_nothing_is_half_applied(self):
        d, hosts = self.daemon, ["one.half.example", "two.half.example"]
        own = self.ca.issue(*hosts)
        for host in hosts:
            self.add(host)
        self.send("add", hosts[1], self.ca.issue(hosts[1]))
        chain = d.file("both.pem", own.chain_pem)
        key = d.file("both.key", own.key_pem)
        result = d.run("certs", "add", "--app", "shop", chain, key)
        self.assertEqual(result.returncode, 1)
        self.assertIn("C25", result.stderr)  # the second has one
        self.assertEqual(d.json("certs", "history", hosts[0]), [])
        out = d.json("certs", "update", "--app", "shop", chain, key)
        self.assertEqual(sorted(out["hosts"]), hosts)
        for host in hosts:
            self.assertEqual(served(d.https, host), own.der)


class Authority:
    """Serves an issuer's certificate as RFC 5280, 4.2.2.1 has it."""

    def __init__(self, answers):
        class Handler(web.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                body = answers.get(self.path)
                self.send_response(404 if body is None else 200)
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *args):
                pass

        self.server = web.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()


class Complete(Case):
    config = {"control": {"webhook_networks": "127.0.0.0/8"}}

    def complete(self, host, path, *flags):
        own = self.ca.issue(host, issuer_url=self.authority.url + path)
        self.add(host)
        leaf = self.daemon.file("leaf.pem", own.pem)
        key = self.daemon.file("own.key", own.key_pem)
        return self.daemon.json("certs", "add", host, leaf, key, *flags)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        der = cls.ca.middle.public_bytes(Encoding.DER)
        pem = cls.daemon.file("middle.pem",
                              cls.ca.middle.public_bytes(Encoding.PEM))
        cls.authority = Authority({
            "/ca.der": der,
            "/ca.p7c": openssl("crl2pkcs7", "-nocrl", "-certfile", pem,
                               "-outform", "DER"),
            "/page": b"<html></html>"})

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.authority.__exit__()

    def test_the_missing_issuer_is_fetched_when_that_is_asked_for(self):
        for path in ("/ca.der", "/ca.p7c"):
            with self.subTest(path):
                out = self.complete(f"{path[4:]}.aia.example", path,
                                    "--complete")
                self.assertEqual(out["certificate"]["chain_length"], 2)

    def test_also_together_with_the_domain(self):
        host = "new.aia.example"
        own = self.ca.issue(host, issuer_url=self.authority.url + "/ca.der")
        leaf = self.daemon.file("leaf.pem", own.pem)
        key = self.daemon.file("own.key", own.key_pem)
        out = self.daemon.json("domains", "add", host, "--app", "shop", leaf,
                               key, "--complete")
        self.assertEqual(out["certificate"]["chain_length"], 2)

    def test_what_stays_missing_is_told(self):
        out = self.complete("plain.aia.example", "/ca.der")
        self.assertEqual(out["certificate"]["chain_length"], 1)
        self.assertEqual([w["code"] for w in out["warnings"]], ["C21"])
        for path in ("/page", "/none"):
            out = self.complete(f"{path[1:]}.aia.example", path, "--complete")
            self.assertEqual(out["certificate"]["chain_length"], 1)
            self.assertIn(self.authority.url + path,
                          json.dumps(out["warnings"]))


if __name__ == "__main__":
    unittest.main()
