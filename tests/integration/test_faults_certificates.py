"""Faults of certificates (C): each is provoked by an upload or by time, what it
says is done, and then it is gone."""

import datetime
import os
import re
import signal
import subprocess
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.x509.oid import ExtendedKeyUsageOID
from towpath import Ca, CaDouble, Daemon, free_port, served, wait_for
from towpath.fault_case import FaultCase

DAY = 86400


def openssl(*args, data=None):
    return subprocess.run(["openssl", *map(str, args)], input=data, check=True,
                          capture_output=True, timeout=60).stdout


def pem_of(key):
    return key.private_bytes(serialization.Encoding.PEM,
                             serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def leaf(ca, host, key, *extensions, hash_=None):
    """A certificate that no sane authority makes, PEM."""
    now = datetime.datetime.utcnow()
    builder = (x509.CertificateBuilder()
               .subject_name(x509.Name([x509.NameAttribute(
                   x509.NameOID.COMMON_NAME, host)]))
               .issuer_name(ca.middle.subject)
               .public_key(key.public_key())
               .serial_number(x509.random_serial_number())
               .not_valid_before(now - datetime.timedelta(hours=1))
               .not_valid_after(now + datetime.timedelta(days=90))
               .add_extension(x509.SubjectAlternativeName(
                   [x509.DNSName(host)]), False))
    for extension in extensions:
        builder = builder.add_extension(extension, True)
    return builder.sign(ca.middle_key, hash_ or hashes.SHA256()).public_bytes(
        serialization.Encoding.PEM)


class Uploads(FaultCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ca = Ca()
        cls.n_hosts = 0

    def new(self):
        """A domain of its own for a test."""
        cls = type(self)
        cls.n_hosts += 1
        host = f"c{cls.n_hosts}.test"
        self.daemon.cli("domains", "add", host, "--app", "shop")
        return host

    def files(self, *contents):
        return [self.daemon.file(f"upload-{i}", data)
                for i, data in enumerate(contents)]

    def wrong(self, code, host, *contents, verb="add", flags=()):
        return self.refused(code, "certs", verb, host,
                            *self.files(*contents), *flags)

    def right(self, host, *contents, verb="add", flags=()):
        """It is taken and served."""
        told = self.daemon.json("certs", verb, host, *self.files(*contents),
                                *flags)
        self.assertEqual(self.daemon.json("domains", "info", host)["serving"],
                         "custom")
        return told

    def test_C10_C11_a_part_that_is_missing(self):
        host = self.new()
        own = self.ca.issue(host)
        action = self.wrong("C10", host, own.key_pem)
        self.assertIn("BEGIN CERTIFICATE", action)
        action = self.wrong("C11", host, own.chain_pem)
        self.assertIn("BEGIN PRIVATE KEY", action)
        self.right(host, own.key_pem, own.chain_pem)

    def test_C12_the_key_of_another_certificate(self):
        host = self.new()
        own = self.ca.issue(host)
        action = self.wrong("C12", host, own.chain_pem,
                            self.ca.issue(host).key_pem)
        self.assertIn("the certificate request was made with", action)
        self.right(host, own.chain_pem, own.key_pem)

    def test_C13_C14_outside_of_its_validity(self):
        host, now = self.new(), datetime.datetime.utcnow()
        day = datetime.timedelta(days=1)
        old = self.ca.issue(host, not_before=now - 90 * day,
                            not_after=now - day)
        action = self.wrong("C13", host, old.chain_pem, old.key_pem)
        self.assertIn("Upload a renewed one", action)
        early = self.ca.issue(host, not_before=now + day)
        action = self.wrong("C14", host, early.chain_pem, early.key_pem)
        self.assertIn("date -u", action)
        new = self.ca.issue(host)
        self.right(host, new.chain_pem, new.key_pem)

    def test_C15_for_another_name(self):
        host = self.new()
        other, own = self.ca.issue("other.test"), self.ca.issue(host)
        action = self.wrong("C15", host, other.chain_pem, other.key_pem)
        self.assertIn("subject alternative names", action)
        self.right(host, own.chain_pem, own.key_pem)

    def test_C16_C17_a_key_under_a_passphrase(self):
        host = self.new()
        own = self.ca.issue(host)
        key = own.encrypted_key_pem("sesame")
        action = self.wrong("C16", host, own.chain_pem, key)
        self.assertIn("--passphrase-file", action)
        guess = self.daemon.file("guess", "guess\n")
        action = self.wrong("C17", host, own.chain_pem, key,
                            flags=("--passphrase-file", guess))
        self.assertIn("Check the passphrase", action)
        word = self.daemon.file("word", "sesame\n")
        self.right(host, own.chain_pem, key,
                   flags=("--passphrase-file", word))

    def test_C18_C19_C20_files_of_another_kind(self):
        host = self.new()
        own = self.ca.issue(host)
        for code, data, words in (
                ("C18", b"<html>404</html>", "as your certificate authority"),
                ("C19", b"", "again"),
                ("C20", own.chain_pem * 2000, "its chain and its key only")):
            self.assertIn(words, self.wrong(code, host, data))
        self.right(host, own.chain_pem, own.key_pem)

    def test_C21_C22_whom_visitors_do_not_trust(self):
        """Warnings: they stand beside a certificate that serves."""
        host = self.new()
        own = self.ca.issue(host)
        told = self.right(host, own.pem, own.key_pem)
        self.assertIn("C21", [w["code"] for w in told["warnings"]])
        action = next(w["action"] for w in told["warnings"]
                      if w["code"] == "C21")
        self.assertIn("add the intermediate", action)
        told = self.right(host, own.chain_pem, own.key_pem, verb="update")
        codes = {w["code"]: w["action"] for w in told["warnings"]}
        self.assertNotIn("C21", codes)
        # a private authority's: nothing to do, it serves
        self.assertIn("private authority", codes["C22"])
        self.assertEqual(served(self.daemon.https, host), own.der)

    def test_C23_C32_C33_what_browsers_refuse(self):
        host, key = self.new(), ec.generate_private_key(ec.SECP256R1())
        weak = self.ca.issue(host, key="rsa-1024")
        action = self.wrong("C23", host, weak.chain_pem, weak.key_pem)
        command = re.search(r"`towpath (certs csr .*)`", action)[1].split()
        action = self.wrong("C32", host, leaf(
            self.ca, host, key, hash_=hashes.SHA1()), pem_of(key))
        self.assertIn("SHA-256", action)
        client = self.ca.issue(host, client_only=True)
        action = self.wrong("C33", host, client.chain_pem, client.key_pem)
        self.assertIn("serverAuth", action)
        # what C23 says: a key made here
        request = x509.load_pem_x509_csr(
            self.daemon.cli(*command).encode())
        new = leaf(self.ca, host, request, x509.ExtendedKeyUsage(
            [ExtendedKeyUsageOID.SERVER_AUTH]))
        self.right(host, new)

    def test_C24_more_names_than_are_served(self):
        host = self.new()
        names = [host] + [f"n{i}.test" for i in range(1001)]
        many, few = self.ca.issue(*names), self.ca.issue(*names[:1000])
        action = self.wrong("C24", host, many.chain_pem, many.key_pem)
        self.assertIn("at most 1000 names", action)
        self.right(host, few.chain_pem, few.key_pem)

    def test_C25_C26_C29_one_is_there_or_not(self):
        host, d = self.new(), self.daemon
        own = self.ca.issue(host)
        action = self.refused("C26", "certs", "remove", host)
        self.assertIn("towpath certs add", action)
        self.right(host, own.chain_pem, own.key_pem)
        action = self.wrong("C25", host, own.chain_pem, own.key_pem)
        self.assertIn("towpath certs update", action)
        self.right(host, own.chain_pem, own.key_pem, verb="update")
        action = self.refused("C29", "certs", "remove", host)
        command = re.search(r"`towpath (explain .*)`", action)[1].split()
        self.assertIn("Nothing could take over", d.cli(*command))
        self.assertIn("--force", action)
        d.cli("certs", "remove", host, "--force")

    def test_C27_C36_a_history_that_ends(self):
        host, d = self.new(), self.daemon
        first, second = self.ca.issue(host), self.ca.issue(host)
        self.right(host, first.chain_pem, first.key_pem)
        action = self.refused("C27", "certs", "rollback", host)
        self.assertIn("towpath certs history", action)
        self.right(host, second.chain_pem, second.key_pem, verb="update")
        action = self.refused("C36", "certs", "rollback", host, "--to", 99)
        self.assertIn("towpath certs history", action)
        number = d.json("certs", "history", host)[-1]["number"]
        d.cli("certs", "rollback", host, "--to", number)
        self.assertEqual(served(d.https, host), first.der)

    def test_C30_a_trial_handshake_that_fails(self):
        """The key may sign certificates only, so no connection."""
        host, key = self.new(), ec.generate_private_key(ec.SECP256R1())
        usage = x509.KeyUsage(False, False, False, False, False, True, False,
                              False, False)
        action = self.wrong("C30", host, leaf(self.ca, host, key, usage),
                            pem_of(key))
        self.assertIn("nothing was changed", action)
        own = self.ca.issue(host)
        self.right(host, own.chain_pem, own.key_pem)

    def test_C31_several_keys(self):
        host = self.new()
        own, other = self.ca.issue(host), self.ca.issue(host)
        action = self.wrong("C31", host, own.chain_pem, own.key_pem,
                            other.key_pem)
        self.assertIn("the one that belongs", action)
        self.right(host, own.chain_pem, own.key_pem)

    def test_C38_C40_keys_that_cannot_be_used(self):
        host = self.new()
        odd = ed448.Ed448PrivateKey.generate()
        action = self.wrong("C38", host, leaf(self.ca, host, odd),
                            pem_of(odd))
        self.assertIn("ECDSA P-256", action)
        own = self.ca.issue(host)
        scrypt = openssl("pkcs8", "-topk8", "-scrypt", "-passout",
                         "pass:word", data=own.key_pem)
        word = self.daemon.file("word", "word\n")
        action = self.wrong("C40", host, own.chain_pem, scrypt,
                            flags=("--passphrase-file", word))
        command = re.search(r"openssl (.*)$", action)[1].split()
        again = openssl(*command, "-passin", "pass:word", "-passout",
                        "pass:word", data=scrypt)
        self.right(host, own.chain_pem, again,
                   flags=("--passphrase-file", word))

    def test_C37_the_keys_process_is_away(self):
        host, d = self.new(), self.daemon
        d.process.send_signal(signal.SIGSTOP)  # nobody starts another one
        try:
            os.kill(d.children()["keys 2"], signal.SIGKILL)
            action = self.refused("C37", "certs", "csr", host)
        finally:
            d.process.send_signal(signal.SIGCONT)
        self.assertIn("try again in a second", action)
        wait_for(lambda: d.run("certs", "csr", host).returncode == 0,
                 what="the keys process is back")


class Times(FaultCase):
    """What comes with the clock; each test goes on from where it stands."""

    @classmethod
    def make_daemon(cls):
        port = free_port()
        cls.ca = CaDouble(port)
        cls.addClassCleanup(cls.ca.close)
        cls.days = 0
        return Daemon(ca=cls.ca, http=port, clock=True)

    def go_on(self, days):
        cls = type(self)
        cls.days += days
        self.ca.offset = cls.days * DAY
        self.daemon.set_clock(cls.days * DAY)

    def issue(self, host, days):
        now = datetime.datetime.utcnow() + datetime.timedelta(days=self.days)
        return Ca().issue(host, not_before=now - datetime.timedelta(hours=1),
                          not_after=now + datetime.timedelta(days=days))

    def test_C39_C34_C28_a_custom_certificate_that_nobody_renews(self):
        d, host = self.daemon, "custom.test"
        d.cli("domains", "add", host, "--app", "shop", "--wait")
        d.upload("add", host, self.issue(host, 30))
        self.go_on(25)
        fault = self.wait_fault("C39", host)
        self.assertIn(f"towpath certs update {host}", fault["action"])
        d.upload("update", host, self.issue(host, 30))
        self.wait_cured("C39", host)
        self.go_on(31)
        fault = self.wait_fault("C34", host)
        self.assertIn(f"towpath certs remove {host}", fault["action"])
        # an old one cannot be brought back, whatever its number
        action = self.refused("C28", "certs", "rollback", host)
        self.assertIn(f"towpath certs history {host}", action)
        d.upload("update", host, self.issue(host, 30))
        self.wait_cured("C34", host)

    def test_C35_nothing_valid_is_there(self):
        d, host = self.daemon, "late.test"
        d.cli("domains", "add", host, "--app", "shop", "--wait")
        self.ca.hold("newOrder")
        try:
            self.go_on(100)
            fault = self.wait_fault("C35", host)
            self.assertIn(f"towpath certs update {host}", fault["action"])
            own = self.issue(host, 30)
            d.upload("update", host, own)
            self.wait_cured("C35", host)
            self.assertEqual(served(d.https, host), own.der)
        finally:
            self.ca.release("newOrder")


if __name__ == "__main__":
    unittest.main()
