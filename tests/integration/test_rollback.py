"""Uploads, their order and their history: what is served is leaf first, and
any of it can be undone."""

import unittest

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from towpath import (Backend, Ca, Daemon, Refused, handshake, raw, served)


def sent_chain(port, host):
    """Certificates (DER) as the server sends them, by openssl."""
    import re
    import subprocess
    out = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}",
         "-servername", host, "-showcerts"], input=b"", capture_output=True,
        check=False).stdout
    return [x509.load_pem_x509_certificate(block).public_bytes(Encoding.DER)
            for block in re.findall(
                rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----",
                out, re.S)]


class Rollback(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.app = Backend()
        cls.daemon = Daemon()
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()

    def add(self, host):
        self.daemon.cli("domains", "add", host, "--app", "shop")

    def test_rollback_after_a_b_c_gives_b_then_a_then_fails(self):
        d, host, ca = self.daemon, "abc.test.example", Ca()
        self.add(host)
        a, b, c = (ca.issue(host) for _ in range(3))
        d.upload("add", host, a)
        d.upload("update", host, b)
        d.upload("update", host, c)
        numbers = {h["fingerprint_sha256"]: h["number"]
                   for h in d.json("certs", "history", host)}
        self.assertEqual(served(d.https, host), c.der)
        number_of_c = max(numbers.values())
        d.cli("certs", "rollback", host)
        self.assertEqual(served(d.https, host), b.der)
        d.cli("certs", "rollback", host)
        self.assertEqual(served(d.https, host), a.der)
        before = d.json("certs", "history", host)
        with self.assertRaises(Refused) as e:
            d.cli("certs", "rollback", host)
        self.assertEqual(e.exception.status, 1)
        self.assertIn("C27", e.exception.stderr)
        self.assertEqual(d.json("certs", "history", host), before)
        self.assertEqual(served(d.https, host), a.der)
        d.cli("certs", "rollback", host, "--to", number_of_c)
        self.assertEqual(served(d.https, host), c.der)
        with self.assertRaises(Refused) as e:
            d.cli("certs", "rollback", host, "--to", 999)
        self.assertIn("C36", e.exception.stderr)
        self.assertEqual(served(d.https, host), c.der)

    def test_rollback_after_remove_gives_the_removed_one(self):
        d, host = self.daemon, "removed.test.example"
        self.add(host)
        a = Ca().issue(host)
        d.upload("add", host, a)
        d.cli("certs", "remove", host, "--force")
        self.assertNotEqual(served(d.https, host), a.der)
        d.cli("certs", "rollback", host)
        self.assertEqual(served(d.https, host), a.der)

    def test_a_bundle_in_the_wrong_order_is_served_leaf_first(self):
        d, host, ca = self.daemon, "order.test.example", Ca()
        self.add(host)
        own, stranger = ca.issue(host), Ca("Stranger")
        heap = (ca.root_pem + stranger.middle.public_bytes(Encoding.PEM)
                + ca.middle.public_bytes(Encoding.PEM) + own.pem)
        bundle = d.file("heap.pem", heap)
        key = d.file("heap.key", own.key_pem)
        out = d.json("certs", "add", host, key, bundle)
        self.assertEqual(sent_chain(d.https, host), own.chain_der)
        self.assertEqual(len(out["dropped"]), 2, out["dropped"])

    def test_bypass_keeps_the_chain_as_given(self):
        d, host, ca = self.daemon, "bypass.test.example", Ca()
        self.add(host)
        own = ca.issue(host)
        bundle = d.file("full.pem", own.chain_pem + ca.root_pem)
        key = d.file("full.key", own.key_pem)
        d.cli("certs", "add", host, bundle, key, "--bypass")
        self.assertEqual(sent_chain(d.https, host), own.chain_der
                         + [ca.root.public_bytes(Encoding.DER)])

    def test_pkcs12_and_encrypted_keys_are_opened_with_their_passphrase(self):
        d, ca = self.daemon, Ca()
        word = d.file("word", "open sesame\n")
        for host, files in (
                ("p12.test.example",
                 lambda i: [d.file("i.p12", i.pkcs12("open sesame"))]),
                ("enc.test.example",
                 lambda i: [d.file("i.pem", i.chain_pem),
                            d.file("i.key",
                                   i.encrypted_key_pem("open sesame"))])):
            with self.subTest(host):
                self.add(host)
                own = ca.issue(host)
                paths = files(own)
                d.cli("certs", "add", host, *paths, "--passphrase-file", word)
                self.assertEqual(sent_chain(d.https, host), own.chain_der)

    def test_every_key_type_is_served_on_both_tls_versions(self):
        import ssl
        d, ca = self.daemon, Ca()
        for kind in ("rsa-2048", "rsa-3072", "ecdsa-p256", "ecdsa-p384"):
            host = f"{kind}.test.example"
            self.add(host)
            own = ca.issue(host, key=kind)
            d.upload("add", host, own)
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                with self.subTest(kind=kind, version=version):
                    with handshake(d.https, host, ca.root_pem, version) as s:
                        self.assertEqual(s.getpeercert(True), own.der)

    def test_a_wildcard_serves_its_names_and_only_one_label(self):
        d, ca = self.daemon, Ca()
        own = ca.issue("*.wild.example")
        chain = d.file("w.pem", own.chain_pem)
        key = d.file("w.key", own.key_pem)
        d.cli("domains", "add", "*.wild.example", "--app", "shop", chain, key)
        self.assertEqual(served(d.https, "a.wild.example"), own.der)
        self.assertEqual(raw(d.https, b"GET / HTTP/1.1\r\nHost: b.wild.example"
                             b"\r\nConnection: close\r\n\r\n",
                             "a.wild.example")[0], 200)
        with self.assertRaises(OSError):
            served(d.https, "a.b.wild.example")

    def test_a_dry_run_shows_the_difference_and_changes_nothing(self):
        d, host, ca = self.daemon, "dry.test.example", Ca()
        self.add(host)
        a = ca.issue(host, "old.test.example")
        b = ca.issue(host, "new.test.example")
        d.upload("add", host, a)
        chain = d.file("b.pem", b.chain_pem)
        key = d.file("b.key", b.key_pem)
        out = d.json("certs", "update", host, chain, key, "--dry-run")
        self.assertEqual(out["names_gained"], ["new.test.example"])
        self.assertEqual([n["name"] for n in out["names_lost"]],
                         ["old.test.example"])
        self.assertEqual(served(d.https, host), a.der)


if __name__ == "__main__":
    unittest.main()
