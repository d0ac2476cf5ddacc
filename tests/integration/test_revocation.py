"""A key is reported lost: the certificate is replaced, then revoked, and never
served again."""

import unittest

from towpath import (Asked, Backend, Ca, CaDouble, Daemon, Refused, free_port,
                     served, wait_for)


class Revocation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        port = free_port()
        cls.ca = CaDouble(port)
        cls.app = Backend("shop")
        cls.daemon = Daemon(ca=cls.ca, http=port, clock=True)
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()
        cls.ca.close()

    def setUp(self):
        self.addCleanup(self.ca.heal)

    def add(self, host):
        self.daemon.cli("domains", "add", host, "--app", "shop", "--wait")
        return self.ca.certificates_for(host)[0]

    def revoked_events(self, host):
        return [e for e in self.daemon.json("events", "--host", host)
                if e["name"] == "certificate.revoke"]

    def history(self, host):
        return self.daemon.json("certs", "history", host)

    def test_replaced_first_then_revoked(self):
        d, host = self.daemon, "www.lost.test"
        lost = self.add(host)
        self.assertEqual(served(d.https, host), lost.der)
        d.cli("certs", "revoke", host, "--wait")
        self.assertEqual(lost.revoked, 1)
        new = self.ca.certificates_for(host)[1]
        self.assertEqual(served(d.https, host), new.der)
        self.assertIsNone(new.revoked)
        event, = self.revoked_events(host)
        self.assertEqual(event["certificate"]["number"], 1)
        self.assertIsNotNone(event["certificate"]["revoked_at"])
        self.assertIsNone(self.history(host)[0]["revoked_at"])

    def test_no_rollback_goes_to_it(self):
        d, host = self.daemon, "www.never.test"
        self.add(host)
        d.cli("certs", "revoke", host, "--reason", "superseded", "--wait")
        self.assertEqual(self.ca.certificates_for(host)[0].revoked, 4)
        with self.assertRaises(Refused) as e:
            d.cli("certs", "rollback", host, "--to", "1")
        self.assertIn("C28", e.exception.stderr)
        self.assertIn("revoked", e.exception.stderr)

    def test_C45_one_that_was_revoked_is_not_taken_back(self):
        d, host = self.daemon, "www.back.test"
        lost = self.add(host)
        file = d.dir / "lost.pem"
        d.cli("certs", "export", host, "--with-key", "-o", file)
        d.cli("certs", "revoke", host, "--wait")
        self.assertEqual(lost.revoked, 1)
        with self.assertRaises(Refused) as e:
            d.cli("certs", "add", host, file)
        self.assertIn("C45", e.exception.stderr)
        # the action, followed
        asked = Asked(d.cli("certs", "csr", host))
        signed = Ca().issue(host, key=asked).chain_pem
        d.cli("certs", "add", host, d.file("signed.pem", signed))
        self.assertEqual(d.json("domains", "info", host)["serving"], "custom")

    def test_it_serves_until_the_new_one_is_there(self):
        d, host = self.daemon, "www.between.test"
        lost = self.add(host)
        before = self.ca.count("finalize")
        self.ca.hold("finalize")
        try:
            d.cli("certs", "revoke", host)
            wait_for(lambda: self.ca.count("finalize") > before,
                     what="the new one is ordered")
            self.assertEqual(served(d.https, host), lost.der)
            self.assertIsNone(lost.revoked)
            revoking, = [r for r in d.json("acme")["revoking"]
                         if r["host"] == host]
            self.assertFalse(revoking["replaced"])
        finally:
            self.ca.release("finalize")
        wait_for(lambda: lost.revoked == 1, what="it is revoked")
        self.assertNotEqual(served(d.https, host), lost.der)

    def test_a_name_that_cannot_have_another_one_keeps_it(self):
        d, host = self.daemon, "www.stuck.test"
        lost = self.add(host)
        d.cli("domains", "set", host, "automatic=off")
        with self.assertRaises(Refused) as e:
            d.cli("certs", "revoke", host)
        self.assertIn("C29", e.exception.stderr)
        self.assertIn("--force", e.exception.stderr)
        self.assertEqual(served(d.https, host), lost.der)
        d.cli("certs", "revoke", host, "--force", "--wait")
        self.assertEqual(lost.revoked, 1)
        self.assertNotEqual(served(d.https, host), lost.der)
        # the action, followed the other way: it has one again
        d.cli("domains", "set", host, "automatic=on")
        d.wait_status(host, "In use")

    def test_A35_a_ca_that_does_not_answer_is_asked_again(self):
        d, host = self.daemon, "www.again.test"
        lost = self.add(host)
        self.ca.refuse("revoke", "serverInternal")
        d.cli("certs", "revoke", host)

        def fault():
            return [r["fault"] for r in d.json("acme")["revoking"]
                    if r["host"] == host and r["fault"]]
        wait_for(fault, what="told that it was not revoked")
        self.assertEqual(fault()[0]["code"], "A35")
        self.assertNotEqual(served(d.https, host), lost.der)
        self.assertEqual(self.revoked_events(host), [])
        self.ca.heal()
        d.set_clock(300)  # asked again by itself, in a minute
        self.ca.offset = 300
        wait_for(lambda: lost.revoked == 1, what="it is revoked")
        wait_for(lambda: self.revoked_events(host), what="that is told")

    def test_killed_before_the_ca_answers(self):
        d, host = self.daemon, "www.killed.test"
        lost = self.add(host)
        before = self.ca.count("revoke")
        self.ca.hold("revoke")
        try:
            d.cli("certs", "revoke", host)
            wait_for(lambda: self.ca.count("revoke") > before,
                     what="the CA hears of it")
            d.kill()
        finally:
            self.ca.release("revoke")
        wait_for(lambda: lost.revoked == 1, what="the CA has done it")
        d.start()
        self.assertNotEqual(served(d.https, host), lost.der)

    def test_what_was_uploaded_is_not_ours_to_revoke(self):
        d, host = self.daemon, "www.none.test"
        self.ca.zone.set_a(host, "192.0.2.1")
        d.cli("domains", "add", host, "--app", "shop")
        with self.assertRaises(Refused) as e:
            d.cli("certs", "revoke", host)
        self.assertIn("C26", e.exception.stderr)
        with self.assertRaises(Refused) as e:
            d.cli("certs", "revoke", host, "--reason", "boredom")
        self.assertIn("P11", e.exception.stderr)


if __name__ == "__main__":
    unittest.main()
