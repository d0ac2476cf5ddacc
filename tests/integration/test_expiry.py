"""The second a custom certificate ends, the automatic one is served: the choice
is made at handshake time, nothing is restarted, nothing is cut."""

import datetime
import time
import unittest

from towpath import (Backend, Ca, Daemon, Https, Pebble, free_port, served,
                     wait_for)


class Expiry(unittest.TestCase):
    def setUp(self):
        port = free_port()
        self.ca = Pebble(port)
        self.app = Backend()
        self.daemon = Daemon(ca=self.ca, http=port, clock=True)
        self.daemon.cli("apps", "create", "shop", "--backend",
                        self.app.address)

    def tearDown(self):
        self.daemon.close()
        self.app.close()
        self.ca.close()

    def test_first_handshake_after_not_after_gets_the_automatic_one(self):
        d, host = self.daemon, "expiry.customer.test"
        d.cli("domains", "add", host, "--app", "shop", "--wait")
        automatic = served(d.https, host)
        end = (datetime.datetime.utcnow().replace(microsecond=0)
               + datetime.timedelta(seconds=15))
        own = Ca().issue(host, not_after=end)
        d.upload("add", host, own)
        self.assertEqual(served(d.https, host), own.der)
        before = d.children()
        late = []
        with Https(d.https, host) as kept:
            self.assertEqual(kept.certificate, own.der)
            self.assertEqual(kept.request("/").status, 200)
            while True:
                asked = time.time()
                leaf = served(d.https, host)
                answered = time.time()
                # notAfter's own second still counts as valid (RFC 5280)
                last = end.replace(tzinfo=datetime.timezone.utc).timestamp()
                if answered < last + 1:
                    self.assertEqual(leaf, own.der, "switched too early")
                elif asked >= last + 1:
                    late.append(leaf == own.der)
                    self.assertEqual(leaf, automatic)
                if len(late) == 20:
                    break
                time.sleep(0.01)
            self.assertEqual(kept.request("/after").status, 200)
        self.assertFalse(any(late))
        self.assertEqual(d.children(), before, "a process was restarted")
        wait_for(lambda: d.status_of(host) == "In use",
                 what="the status follows")
        names = [e["name"] for e in d.json("events", "--host", host)]
        self.assertIn("certificate.fallback", names)

    def test_an_automatic_certificate_is_renewed_when_a_third_is_left(self):
        d, host = self.daemon, "renewal.customer.test"
        d.cli("domains", "add", host, "--app", "shop", "--wait")
        first = d.json("certs", "info", host)
        renews = d.json("domains", "info", host)["renews_at"]
        at = datetime.datetime.fromisoformat(renews.replace("Z", "+00:00"))
        ends = datetime.datetime.fromisoformat(
            first["not_after"].replace("Z", "+00:00"))
        begins = datetime.datetime.fromisoformat(
            first["not_before"].replace("Z", "+00:00"))
        left = (ends - at) / (ends - begins)
        self.assertTrue(1 / 3 <= left <= 0.40, left)
        before = served(d.https, host)
        d.set_clock(int(at.timestamp() - time.time()) + 2)
        wait_for(lambda: served(d.https, host) != before,
                 what="the renewed certificate is served")
        self.assertEqual(d.status_of(host), "In use")
        self.assertIn("certificate.renew",
                      [e["name"] for e in d.json("events", "--host", host)])

    def test_the_fallback_is_issued_before_the_custom_one_ends(self):
        d, host, day = self.daemon, "ahead.customer.test", 86400
        own = Ca().issue(host, days=30)
        chain = d.file("ahead.pem", own.chain_pem)
        key = d.file("ahead.key", own.key_pem)
        d.cli("domains", "add", host, "--app", "shop", chain, key)
        wait_for(lambda: d.json("domains", "info", host)["dns"] == "ok",
                 what="DNS is looked at")

        def sources():
            return [c["source"] for c in d.json("certs", "history", host)]
        self.assertEqual(sources(), ["custom"])
        d.set_clock(25 * day)
        wait_for(lambda: "automatic" in sources(),
                 what="an automatic one is on disk")
        info = d.json("domains", "info", host)
        self.assertEqual((info["status"], info["serving"]),
                         ("Not used", "custom"))
        self.assertEqual(info["fault"]["code"], "C39")
        self.assertEqual(served(d.https, host), own.der)
        d.set_clock(31 * day)
        self.assertNotEqual(served(d.https, host), own.der)
        d.wait_status(host, "In use")
        info = d.json("domains", "info", host)
        self.assertEqual(info["fault"]["code"], "C34")
        names = [e["name"] for e in d.json("events", "--host", host)]
        for name in ("certificate.expiring", "certificate.issue",
                     "certificate.fallback"):
            self.assertIn(name, names)

    def test_the_test_clock_is_shown_loudly(self):
        self.assertIn("TEST", self.daemon.cli("status").upper())


if __name__ == "__main__":
    unittest.main()
