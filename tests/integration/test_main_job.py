"""The main job, end to end: a domain gets a certificate by itself and is served
by SNI; an uploaded one takes over; removal gives the automatic one back."""

import time
import unittest

from towpath import (Backend, Ca, Daemon, Https, Pebble, Refused, free_port,
                     get, http, served, wait_for)


class MainJob(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        port = free_port()
        cls.ca = Pebble(port)
        cls.app = Backend("shop")
        cls.daemon = Daemon(ca=cls.ca, http=port)
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()
        cls.ca.close()

    def test_a_domain_goes_from_pending_dns_to_in_use_by_itself(self):
        d, host = self.daemon, "pending.customer.test"
        self.ca.set_a(host, "192.0.2.1")
        d.cli("domains", "add", host, "--app", "shop")
        wait_for(lambda: (d.json("domains", "info", host)["fault"] or {}).get(
            "code") == "D12", what="told that the name points elsewhere")
        info = d.json("domains", "info", host)
        self.assertEqual(info["status"], "Pending DNS")
        self.assertTrue(info["records"], "no record to set was told")
        self.ca.set_a(host, "127.0.0.1")
        d.wait_status(host, "In use")
        answer = get(d.https, host, "/hello", self.ca.roots())
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.json()["path"], "/hello")
        names = [e["name"] for e in d.json("events", "--host", host)]
        for name in ("domain.add", "domain.dns_ok", "certificate.issue"):
            self.assertIn(name, names)

    def test_first_https_answer_comes_soon_when_dns_is_right(self):
        d, host, roots = self.daemon, "soon.customer.test", self.ca.roots()
        begun = time.monotonic()
        d.cli("domains", "add", host, "--app", "shop")

        def answered():
            try:
                return get(d.https, host, "/", roots).status == 200
            except OSError:
                return False
        wait_for(answered, what="a verified answer")
        print(f"first HTTPS answer after {time.monotonic() - begun:.2f} s")

    def test_upload_takes_over_and_remove_gives_the_automatic_one_back(self):
        d, host = self.daemon, "upload.customer.test"
        d.cli("domains", "add", host, "--app", "shop", "--wait")
        automatic = served(d.https, host)
        own = Ca().issue(host, "www." + host)
        d.upload("add", host, own)
        self.assertEqual(served(d.https, host), own.der)
        self.assertEqual(d.status_of(host), "Not used")
        with self.assertRaises(Refused) as e:
            d.upload("add", host, Ca().issue(host))
        self.assertIn("C25", e.exception.stderr)
        d.cli("certs", "remove", host)
        self.assertEqual(served(d.https, host), automatic)
        self.assertEqual(d.status_of(host), "In use")

    def test_an_upload_with_the_domain_serves_at_once_and_cannot_be_removed(
            self):
        """The name does not point here, so no fallback could be obtained."""
        d, host = self.daemon, "early.customer.test"
        self.ca.set_a(host, "192.0.2.1")
        own = Ca().issue(host)
        chain = d.file("early.pem", own.chain_pem)
        key = d.file("early.key", own.key_pem)
        d.cli("domains", "add", host, "--app", "shop", chain, key)
        self.assertEqual(served(d.https, host), own.der)
        self.assertEqual(d.status_of(host), "Not used")
        with self.assertRaises(Refused) as e:
            d.cli("certs", "remove", host)
        self.assertIn("C29", e.exception.stderr)
        self.assertEqual(served(d.https, host), own.der)

    def test_the_challenge_is_answered_before_the_app_and_nothing_else_is(self):
        d, host = self.daemon, "challenge.customer.test"
        d.cli("apps", "create", "forced", "--backend", self.app.address)
        d.cli("apps", "set", "forced", "force_https=on")
        d.cli("domains", "add", host, "--app", "forced", "--wait")
        self.assertEqual(served(d.https, host), served(d.https, host))
        # a token that is not ours goes to the app, which forces HTTPS
        answer = http(d.http, host, "/.well-known/acme-challenge/unknown")
        self.assertEqual(answer.status, 301)
        self.assertTrue(answer.headers["location"].startswith(
            f"https://{host}"), answer.headers["location"])

    def test_plain_http_serves_the_app_unless_it_forces_https(self):
        d, host = self.daemon, "plain.customer.test"
        d.cli("domains", "add", host, "--app", "shop")
        self.assertEqual(http(d.http, host, "/x").json()["path"], "/x")

    def test_a_removed_domain_is_gone_at_once(self):
        d, host = self.daemon, "gone.customer.test"
        d.cli("domains", "add", host, "--app", "shop", "--wait")
        with Https(d.https, host) as open_connection:
            self.assertEqual(open_connection.request("/").status, 200)
            with self.assertRaises(Refused) as e:
                d.cli("domains", "remove", host)
            self.assertEqual(e.exception.status, 2)
            d.cli("domains", "remove", host, "--confirm", host)
            self.assertEqual(http(d.http, host, "/").status, 404)
        with self.assertRaises(OSError):
            served(d.https, host)

    def test_a_domain_added_again_has_its_certificates_back(self):
        d, host = self.daemon, "again.customer.test"
        d.cli("domains", "add", host, "--app", "shop", "--wait")
        before = served(d.https, host)
        d.cli("domains", "remove", host, "--confirm", host)
        d.cli("domains", "add", host, "--app", "shop")
        self.assertEqual(served(d.https, host), before)

    def test_an_order_the_ca_refuses_is_told_and_tried_again_later(self):
        d, host = self.daemon, "blocked.example"
        self.ca.set_a(host, "127.0.0.1")
        d.cli("domains", "add", host, "--app", "shop")
        fault = wait_for(
            lambda: d.json("domains", "info", host)["fault"], what="a fault")
        self.assertEqual(fault["code"], "A16")

    def test_renewal_brings_a_new_certificate(self):
        d, host = self.daemon, "renew.customer.test"
        d.cli("domains", "add", host, "--app", "shop", "--wait")
        before = served(d.https, host)
        d.cli("certs", "renew", host, "--wait")
        self.assertNotEqual(served(d.https, host), before)


if __name__ == "__main__":
    unittest.main()
