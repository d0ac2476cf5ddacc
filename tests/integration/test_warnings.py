"""Who uploaded a certificate is told in time that it ends, and whether anything
could replace it."""

import unittest

from towpath import Backend, Ca, Daemon, Pebble, free_port, wait_for

DAY = 86400


class Warnings(unittest.TestCase):
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

    def add(self, host, **kw):
        own = Ca().issue(host, **kw)
        chain = self.daemon.file("own.pem", own.chain_pem)
        key = self.daemon.file("own.key", own.key_pem)
        self.daemon.cli("domains", "add", host, "--app", "shop", chain, key)
        return own

    def events(self, host, name):
        return [e for e in self.daemon.json("events", "--host", host)
                if e["name"] == name]

    def fault(self, host):
        return self.daemon.json("domains", "info", host)["fault"] or {}

    def test_each_mark_is_told_once_across_restarts_and_jumps(self):
        d, host = self.daemon, "marks.customer.test"
        self.ca.set_a(host, "192.0.2.1")

        def told(n):
            return wait_for(lambda: (lambda e: len(e) >= n and e)(
                self.events(host, "certificate.expiring")),
                what=f"{n} warnings")
        self.add(host, days=90)
        d.set_clock(59 * DAY)
        d.set_clock(int(61.5 * DAY))
        told(1)
        d.stop()
        d.start()
        d.set_clock(int(76.5 * DAY))
        told(2)
        d.set_clock(int(89.5 * DAY))  # over three marks at once
        events = told(3)
        self.assertEqual(len(events), 3, events)
        for event, left in zip(events, ("in 28 days", "in 13 days",
                                        "in less than a day")):
            self.assertIn(left, event["fault"]["text"])
            self.assertEqual(event["certificate"]["source"], "custom")
            self.assertEqual(event["secure_status"], "success")
        self.assertEqual(events[0]["fault"]["code"], "C39")
        # two weeks before its end it is a fault of the domain
        self.assertIsNone(
            (lambda f: f and f["code"] in ("C39", "C42") and f or None)(
                events[0]["domain"]["fault"]))
        self.assertEqual(events[2]["domain"]["fault"]["code"], "C42")
        # a new certificate begins anew
        own = Ca().issue(host, days=300)
        d.upload("update", host, own)
        self.assertNotIn(self.fault(host).get("code"), ("C39", "C42"))

    def test_C42_nothing_could_replace_the_custom_one(self):
        d, host = self.daemon, "alone.customer.test"
        self.ca.set_a(host, "192.0.2.1")
        self.add(host, days=30)
        wait_for(lambda: self.fault(host).get("code") == "D12",
                 what="it points elsewhere")
        d.set_clock(21 * DAY)
        wait_for(lambda: self.fault(host).get("code") == "C42",
                 what="told that nothing could replace it")
        info = d.json("domains", "info", host)
        self.assertEqual(info["status"], "Not used")
        self.assertIn("192.0.2.1", info["fault"]["text"])
        self.assertEqual(len(self.events(host, "certificate.no_fallback")), 1)
        # the action, followed
        self.ca.set_a(host, "127.0.0.1")
        d.cli("domains", "check", host)
        wait_for(lambda: "automatic" in [
            c["source"] for c in d.json("certs", "history", host)],
            what="an automatic one stands by")
        wait_for(lambda: "stands by" in self.fault(host).get("text", ""),
                 what="no longer told")
        self.assertEqual(self.fault(host)["code"], "C39")

    def test_one_that_stands_by_is_renewed_to_be_there_at_any_second(self):
        d, host = self.daemon, "ready.customer.test"
        d.cli("domains", "add", host, "--app", "shop", "--wait")
        d.upload("add", host, Ca().issue(host, days=3650))
        d.set_clock(int(4.4 * 365) * DAY)  # pebble's live five years
        wait_for(lambda: len([
            c for c in d.json("certs", "history", host)
            if c["source"] == "automatic"]) >= 2,
            what="the one that stands by is renewed")
        info = d.json("domains", "info", host)
        self.assertEqual((info["status"], info["serving"]),
                         ("Not used", "custom"))


if __name__ == "__main__":
    unittest.main()
