"""A CA's limits are kept count of: what it would refuse is not sent, and it is
told when it passes.  pebble has no limits of its own: those of Let's Encrypt
are configured for it."""

import http.client
import socket
import sqlite3
import time
import unittest

from towpath import (Backend, CaDouble, Daemon, Pebble, Refused, free_port, served,
                     wait_for)

HOUR = 3600
DAY = 24 * HOUR


def look(daemon, sql, *values):
    """The first column of the first row, read beside the daemon."""
    with sqlite3.connect(f"file:{daemon.store}?mode=ro", uri=True) as db:
        return db.execute(sql, values).fetchone()[0]


def orders(daemon):
    return look(daemon, "SELECT count(*) FROM acme_order")


class Ledger(unittest.TestCase):
    def begin(self, limits="letsencrypt", **sections):
        port = free_port()
        self.ca = Pebble(port)
        self.addCleanup(self.ca.close)
        self.app = Backend("shop")
        self.addCleanup(self.app.close)
        acme = {"limits": limits, **sections.pop("acme", {})}
        self.daemon = Daemon(ca=self.ca, http=port, clock=True, acme=acme,
                             **sections)
        self.addCleanup(self.daemon.close)
        self.daemon.cli("apps", "create", "shop", "--backend",
                        self.app.address)
        return self.daemon

    def add(self, host):
        self.daemon.cli("domains", "add", host, "--app", "shop", "--wait")

    def renew(self, host):
        """By hand, and waits until another certificate is served."""
        before = served(self.daemon.https, host)
        self.daemon.cli("certs", "renew", host, "--wait")
        wait_for(lambda: served(self.daemon.https, host) != before,
                 what="another certificate is served")

    def limit(self, name, subject=None):
        for x in self.daemon.json("acme")["cas"][0]["budget"]:
            if x["limit"] == name and x["subject"] == subject:
                return x
        return None

    def fill(self, rule, subject, period):
        """Uses all of a bucket, as if other orders had."""
        full = int((time.time() + period) * 1000)
        with sqlite3.connect(self.daemon.store, timeout=30) as db:
            db.execute(
                "INSERT INTO budget (directory, rule, subject, full_ms)"
                " VALUES (?, ?, ?, ?)",
                (self.ca.directory, rule, subject, full))

    def call(self, method, path):
        """(status, headers, text) of the API, asked without the CLI."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(self.daemon.socket))
            c = http.client.HTTPConnection("localhost")
            c.sock = sock
            c.request(method, path)
            answer = c.getresponse()
            return answer.status, answer.headers, answer.read().decode()

    def test_A30_the_sixth_certificate_for_a_name_waits_for_the_limit(self):
        d, host = self.begin(), "www.shop.test"
        self.add(host)
        # an order comes back after 36 s, a slow machine may see none used
        self.assertLessEqual(self.limit("orders")["used"], 1)
        self.assertEqual(self.limit("accounts")["used"], 1)
        self.assertEqual(self.limit("domain", "shop.test")["used"], 1)
        for _ in range(4):
            self.renew(host)
        # renewals are none of the CA's new orders
        self.assertLessEqual(self.limit("orders")["used"], 1)
        self.assertEqual(self.limit("names", host)["left"], 0)
        sent = orders(d)
        with self.assertRaises(Refused) as e:
            d.cli("certs", "renew", host)
        self.assertIn("A30", e.exception.stderr)
        self.assertIn("5 of the 5 certificates", e.exception.stderr)
        self.assertEqual(orders(d), sent, "an order was made")
        self.assertEqual(d.status_of(host), "In use")
        text = d.cli("acme")
        self.assertRegex(text, r"certificates for exactly these names "
                         r"www.shop.test: 5 of 5 used in 7 days, 0 left")
        self.assertIn('towpath_acme_budget{limit="names"} 0',
                      self.call("GET", "/metrics")[2])
        self.assertIn("5 of 5 certificates for exactly these names "
                      "www.shop.test in 7 days used; the next one passes at",
                      d.cli("explain", host))
        # the action: wait
        d.set_clock(34 * HOUR)
        self.renew(host)

    def test_a_new_name_waits_while_its_registered_domain_is_used_up(self):
        d, host = self.begin(), "www.full.test"
        self.fill("domain", "full.test", 7 * DAY)
        d.cli("domains", "add", host, "--app", "shop")
        wait_for(lambda: (d.json("domains", "info", host)["fault"] or {}).get(
            "code") == "A30", what="told that the limit is used up")
        info = d.json("domains", "info", host)
        self.assertEqual(info["status"], "Creating")
        self.assertIn("50 of the 50 certificates for the registered domain "
                      "full.test", info["fault"]["text"])
        self.assertIn(info["next_attempt_at"], info["fault"]["text"])
        self.assertEqual(orders(d), 0, "an order was made")
        names = [e["name"] for e in d.json("events", "--host", host)]
        self.assertNotIn("certificate.fail", names)
        # others go on
        self.add("www.other.test")
        # one comes back after 202 minutes, and is used by itself
        d.set_clock(203 * 60)
        d.wait_status(host, "In use")
        self.assertIsNone(d.json("domains", "info", host)["fault"])

    def test_names_that_wait_for_an_order_get_one_turn_each(self):
        d = self.begin()
        self.fill("orders", "", 3 * HOUR)
        hosts = [f"n{i}.turns.test" for i in range(4)]
        for host in hosts:
            d.cli("domains", "add", host, "--app", "shop")

        def turns():
            info = [d.json("domains", "info", host) for host in hosts]
            told = [x for x in info if (x["fault"] or {}).get("code") == "A30"]
            return len(told) == len(hosts) and {
                x["next_attempt_at"] for x in told}
        times = wait_for(turns, what="all are told their turn")
        self.assertEqual(len(times), len(hosts), "two have the same turn")

    def test_A32_a_name_is_ordered_by_hand_five_times_a_day(self):
        d, host = self.begin(limits="none"), "hand.shop.test"
        self.add(host)
        for _ in range(5):
            self.renew(host)
        sent = orders(d)
        with self.assertRaises(Refused) as e:
            d.cli("certs", "renew", host)
        self.assertIn("A32", e.exception.stderr)
        self.assertRegex(e.exception.stderr, r"may be at \d{4}-\d\d-\d\dT")
        with self.assertRaises(Refused) as e:
            d.cli("certs", "order", host)
        self.assertIn("A32", e.exception.stderr)
        self.assertEqual(orders(d), sent)
        status, headers, _ = self.call("POST", f"/v1/domains/{host}/renew")
        self.assertEqual(status, 429)
        self.assertGreater(int(headers["Retry-After"]), DAY - HOUR)
        # the action: wait
        d.set_clock(DAY + 60)
        self.renew(host)

    def test_a_domain_added_again_has_its_certificate_without_an_order(self):
        d, host = self.begin(), "again.shop.test"
        self.add(host)
        before, sent = served(d.https, host), orders(d)
        d.cli("domains", "remove", host, "--confirm", host)
        d.cli("domains", "add", host, "--app", "shop")
        self.assertEqual(served(d.https, host), before)
        d.wait_status(host, "In use")
        # nothing is ordered when DNS has been looked at either
        wait_for(lambda: d.json("domains", "info", host)["dns"] == "ok",
                 what="its DNS was looked at")
        self.assertEqual(orders(d), sent, "an order was made")
        self.assertEqual(served(d.https, host), before)


class Heard(unittest.TestCase):
    """What the CA says itself is believed, whatever is configured."""

    def begin(self):
        ca = CaDouble(free_port())
        self.addCleanup(ca.close)
        app = Backend("shop")
        self.addCleanup(app.close)
        d = Daemon(ca=ca, http=ca.http_port, clock=True)
        self.addCleanup(d.close)
        d.cli("apps", "create", "shop", "--backend", app.address)
        return ca, d

    def fault(self, d, host):
        return (d.json("domains", "info", host)["fault"] or {}).get("code")

    def test_a_limit_that_the_ca_told_is_kept_over_a_restart(self):
        ca, d = self.begin()
        ca.refuse("newOrder", "rateLimited", "too many new orders (300) from"
                  " this account in the last 3h0m0s", retry_after=7200)
        d.cli("domains", "add", "first.shop.test", "--app", "shop")
        wait_for(lambda: self.fault(d, "first.shop.test") == "A13",
                 what="the CA has refused")
        self.assertEqual(ca.count("newOrder"), 1)
        d.stop()
        d.start()
        d.cli("domains", "add", "second.shop.test", "--app", "shop")
        wait_for(lambda: self.fault(d, "second.shop.test") == "A30",
                 what="the second name is told why it waits")
        self.assertIn("what the certificate authority said: nothing before",
                      d.cli("acme"))
        self.assertEqual(ca.count("newOrder"), 1, "the CA was asked again")
        ca.heal()
        ca.offset = 7205
        d.set_clock(7205)
        for host in ("first.shop.test", "second.shop.test"):
            d.wait_status(host, "In use")

    def test_a_limit_on_one_name_leaves_the_others_alone(self):
        ca, d = self.begin()
        ca.refuse("newOrder", "rateLimited", "too many failed authorizations"
                  " (5) for \"first.shop.test\" in the last 1h0m0s",
                  retry_after=3600, host="first.shop.test")
        d.cli("domains", "add", "first.shop.test", "--app", "shop")
        wait_for(lambda: self.fault(d, "first.shop.test") == "A13",
                 what="the CA has refused")
        d.cli("domains", "add", "second.shop.test", "--app", "shop", "--wait")
        # by hand it is not asked either
        n = ca.count("newOrder")
        with self.assertRaises(Refused) as e:
            d.cli("certs", "renew", "first.shop.test")
        self.assertIn("A30", e.exception.stderr)
        self.assertEqual(ca.count("newOrder"), n)


if __name__ == "__main__":
    unittest.main()
