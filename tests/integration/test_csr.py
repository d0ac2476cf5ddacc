"""Requests for certificates whose keys are made here and never leave the keys
process: the signed certificate alone is enough."""

import unittest

from towpath import Asked, Backend, Ca, Daemon, Refused, served


class Csr(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.app = Backend()
        cls.daemon = Daemon()
        for app in ("shop", "blog"):
            cls.daemon.cli("apps", "create", app, "--backend", cls.app.address)
        cls.ca = Ca()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()

    def add(self, *hosts, app="shop"):
        for host in hosts:
            self.daemon.cli("domains", "add", host, "--app", app)

    def certificate(self, asked, *names):
        return self.ca.issue(*names, key=asked)

    def install(self, host, own, verb="add"):
        chain = self.daemon.file("signed.pem", own.chain_pem)
        return self.daemon.json("certs", verb, host, chain)

    def test_each_kind_of_key_finds_its_certificate(self):
        d = self.daemon
        for kind in ("ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-3072"):
            with self.subTest(kind):
                host = f"{kind}.csr.example"
                self.add(host)
                asked = Asked(d.cli("certs", "csr", host, "--key-type", kind,
                                    "--subject", f"CN={host},O=Example"))
                self.assertTrue(asked.csr.is_signature_valid)
                self.assertEqual(asked.names, [host])
                self.assertIn("O=Example", asked.csr.subject.rfc4514_string())
                own = self.certificate(asked, host)
                out = self.install(host, own)
                self.assertEqual(out["certificate"]["key_type"], kind)
                self.assertEqual(served(d.https, host), own.der)
        with self.assertRaises(Refused) as e:
            d.cli("certs", "csr", host, "--key-type", "rsa-1024")
        self.assertIn("P11", e.exception.stderr)

    def test_several_wait_at_once_and_each_is_found(self):
        d, host = self.daemon, "several.csr.example"
        self.add(host)
        asked = [Asked(d.cli("certs", "csr", host)) for _ in range(3)]

        def pending():
            return d.json("certs", "requests", host)
        self.assertEqual(len(pending()), 3)
        newest = pending()[0]["number"]
        own = self.certificate(asked[0], host)
        self.install(host, own)
        self.assertEqual(served(d.https, host), own.der)
        self.assertEqual(len(pending()), 2)
        d.cli("certs", "forget", host, newest)
        self.assertEqual(len(pending()), 1)
        with self.assertRaises(Refused) as e:
            self.install(host, self.certificate(asked[2], host), "update")
        self.assertIn("C12", e.exception.stderr)  # the present key was tried
        with self.assertRaises(Refused) as e:
            d.cli("certs", "forget", host, newest)
        self.assertIn("C36", e.exception.stderr)
        # renewed from the same request: the key is still there
        again = self.certificate(asked[0], host)
        self.install(host, again, "update")
        self.assertEqual(served(d.https, host), again.der)
        # a dry run uses nothing up
        chain = d.file("last.pem", self.certificate(asked[1], host).chain_pem)
        d.json("certs", "update", host, chain, "--dry-run")
        self.assertEqual(len(pending()), 1)

    def test_one_for_the_domains_of_an_app(self):
        d = self.daemon
        hosts = [f"{n}.blog.example" for n in "abc"]
        self.add(*hosts, app="blog")
        self.add("other.csr.example")
        asked = Asked(d.cli("certs", "csr", hosts[0], "--name", hosts[2]))
        self.assertEqual(asked.names, [hosts[0], hosts[2]])
        asked = Asked(d.cli("certs", "csr", hosts[1], "--all-domains"))
        self.assertEqual(sorted(asked.names), hosts)
        own = self.certificate(asked, *hosts)
        chain = d.file("all.pem", own.chain_pem)
        out = d.json("certs", "add", "--app", "blog", chain)
        self.assertEqual(sorted(out["hosts"]), hosts)
        for host in hosts:
            self.assertEqual(served(d.https, host), own.der)
        with self.assertRaises(Refused) as e:
            d.cli("certs", "csr", hosts[0], "--name", "other.csr.example")
        self.assertIn("N12", e.exception.stderr)
        # another app's request is not found
        self.add("thief.csr.example")
        asked = Asked(d.cli("certs", "csr", hosts[0]))
        with self.assertRaises(Refused) as e:
            self.install("thief.csr.example",
                         self.certificate(asked, "thief.csr.example"))
        self.assertIn("C11", e.exception.stderr)


if __name__ == "__main__":
    unittest.main()
